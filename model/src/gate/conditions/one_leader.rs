//! At most one leader may run.

use super::{Case, Condition};
use crate::crd::claim::Role;

pub(super) const CONDITION: Condition = Condition {
    id: "MX011",
    invariants: &["I2"],
    statement: "At most one leader may run.",
    evidence: "Two leaders run scheduled events twice and change the schema at once. Kubernetes makes a second one \
               whenever a pod is deleted: its replacement starts while it still ends, with strategy Recreate as \
               well.",
    remedy: "it opens by itself when the other leader has ended; if its node is lost for good: kubectl mendix fence NODE",
    lasting: false,
    check,
};

fn check(case: &Case) -> Option<String> {
    if case.pod.role != Role::Leader {
        return None;
    }
    let other = case.record.opened.iter().find(|it| it.role.may_lead())?;
    Some(format!("pod {} may still run as leader", other.name))
}
