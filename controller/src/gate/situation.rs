//! What the gate decides from, out of what was read. Pure.

use super::observe::Observed;
use super::pod;
use kube::ResourceExt;
use mendix_model::crd::Environment;
use mendix_model::gate::{Claim, Restore, Situation};
use mendix_model::rollout::Progress;

pub(crate) fn situation(environment: &Environment, observed: &Observed) -> Situation {
    let spec = &environment.spec;
    let claim = observed.claim_name.clone().unwrap_or_default();
    Situation {
        owner: observed.owner.clone(),
        mode: spec.leader_selection.unwrap_or_default(),
        wanted: spec.model.clone(),
        claim: observed.claim.as_ref().map(|claim| Claim {
            uid: claim.uid().unwrap_or_default(),
            record: claim.spec.clone(),
        }),
        pods: observed
            .pods
            .iter()
            .map(|object| pod::pod(object, &claim, &observed.fence))
            .collect(),
        gone: observed.gone.clone(),
        complete: true,
        restored: spec.restored.as_ref().map(|restored| Restore {
            id: restored.id.clone(),
            model: restored.model.clone(),
        }),
    }
}

/// What makes way for what. Deployments of ours are `Recreate`: none of their pods is outdated while it waits.
pub(crate) fn progress(_observed: &Observed) -> Progress {
    Progress::default()
}
