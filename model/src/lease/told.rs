use super::record::Process;
use crate::crd::claim::Owner;
use crate::crd::common::LeaderSelection;
use crate::names::Role;
use serde::{Deserialize, Serialize};

/// What a guard is told about its place on the database, in variable `MENDIX_LEASE`: a literal in the pod templates of our
/// apps, an annotation of plain pods.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The environment.
    pub owner: Owner,
    /// Model of the image.
    pub model: String,
    /// Who leads among the pods.
    pub leader_selection: LeaderSelection,
    /// A declared takeover of the database from another owner.
    pub adopt: Option<String>,
}

impl Told {
    /// The process with this random `instance`.
    pub fn process(self, instance: String, pod: String, role: Role) -> Process {
        Process {
            instance,
            pod,
            owner: self.owner,
            role,
            mode: self.leader_selection,
            model: self.model,
            adopt: self.adopt,
        }
    }
}
