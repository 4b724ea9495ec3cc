//! Each field of the official resources, down to the pod or the Secret that it reaches.

use super::super::observe::Observed;
use super::Plan;
use super::tests::plan;
use super::tests::{observed, of, runtime};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{PodSpec, Secret};
use mendix_model::crd::{OperatorConfigurationSpec, Runtime};
use rstest::rstest;
use serde_json::{Value, json};

/// A runtime with a part of its spec set.
fn with(part: Value) -> Runtime {
    let mut runtime = runtime();
    let mut spec = serde_json::to_value(&runtime.spec).expect("json");
    if let (Some(spec), Value::Object(part)) = (spec.as_object_mut(), part) {
        spec.extend(part);
    }
    runtime.spec = serde_json::from_value(spec).expect("spec");
    runtime
}

fn configured(configuration: Value) -> Observed {
    Observed {
        configuration: serde_json::from_value::<OperatorConfigurationSpec>(configuration)
            .expect("configuration"),
        ..observed()
    }
}

fn pod(plan: &Plan) -> PodSpec {
    let leader = of(plan, "shop-master").and_then(|it| it.spec.as_ref());
    leader.and_then(|it| it.template.spec.clone()).expect("pod")
}

/// The content of the configuration Secret.
fn content(plan: &Plan) -> Secret {
    let is_configuration = |it: &&Secret| {
        let name = it.metadata.name.as_deref();
        name.is_some_and(|name| name.starts_with("shop-configuration-"))
    };
    plan.writes
        .copies
        .iter()
        .find(is_configuration)
        .expect("Secret")
        .clone()
}

fn file(plan: &Plan, name: &str) -> Vec<u8> {
    content(plan)
        .data
        .and_then(|mut data| data.remove(name))
        .expect("file")
        .0
}

fn document(plan: &Plan) -> Value {
    serde_json::from_slice(&file(plan, "runtime.json")).expect("document")
}

fn stalled(plan: &Plan) -> String {
    assert!(plan.writes.deployments.is_empty());
    plan.report.progress.word()
}

#[test]
fn the_licence_is_in_the_configuration_secret_and_nowhere_else_in_the_pod() {
    let license = json!({"type": "offline", "id": "1", "key": "license-secret"});
    let plan = plan(
        &with(json!({"resources": {"runtimeLicense": license}})),
        &observed(),
    );
    assert_eq!(
        document(&plan)["license"],
        json!({"id": "1", "key": "license-secret"})
    );
    let deployments = serde_json::to_string(&plan.writes.deployments).expect("json");
    assert!(!deployments.contains("license-secret"));
}

#[test]
fn client_certificates_are_files_of_the_configuration_secret() {
    let certificate = json!({"key": "cDEy", "password": "d29yZA==", "pinTo": ["A.Service"]});
    let plan = plan(
        &with(json!({"settings": {"clientCertificates": [certificate]}})),
        &observed(),
    );
    assert_eq!(file(&plan, "client-certificate-0.p12"), b"p12");
    assert_eq!(
        document(&plan)["clientCertificates"][0]["pinTo"],
        json!(["A.Service"])
    );
}

#[rstest]
#[case::certificate(json!({"settings": {"clientCertificates": [{"key": "?", "password": "d29yZA=="}]}}), "spec.runtime.clientCertificates[0].key")]
#[case::heap(json!({"jvmMemorySettings": {"heapLimit": "1Gi"}}), "spec.jvmMemorySettings.heapLimit")]
#[case::interval(json!({"metrics": {"mode": "native", "interval": "1 minute"}}), "spec.runtimeMetricsConfiguration.interval")]
#[case::mode(json!({"metrics": {"mode": "prometheus"}}), "spec.runtimeMetricsConfiguration.mode")]
#[case::agent(json!({"metrics": {"mode": "native", "mxAgentConfig": "{"}}), "spec.runtimeMetricsConfiguration.mxAgentConfig")]
#[case::jetty(json!({"settings": {"jettyOptions": "{"}}), "spec.runtime.jettyOptions")]
fn a_field_that_holds_something_else_is_named(#[case] part: Value, #[case] field: &str) {
    let said = stalled(&plan(&with(part), &observed()));
    assert!(said.contains(field), "{said}");
}

#[rstest]
#[case::rule(json!({}), json!(212))]
#[case::own(json!({"jvmMemorySettings": {"heapLimit": "300Mi"}}), json!(300))]
#[case::larger_limit(json!({"resources": {"limits": {"memory": "4Gi"}}}), json!(2560))]
#[case::too_small(json!({"resources": {"limits": {"memory": "256Mi"}}}), Value::Null)]
fn the_heap_follows_the_memory_limit(#[case] part: Value, #[case] expected: Value) {
    assert_eq!(
        document(&plan(&with(part), &observed()))["heapMebibytes"],
        expected
    );
}

#[test]
fn metrics_and_their_agent_reach_the_guard() {
    let metrics = json!({
        "mode": "native", "interval": "PT30S", "mxAgentConfig": "{\"a\":1}", "mxAgentInstrumentationConfig": "{}",
    });
    let plan = plan(
        &runtime(),
        &configured(json!({"runtimeMetricsConfiguration": metrics})),
    );
    let document = document(&plan);
    assert_eq!(
        (&document["nativeMetrics"], &document["metricsIntervalSeconds"]),
        (&json!(true), &json!(30))
    );
    assert_eq!(file(&plan, "mx-agent.json"), b"{\"a\":1}");
}

