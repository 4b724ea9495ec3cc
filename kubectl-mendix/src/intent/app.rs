//! What may be intended with an app of ours. Pure.

use jiff::Timestamp;
use serde_json::{Value, json};

/// What somebody wants of an app besides its manifest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Intent {
    /// No pod is to run.
    Stop,
    /// As many as its manifest says.
    Start,
    /// Nothing is to change.
    Pause,
    /// What has changed is to be rolled out.
    Resume,
    /// All pods are to be replaced.
    Restart,
    /// Pods are to have the defaults of the present release.
    Refresh,
}

impl Intent {
    /// The part of an environment's spec that says so. What is taken back leaves nothing behind.
    pub fn declaration(self, now: Timestamp) -> Value {
        match self {
            Self::Stop => json!({ "stopped": true }),
            Self::Start => json!({ "stopped": null }),
            Self::Pause => json!({ "paused": true }),
            Self::Resume => json!({ "paused": null }),
            // The time tells one restart from the next.
            Self::Restart => json!({ "restart": { "id": now.to_string() } }),
            Self::Refresh => json!({ "refresh": { "id": now.to_string() } }),
        }
    }

    /// What was done, as kubectl says it.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Stop => "stopped",
            Self::Start => "started",
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Restart => "restarted",
            Self::Refresh => "refreshed",
        }
    }

    /// How the same is done for plain manifests, which nobody but their owner changes.
    pub const fn of_plain_manifests(self) -> &'static str {
        match self {
            Self::Stop => "kubectl scale --replicas=0 its workloads: the gate keeps the order",
            Self::Start => "kubectl scale its workloads: the gate keeps the order",
            Self::Pause => "kubectl rollout pause its Deployments",
            Self::Resume => "kubectl rollout resume its Deployments",
            Self::Restart => "kubectl rollout restart its workloads: the gate keeps the order",
            Self::Refresh => "nothing of ours stands in their templates",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_restart_is_another_one() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let first = Intent::Restart.declaration(at(1));
        assert_eq!(first, Intent::Restart.declaration(at(1)));
        assert_ne!(first, Intent::Restart.declaration(at(2)));
    }
}
