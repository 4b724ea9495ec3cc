//! All pods that may run have one model.

use super::{Case, Condition};

pub(super) const CONDITION: Condition = Condition {
    id: "MX010",
    invariants: &["I3"],
    statement: "All pods that may run have one model.",
    evidence: "The leader of a new model changes tables under the pods of the old one, which go on writing what they \
               knew.",
    remedy: "it opens by itself when the pods of the other model have ended",
    lasting: false,
    check,
};

fn check(case: &Case) -> Option<String> {
    let other = case.record.opened.iter().find(|it| it.model != case.pod.model)?;
    Some(format!("pod {} of another model may still run", other.name))
}
