//! The claim has a form that this release knows.

use super::{Case, Condition};
use crate::crd::claim::FORMAT_VERSION;

pub(super) const CONDITION: Condition = Condition {
    id: "MX014",
    invariants: &["I1", "I2", "I3", "I4"],
    statement: "The claim has a form that this release knows.",
    evidence: "A claim that is read wrongly is a claim that lets the wrong pod start; two releases of the controller \
               meet in every upgrade.",
    remedy: "upgrade the controller: a later release wrote the claim, and an earlier one does not guess what it means",
    lasting: true,
    check,
};

fn check(case: &Case) -> Option<String> {
    let version = case.record.format_version;
    (version > FORMAT_VERSION)
        .then(|| format!("the claim has form {version}, and this release knows {FORMAT_VERSION}"))
}
