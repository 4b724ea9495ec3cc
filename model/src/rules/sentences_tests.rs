//! What people read: every mistake that is known in advance is told by its rule, its field and a remedy.

use super::{in_memory_replicas, review};
use crate::crd::MendixApp;
use rstest::rstest;
use serde_json::{Value, json};

fn sentences(spec: &Value) -> Vec<String> {
    let app = json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp", "metadata": {"name": "shop"}, "spec": spec,
    });
    let app: MendixApp = serde_json::from_value(app).expect("an app");
    review(&app).iter().map(ToString::to_string).collect()
}

#[rstest]
#[case::two_bounds(json!({"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}}),
    "MX101 spec.podDisruptionBudget: minAvailable and maxUnavailable exclude one another", "keep one of the two")]
#[case::two_certificates(json!({"tls": {"secretName": "a", "certificate": "hunter2", "key": "hunter2"}}),
    "MX102 spec.tls: secretName excludes certificate and key", "name a Secret, or give both")]
#[case::settings(json!({"runtime": {"customConfiguration": "hunter2"}}),
    "MX103 spec.runtime.customConfiguration: ", "JSON object")]
#[case::list_of_settings(json!({"runtime": {"customConfiguration": "[\"hunter2\"]"}}),
    "MX103 spec.runtime.customConfiguration: ", "JSON object")]
#[case::constants(json!({"runtime": {"customConfiguration": "{\"MicroflowConstants\": \"hunter2\"}"}}),
    "MX103 spec.runtime.customConfiguration", "JSON object")]
#[case::jetty(json!({"runtime": {"jettyOptions": "hunter2"}}),
    "MX103 spec.runtime.jettyOptions: ", "JSON object")]
#[case::agent(json!({"runtimeMetricsConfiguration": {"mode": "native", "mxAgentConfig": "hunter2"}}),
    "MX103 spec.runtimeMetricsConfiguration.mxAgentConfig: ", "JSON")]
#[case::instrumentation(
    json!({"runtimeMetricsConfiguration": {"mode": "native", "mxAgentConfig": "{}", "mxAgentInstrumentationConfig": "hunter2"}}),
    "MX103 spec.runtimeMetricsConfiguration.mxAgentInstrumentationConfig: ", "JSON")]
#[case::administrator(json!({"runtime": {"mxAdminPassword": "hunter2!"}}),
    "MX104 spec.runtime.mxAdminPassword: ", "base64")]
#[case::debugger(json!({"runtime": {"debuggerPassword": "hunter2!"}}),
    "MX104 spec.runtime.debuggerPassword: ", "base64")]
#[case::certificate(json!({"runtime": {"clientCertificates": [{"key": "hunter2!", "password": "d29yZA=="}]}}),
    "MX104 spec.runtime.clientCertificates[0].key: ", "base64")]
#[case::password_of_a_certificate(json!({"runtime": {"clientCertificates": [{"key": "cDEy", "password": "hunter2!"}]}}),
    "MX104 spec.runtime.clientCertificates[0].password: ", "base64")]
#[case::java(json!({"runtime": {"customConfiguration": "{\"JAVA_TOOL_OPTIONS\": \"-Da=hunter2\"}"}}),
    "MX106 spec.runtime.customConfiguration: JAVA_TOOL_OPTIONS is a variable", "spec.runtime.environmentVariables")]
#[case::plans(json!({"database": {"servicePlan": "dev"}, "storage": {"servicePlan": "dev"}}),
    "MX109 spec.storage.servicePlan: database and files need a plan each", "spec.database.servicePlan")]
#[case::host(json!({"appURL": "my shop"}), "MX110 spec.appURL: \"my shop\" is no host name", "write a name such as")]
#[case::wildcard(json!({"appURL": "*.example.com"}), "MX110 spec.appURL: \"*.example.com\" is a wildcard", "write the one")]
#[case::path(json!({"ingressPath": "shop"}), "MX110 spec.ingressPath: \"shop\" is no path", "a slash at its start")]
#[case::path_type(json!({"ingressPathType": "Regex"}),
    "MX110 spec.ingressPathType: there is no path type \"Regex\"", "take Exact, Prefix or")]
fn a_mistake_is_told_by_field_and_remedy(#[case] spec: Value, #[case] start: &str, #[case] remedy: &str) {
    let said = sentences(&spec);
    let [sentence] = &said[..] else {
        panic!("one sentence: {said:?}");
    };
    assert!(
        sentence.starts_with(start) && sentence.contains(remedy),
        "{sentence}"
    );
    assert!(!sentence.contains("hunter2"), "{sentence}");
}

#[test]
fn an_ephemeral_database_with_several_replicas_is_told_too() {
    let said = in_memory_replicas(true, 2).map(|violation| violation.to_string());
    let expected = "MX108 spec.replicas: an ephemeral database serves one replica: set replicas to 1, or take a storage plan \
                    whose database outlives a pod";
    assert_eq!(said.as_deref(), Some(expected));
}
