//! No model starts on a schema newer than its own.

use super::{Case, Condition};

pub(super) const CONDITION: Condition = Condition {
    id: "MX009",
    invariants: &["I4"],
    statement: "No model starts on a schema newer than its own.",
    evidence: "An earlier model takes the tables of a later one for its own: it drops columns that it does not know, \
               with what is in them.",
    remedy: "restore the backup of the database and declare it with --restored, or deploy the newer model",
    lasting: false,
    check,
};

fn check(case: &Case) -> Option<String> {
    let model = case.pod.model.as_ref()?;
    let last = case.record.models.last()?;
    let earlier = last.model != *model && case.record.models.iter().any(|seen| seen.model == *model);
    earlier.then(|| {
        format!(
            "the database may have the schema of the later model {}",
            last.model
        )
    })
}
