//! The model of a pod is the one that is to run.

use super::{Case, Condition};

pub(super) const CONDITION: Condition = Condition {
    id: "MX008",
    invariants: &[],
    statement: "The model of a pod is the one that is to run.",
    evidence: "Pods of a template that nobody wants any more would keep those of the wanted one waiting for ever.",
    remedy: "the model follows the template of the leader: change that one first",
    lasting: false,
    check,
};

fn check(case: &Case) -> Option<String> {
    let wanted = case.situation.wanted.as_ref()?;
    (case.pod.model.as_ref() != Some(wanted))
        .then(|| "the pod has another model than the leader is to have".to_owned())
}
