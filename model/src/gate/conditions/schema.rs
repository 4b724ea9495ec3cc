//! A pod that does not update the schema starts only on the schema of its own model.

use super::{Case, Condition};
use crate::crd::claim::SchemaState;
use crate::crd::common::LeaderSelection;

pub(super) const CONDITION: Condition = Condition {
    id: "MX012",
    invariants: &["I3", "I4"],
    statement: "A pod that does not update the schema starts only on the schema of its own model.",
    evidence: "A worker that starts before its leader has updated the schema works on tables of another model.",
    remedy: "it opens by itself when the leader is ready",
    lasting: false,
    check,
};

fn check(case: &Case) -> Option<String> {
    if case.pod.may_change_schema() {
        return None;
    }
    // Nobody updates the schema: what somebody else made of it is the runtime's own first check.
    if case.situation.mode == LeaderSelection::None && case.record.schema.is_none() {
        return None;
    }
    let synced = case.record.schema.as_ref().is_some_and(|schema| {
        schema.state == SchemaState::Synced && Some(&schema.model) == case.pod.model.as_ref()
    });
    (!synced).then(|| "the schema of the database is not known to be that of the model".to_owned())
}
