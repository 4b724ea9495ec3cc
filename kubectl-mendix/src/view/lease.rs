//! Whether processes keep their rows in the database, as a condition tells it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use mendix_model::conditions::{DATABASE_LEASE, facts};
use serde::Serialize;

/// The lease on a database, of all processes of an app together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseView {
    /// Held, Absent, Waiting, Refused, Lost or `NoAnswer`.
    pub state: String,
    /// What that means, in a sentence.
    pub message: String,
}

impl LeaseView {
    /// The lease that these conditions tell of; nothing while no process runs.
    pub fn new(conditions: &[Condition]) -> Option<Self> {
        let mut facts = facts(conditions).into_iter();
        let fact = facts.find(|fact| fact.type_ == DATABASE_LEASE)?;
        Some(Self {
            state: fact.reason,
            message: fact.message,
        })
    }
}
