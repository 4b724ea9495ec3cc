//! The role of a pod fits the way the environment is led, and pods led in two ways never run together.

use super::{Case, Condition};
use crate::crd::claim::Role;
use crate::crd::common::LeaderSelection;

pub(super) const CONDITION: Condition = Condition {
    id: "MX007",
    invariants: &["I2", "I3"],
    statement: "The role of a pod fits the way the environment is led, and pods led in two ways never run together.",
    evidence: "A leader that was assigned and one that peers have chosen do not know of one another.",
    remedy: "see kubectl mendix status for the pods that have to end first",
    lasting: false,
    check,
};

fn check(case: &Case) -> Option<String> {
    let mode = case.situation.mode;
    let fits = match case.pod.role {
        Role::Leader => mode == LeaderSelection::Assigned,
        Role::Worker => mode != LeaderSelection::Leaderless,
        Role::Peer => mode == LeaderSelection::Leaderless,
        Role::Unknown => false,
    };
    if !fits {
        return Some(format!(
            "a {} does not fit leader selection {mode:?}",
            case.pod.role.as_str()
        ));
    }
    (case.record.mode != mode && !case.record.opened.is_empty())
        .then(|| format!("pods led in another way ({:?}) still run", case.record.mode))
}
