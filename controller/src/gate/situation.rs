//! What the gate decides from, out of what was read. Pure.

use super::judged::JudgedPods;
use super::observe::Observed;
use super::pod;
use kube::ResourceExt;
use mendix_model::crd::Environment;
use mendix_model::crd::claim::Role;
use mendix_model::crd::common::LeaderSelection;
use mendix_model::gate::{Claim, Pod, Restore, Situation};

pub(crate) fn situation(environment: &Environment, observed: &Observed, judged: &JudgedPods) -> Situation {
    let spec = &environment.spec;
    let claim = observed.claim_name.clone().unwrap_or_default();
    let record = observed.claim.as_ref().map(|claim| &claim.spec);
    let pods = observed.pods.iter().map(|object| {
        let uid = object.uid().unwrap_or_default();
        let pod = match judged.pods.get(&uid) {
            Some(judged) => pod::plain(object, judged, &claim, &observed.fence),
            None => pod::pod(object, &claim, &observed.fence),
        };
        // Deployments of ours are `Recreate`: none of their pods is outdated while it waits.
        let plain = observed.plain.as_ref();
        Pod {
            outdated: plain.and_then(|plain| plain.workloads.outdated(object)),
            ..pod
        }
    });
    let kept = || record.and_then(|record| record.model.clone());
    Situation {
        owner: observed.owner.clone(),
        mode: spec.leader_selection.unwrap_or_else(|| mode(judged)),
        wanted: match observed.plain {
            // What runs stays until the image of the leader's template is known.
            Some(_) => judged.wanted.clone().or_else(kept),
            None => spec.model.clone(),
        },
        claim: observed.claim.as_ref().map(|claim| Claim {
            uid: claim.uid().unwrap_or_default(),
            record: claim.spec.clone(),
        }),
        pods: pods.collect(),
        gone: observed.gone.clone(),
        complete: true,
        restored: spec.restored.as_ref().map(|restored| Restore {
            id: restored.id.clone(),
            model: restored.model.clone(),
        }),
        adopt: spec.adopt.as_ref().map(|adopt| adopt.id.clone()),
    }
}

/// Peers choose their leader themselves; wherever a role is given, it is assigned.
fn mode(judged: &JudgedPods) -> LeaderSelection {
    let mut pods = judged.pods.values().peekable();
    if pods.peek().is_some() && pods.all(|judged| judged.role == Role::Peer) {
        LeaderSelection::Leaderless
    } else {
        LeaderSelection::Assigned
    }
}
