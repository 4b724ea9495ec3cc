//! What would happen with plain workloads: the gate's order, which whoever applies them cannot change. Pure.

use super::Plan;
use crate::rollout::Change;
use mendix_model::crd::Rollout;
use mendix_model::rollout::steps::{Action, Step};

/// What would happen if the changes were written; `workers` is the number of pods that work now.
pub fn of_manifests(name: &str, changes: &[Change], workers: i32, rollouts: &[Rollout]) -> Plan {
    let changes_leader = changes.last().is_some_and(|leader| leader.patch.is_some());
    let actions = match (changes_leader, workers) {
        (false, _) => Vec::new(),
        (true, 0) => vec![Action::Pull, replace()],
        (true, pods) => vec![
            Action::Pull,
            Action::EndWorkers { pods },
            replace(),
            Action::StartWorkers { pods },
        ],
    };
    let step = |action| Step {
        serves: action != replace(),
        action,
    };
    Plan::new(name, actions.into_iter().map(step).collect(), rollouts)
}

const fn replace() -> Action {
    Action::ReplaceLeader { updates_schema: true }
}
