//! Role, variables and containers of a pod say the same.

use super::{Case, Condition};

pub(super) const CONDITION: Condition = Condition {
    id: "MX004",
    invariants: &["I5"],
    statement: "Role, variables and containers of a pod say the same.",
    evidence: "The image obeys its variables and not its label: a pod labelled worker with CF_INSTANCE_INDEX 0 \
               leads.",
    remedy: "correct the pod template",
    lasting: true,
    check,
};

fn check(case: &Case) -> Option<String> {
    case.pod.contradiction.clone()
}
