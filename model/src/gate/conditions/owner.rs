//! The database belongs to the environment of the pod.

use super::{Case, Condition};

pub(super) const CONDITION: Condition = Condition {
    id: "MX001",
    invariants: &["I1"],
    statement: "The database belongs to the environment of the pod.",
    evidence: "Two environments on one database are two leaders, each lawful by itself: a copied Secret or a cloned \
               namespace makes them.",
    remedy: "give the environment a database of its own, or take this one over with kubectl mendix adopt",
    lasting: true,
    check,
};

fn check(case: &Case) -> Option<String> {
    (case.record.owner != case.situation.owner)
        .then(|| "the database belongs to another environment".to_owned())
}
