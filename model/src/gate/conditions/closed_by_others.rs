//! No other scheduling gate is left when ours goes.

use super::{Case, Condition};
use crate::gate::situation::Gate;

pub(super) const CONDITION: Condition = Condition {
    id: "MX013",
    invariants: &[],
    statement: "No other scheduling gate is left when ours goes.",
    evidence: "A pod that waits for another gate starts when that one goes, hours later perhaps, and nobody asks \
               again whether it may.",
    remedy: "it opens by itself when the others have gone",
    lasting: false,
    check,
};

fn check(case: &Case) -> Option<String> {
    (case.pod.gate == Gate::ClosedWithOthers)
        .then(|| "another scheduling gate holds the pod as well".to_owned())
}
