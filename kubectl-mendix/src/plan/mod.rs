//! What a rollout would do. Pure.

mod app;
mod manifests;

pub use app::{Present, of_app};
pub use manifests::of_manifests;

use jiff::SignedDuration;
use mendix_model::crd::Rollout;
use mendix_model::crd::rollout::{Change, RolloutOutcome};
use mendix_model::rollout::steps::{Action, Step};
use serde::Serialize;

/// What would happen with one app or environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// App, or environment of plain manifests.
    pub name: String,
    /// The steps, in order; none when there is nothing to do.
    pub steps: Vec<Step>,
    /// How long nobody is expected to serve: nothing where somebody serves all the time, else as long as the last time, if
    /// that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downtime: Option<Downtime>,
    /// What else there is to know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Expected downtime.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Downtime {
    /// How long nobody serves.
    pub milliseconds: i64,
    /// Number of the rollout that it was measured in; nothing when it follows from the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_rollout: Option<i64>,
}

impl Downtime {
    /// As it is told.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_millis(self.milliseconds)
    }
}

impl Plan {
    fn new(name: &str, steps: Vec<Step>, rollouts: &[Rollout]) -> Self {
        Self {
            name: name.to_owned(),
            downtime: downtime(&steps, rollouts),
            steps,
            notes: Vec::new(),
        }
    }
}

fn downtime(steps: &[Step], rollouts: &[Rollout]) -> Option<Downtime> {
    if steps.iter().all(|step| step.serves) {
        return Some(Downtime {
            milliseconds: 0,
            of_rollout: None,
        });
    }
    let another_model = |step: &Step| matches!(step.action, Action::ReplaceLeader { updates_schema: true });
    let changes: &[Change] = if steps.iter().any(another_model) {
        &[Change::Model, Change::Return]
    } else {
        &[Change::Settings]
    };
    let alike = |it: &&Rollout| changes.contains(&it.change) && it.outcome == RolloutOutcome::Succeeded;
    let last = rollouts.iter().rfind(alike)?;
    Some(Downtime {
        milliseconds: last.downtime_milliseconds,
        of_rollout: Some(last.number),
    })
}
