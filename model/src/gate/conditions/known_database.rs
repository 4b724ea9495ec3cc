//! A pod names the database of its environment, and no other.

use super::{Case, Condition};
use crate::gate::situation::Database;

pub(super) const CONDITION: Condition = Condition {
    id: "MX005",
    invariants: &["I1"],
    statement: "A pod names the database of its environment, and no other.",
    evidence: "A pod that writes to a database which its environment does not hold is counted under none that it \
               could harm.",
    remedy: "correct the variables of the pod template",
    lasting: true,
    check,
};

fn check(case: &Case) -> Option<String> {
    match &case.pod.database {
        Database::Claimed => None,
        Database::Other(what) => Some(what.clone()),
    }
}