#[rstest]
#[case::default_of_the_namespace("", (true, Value::Null))]
#[case::own("compatibility", (false, json!(true)))]
fn each_attribute_of_the_metrics_is_the_apps_or_the_namespaces(
    #[case] mode: &str,
    #[case] expected: (bool, Value),
) {
    let now = configured(json!({"runtimeMetricsConfiguration": {"mode": "native", "interval": "PT30S"}}));
    let document = document(&plan(&with(json!({"metrics": {"mode": mode}})), &now));
    assert_eq!(
        (&document["nativeMetrics"], &document["compatibilityMetrics"]),
        (&json!(expected.0), &expected.1)
    );
    assert_eq!(document["metricsIntervalSeconds"].is_null(), !expected.0);
}

#[test]
fn certificates_that_are_trusted_come_from_the_named_secret() {
    let bundle = b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n";
    let mut now = configured(json!({"trust": {"customCASecretName": "authorities"}}));
    let said = stalled(&plan(&runtime(), &now));
    assert!(
        said.contains("Secret authorities of trust.customCASecretName"),
        "{said}"
    );
    now.authorities = Some(Secret {
        data: Some([("custom.crt".to_owned(), ByteString(bundle.to_vec()))].into()),
        ..Secret::default()
    });
    let plan = plan(&runtime(), &now);
    assert_eq!(document(&plan)["authorities"], json!(["authority-0.crt"]));
    assert_eq!(file(&plan, "authority-0.crt"), bundle);
}

#[rstest]
#[case::neither(json!({}), 303)]
#[case::none(json!({"runtimeTerminationDelaySeconds": 0}), 300)]
#[case::delay(json!({"runtimeTerminationDelaySeconds": 90}), 390)]
#[case::both(json!({"runtimeTerminationDelaySeconds": 90, "runtimeTerminationGracePeriodSeconds": 10}), 100)]
fn a_pod_has_the_time_for_delay_and_grace(#[case] configuration: Value, #[case] seconds: i64) {
    let plan = plan(&runtime(), &configured(configuration));
    assert_eq!(pod(&plan).termination_grace_period_seconds, Some(seconds));
}

#[test]
fn a_read_only_root_has_one_volume_for_all_that_is_written() {
    let part = json!({"readOnlyRootFilesystem": true, "resources": {"limits": {"ephemeral-storage": "1Gi"}}});
    let pod = pod(&plan(&with(part), &observed()));
    let volumes = pod.volumes.expect("volumes");
    let writable = volumes.iter().find(|it| it.name == "writable").expect("volume");
    let size = writable.empty_dir.as_ref().and_then(|it| it.size_limit.as_ref());
    assert_eq!(size.map(|size| size.0.as_str()), Some("1Gi"));
    let mounts = pod.containers[0].volume_mounts.clone().expect("mounts");
    let paths: Vec<_> = mounts
        .iter()
        .filter(|it| it.sub_path.is_some())
        .map(|it| it.mount_path.as_str())
        .collect();
    assert_eq!(paths.len(), 6);
    assert!(paths.contains(&"/tmp") && !volumes.iter().any(|it| it.name == "tmp"));
}

#[test]
fn what_is_for_all_pods_and_for_those_of_the_runtime_is_on_them() {
    let configuration = json!({
        "customPodLabels": {"general": {"team": "platform", "app": "taken"}},
        "customPodAnnotations": {"general": {"note": "all"}},
        "customPodNodeSelector": {"general": {"pool": "apps"}},
        "runtimeDeploymentPodAnnotations": {"scrape": "true"},
        "runtimeAutomountServiceAccountToken": true,
    });
    let spread = json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]);
    let part = json!({"podLabels": {"team": "shop"}, "topologySpreadConstraints": spread});
    let plan = plan(&with(part), &configured(configuration));
    let template = of(&plan, "shop-master")
        .and_then(|it| it.spec.clone())
        .expect("leader")
        .template;
    let metadata = template.metadata.expect("metadata");
    let (labels, annotations) = (
        metadata.labels.expect("labels"),
        metadata.annotations.expect("annotations"),
    );
    // Ours stay: Services and selectors depend on them.
    assert_eq!(
        (labels["team"].as_str(), labels["app"].as_str()),
        ("shop", "shop")
    );
    assert_eq!(
        (annotations["note"].as_str(), annotations["scrape"].as_str()),
        ("all", "true")
    );
    let pod = pod(&plan);
    assert_eq!(pod.node_selector.expect("selector")["pool"], "apps");
    assert_eq!(pod.automount_service_account_token, Some(true));
    assert_eq!(pod.topology_spread_constraints.map(|it| json!(it)), Some(spread));
}

#[rstest]
#[case::one(json!({"replicas": 1}), json!({"minAvailable": 1}))]
#[case::more(json!({"replicas": 3}), json!({"maxUnavailable": 1}))]
#[case::own(json!({"podDisruptionBudget": {"maxUnavailable": "50%"}}), json!({"maxUnavailable": "50%"}))]
fn the_budget_is_the_documented_one_or_the_apps(#[case] part: Value, #[case] expected: Value) {
    let plan = plan(&with(part), &observed());
    let spec = json!(plan.writes.budget.and_then(|it| it.spec));
    for field in ["minAvailable", "maxUnavailable"] {
        assert_eq!(spec.get(field), expected.get(field), "{field}");
    }
}
