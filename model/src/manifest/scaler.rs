//! What changes the number of a workload's pods by itself. Pure.

use super::kind::Kind;
use super::workload::{Unreadable, Workload};
use serde::Deserialize;
use serde_json::Value;

/// Pods that a `ScaledObject` may ask for when it does not say (KEDA documentation, "Scaling Deployments").
const KEDA_DEFAULT: i32 = 100;

/// A `HorizontalPodAutoscaler` or a KEDA `ScaledObject`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scaler {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it scales; nothing for a kind that is not known here.
    pub target: Option<(Kind, String)>,
    /// The most pods that it may ask for.
    pub largest: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    scale_target_ref: Target,
    max_replicas: Option<i32>,
    max_replica_count: Option<i32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    api_version: Option<String>,
    kind: Option<String>,
    name: String,
}

impl Scaler {
    /// Reads one of either kind; nothing for other kinds. `namespace` is that of an object which names none.
    ///
    /// # Errors
    /// A field has another type than it must have.
    pub fn read(
        group: &str,
        kind: &str,
        namespace: &str,
        object: &Value,
    ) -> Result<Option<Self>, Unreadable> {
        let (kind, default) = match (group, kind) {
            ("autoscaling", "HorizontalPodAutoscaler") => ("HorizontalPodAutoscaler", 1),
            ("keda.sh", "ScaledObject") => ("ScaledObject", KEDA_DEFAULT),
            _ => return Ok(None),
        };
        let Shape { spec } = serde_path_to_error::deserialize(object).map_err(Unreadable::from)?;
        let metadata = |field: &str| object.pointer(field).and_then(Value::as_str);
        Ok(Some(Self {
            kind,
            namespace: metadata("/metadata/namespace").unwrap_or(namespace).to_owned(),
            name: metadata("/metadata/name").unwrap_or_default().to_owned(),
            target: target(&spec.scale_target_ref),
            largest: spec.max_replicas.or(spec.max_replica_count).unwrap_or(default),
        }))
    }

    /// Whether it scales this workload.
    pub fn scales(&self, workload: &Workload) -> bool {
        let target = self.target.as_ref();
        self.namespace == workload.namespace
            && target.is_some_and(|(kind, name)| *kind == workload.kind && *name == workload.name)
    }
}

/// Both kinds take a Deployment for what says nothing (KEDA documentation, "Scaling Deployments").
fn target(target: &Target) -> Option<(Kind, String)> {
    let version = target.api_version.as_deref().unwrap_or("apps/v1");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind = Kind::of(group, target.kind.as_deref().unwrap_or("Deployment"))?;
    Some((kind, target.name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::autoscaler("autoscaling", "HorizontalPodAutoscaler", json!({"maxReplicas": 4, "scaleTargetRef": {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "shop"}}), Some((Kind::StatefulSet, 4)))]
    #[case::keda("keda.sh", "ScaledObject", json!({"maxReplicaCount": 3, "scaleTargetRef": {"name": "shop"}}),
        Some((Kind::Deployment, 3)))]
    #[case::keda_without_limit("keda.sh", "ScaledObject", json!({"scaleTargetRef": {"name": "shop"}}),
        Some((Kind::Deployment, 100)))]
    #[case::other_target("keda.sh", "ScaledObject", json!({"scaleTargetRef": {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "shop"}}), None)]
    fn a_scaler_has_a_target_and_a_limit(
        #[case] group: &str,
        #[case] kind: &str,
        #[case] spec: Value,
        #[case] expected: Option<(Kind, i32)>,
    ) {
        let object = json!({"metadata": {"name": "shop"}, "spec": spec});
        let scaler = Scaler::read(group, kind, "prod", &object).expect("readable");
        let scaler = scaler.expect("a scaler");
        let found = scaler.target.map(|(kind, _)| (kind, scaler.largest));
        assert_eq!((found, scaler.namespace.as_str()), (expected, "prod"));
    }

    #[test]
    fn other_kinds_are_none() {
        assert_eq!(Scaler::read("", "Service", "prod", &json!({})), Ok(None));
    }

    #[test]
    fn a_wrong_field_is_named_without_its_value() {
        let object = json!({"spec": {"scaleTargetRef": {"name": "shop"}, "maxReplicas": "hunter2"}});
        let error = Scaler::read("autoscaling", "HorizontalPodAutoscaler", "prod", &object);
        let text = error.expect_err("unreadable").to_string();
        assert!(
            text.contains("spec.maxReplicas") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
