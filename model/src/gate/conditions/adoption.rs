//! Every pod that runs on the database is known and tracked.

use super::{Case, Condition};
use crate::crd::claim::ClaimState;

pub(super) const CONDITION: Condition = Condition {
    id: "MX003",
    invariants: &["I2", "I3"],
    statement: "Every pod that runs on the database is known and tracked.",
    evidence: "Pods that ran before the guard was switched on, or that an earlier claim knew, still write to the \
               database; a leader started beside them is a second one.",
    remedy: "it opens by itself when the pods that run without the gate have ended; kubectl mendix protect restarts them in order",
    lasting: true,
    check,
};

fn check(case: &Case) -> Option<String> {
    (case.record.state == ClaimState::Adopting)
        .then(|| "pods that may run on the database without the gate are being looked for".to_owned())
}
