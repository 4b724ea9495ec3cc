//! How the pods of an app are replaced: all at once, or workers one after the other when their model stays. Pure.
//!
//! `spec.runtime.deploymentStrategy` of the MendixApp (operator 2.20 and later): `rollingUpdate` counts workers here, since
//! the leader is replaced by itself; `maxSurge` 0 in an app of one pod allows the downtime. `switchoverThreshold` is about
//! traffic between two versions, and there never are two.

use crate::crd::common::{self, RollingUpdate};
use k8s_openapi::api::apps::v1::{Deployment, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

const ROLLING: &str = "RollingUpdate";

/// Whether an app of one pod may have a second one while its settings change. It may when nothing is said.
pub fn may_surge(strategy: Option<&common::DeploymentStrategy>) -> bool {
    let surge = strategy
        .and_then(|it| it.rolling_update.as_ref())
        .and_then(|it| it.max_surge.as_ref());
    !surge.is_some_and(is_zero)
}

/// Whether the pods of a Deployment are replaced one after the other.
pub fn is_rolling(deployment: &Deployment) -> bool {
    let strategy = deployment.spec.as_ref().and_then(|spec| spec.strategy.as_ref());
    strategy.and_then(|it| it.type_.as_deref()) == Some(ROLLING)
}

/// Pods of two templates never run side by side.
pub fn recreate() -> DeploymentStrategy {
    DeploymentStrategy {
        type_: Some("Recreate".to_owned()),
        rolling_update: None,
    }
}

/// One pod after the other, as many at a time as `wanted` says.
pub fn rolling(wanted: Option<&common::DeploymentStrategy>) -> DeploymentStrategy {
    let wanted = wanted.and_then(|strategy| strategy.rolling_update.clone());
    DeploymentStrategy {
        type_: Some(ROLLING.to_owned()),
        rolling_update: Some(rolling_update(wanted.unwrap_or_default())),
    }
}

/// One less at a time when nothing is said, and never neither more nor less: nothing would ever change.
fn rolling_update(wanted: RollingUpdate) -> RollingUpdateDeployment {
    let surge = wanted.max_surge.unwrap_or(IntOrString::Int(0));
    let unavailable = wanted
        .max_unavailable
        .filter(|it| !is_zero(it) || !is_zero(&surge));
    let least = i32::from(is_zero(&surge));
    RollingUpdateDeployment {
        max_unavailable: Some(unavailable.unwrap_or(IntOrString::Int(least))),
        max_surge: Some(surge),
    }
}

fn is_zero(value: &IntOrString) -> bool {
    match value {
        IntOrString::Int(value) => *value == 0,
        IntOrString::String(text) => matches!(text.trim(), "0" | "0%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::nothing_said(json!({}), json!({"maxSurge": 0, "maxUnavailable": 1}))]
    #[case::surge(json!({"maxSurge": 1}), json!({"maxSurge": 1, "maxUnavailable": 0}))]
    #[case::both(json!({"maxSurge": "50%", "maxUnavailable": 2}), json!({"maxSurge": "50%", "maxUnavailable": 2}))]
    #[case::neither(json!({"maxSurge": "0%", "maxUnavailable": 0}), json!({"maxSurge": "0%", "maxUnavailable": 1}))]
    fn workers_always_change(#[case] wanted: Value, #[case] expected: Value) {
        let wanted = serde_json::from_value(wanted).expect("a strategy");
        let made = serde_json::to_value(rolling_update(wanted)).expect("json");
        assert_eq!(made, expected);
    }

    #[rstest]
    #[case::nothing_said(json!({}), true)]
    #[case::no_surge(json!({"rollingUpdate": {"maxSurge": 0}}), false)]
    #[case::surge(json!({"rollingUpdate": {"maxSurge": "25%"}}), true)]
    fn downtime_is_allowed_by_saying_so(#[case] strategy: Value, #[case] expected: bool) {
        let strategy = serde_json::from_value(strategy).expect("a strategy");
        assert_eq!(may_surge(Some(&strategy)), expected);
    }
}
