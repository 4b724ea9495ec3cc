//! One environment as a tree: claim → pods, lease.

use super::lease;
use super::tree::{self, Line, without_repetition};
use crate::view::{ClaimView, EnvironmentView};

/// The tree as data. Pods run under the claim; before there is one, they stand below the environment itself.
pub(super) fn lines(view: &EnvironmentView, wide: bool) -> Line {
    let summary = &view.summary;
    let pods: Vec<_> = view.pods.iter().map(|pod| tree::pod(pod, wide)).collect();
    let mut children = match &summary.claim {
        Some(claim) => vec![Line {
            children: pods,
            ..self::claim(claim, wide)
        }],
        None => pods,
    };
    let lease = view.lease.as_ref();
    children.extend(lease.and_then(|lease| lease::line(lease, &summary.name, summary.health, wide)));
    children.extend(view.pulls.iter().map(|pod| Line {
        label: "pull",
        ..tree::pod(pod, wide)
    }));
    Line {
        label: "environment",
        name: summary.name.clone(),
        health: summary.health,
        state: summary.state.clone(),
        message: without_repetition(summary.message.as_deref(), &view.pods),
        children,
        ..Line::default()
    }
}

/// The claim of an app or of an environment.
pub(super) fn claim(claim: &ClaimView, wide: bool) -> Line {
    let model = claim.model.as_deref();
    let model = model.map(|model| if wide { model } else { tree::short(model) }.to_owned());
    Line {
        label: "claim",
        name: claim.name.clone(),
        health: claim.health,
        state: claim.state.clone(),
        facts: tree::facts([("model ", &model)]),
        message: claim.message.clone(),
        ..Line::default()
    }
}
