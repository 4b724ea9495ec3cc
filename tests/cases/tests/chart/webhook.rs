//! The configurations of the webhook.

use crate::render::{EVERYTHING, IMAGE, NAMESPACES, objects};
use serde_json::Value;

/// Every webhook of both configurations.
fn webhooks(values: &[&str]) -> Vec<Value> {
    let objects = objects(values).unwrap();
    let configurations = objects.iter().filter(|it| {
        it["kind"]
            .as_str()
            .unwrap_or_default()
            .ends_with("WebhookConfiguration")
    });
    let all = configurations.flat_map(|it| it["webhooks"].as_array().unwrap().clone());
    all.collect()
}

fn names(values: &[&str]) -> Vec<String> {
    let all = webhooks(values);
    all.iter()
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

/// What the selector of a webhook says of namespaces, by key and operator.
fn namespaces(webhook: &Value) -> Vec<(String, Vec<String>)> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let all = webhook["namespaceSelector"]["matchExpressions"]
        .as_array()
        .unwrap();
    let of = |it: &Value| {
        let key = format!("{} {}", text(&it["key"]), text(&it["operator"]));
        (key, it["values"].as_array().unwrap().iter().map(text).collect())
    };
    all.iter().map(of).collect()
}

#[test]
fn only_namespaces_that_say_so_are_concerned_and_never_kube_system() {
    for webhook in webhooks(EVERYTHING) {
        let named = namespaces(&webhook);
        let chosen = named.iter().filter(|(key, _)| key.ends_with(" In"));
        let left_out = named
            .iter()
            .filter(|(key, _)| key.ends_with(" NotIn"))
            .flat_map(|(_, names)| names);
        let name = &webhook["name"];
        let ours: Vec<_> = chosen.flat_map(|(_, names)| names).collect();
        let without: Vec<_> = left_out.collect();
        assert!(
            ours == ["team-a", "team-b"] || ours == ["enabled"] || name == "deletions.kubectl-mendix.io",
            "{name}: {ours:?}"
        );
        assert!(
            name == "mendixapps.kubectl-mendix.io" || without.iter().any(|it| *it == "kube-system"),
            "{name}: {without:?}"
        );
    }
}

/// Scaled down to nothing and scaled up again, it would wait for itself.
#[test]
fn the_webhook_never_waits_for_itself() {
    let values = [IMAGE, "namespaces={mendix-system}"];
    for webhook in webhooks(&values)
        .iter()
        .filter(|it| it["failurePolicy"] == "Fail")
    {
        let without = namespaces(webhook)
            .into_iter()
            .any(|(key, names)| key.ends_with(" NotIn") && names.contains(&"mendix-system".to_owned()));
        let conditions = webhook["matchConditions"].to_string();
        let labelled = conditions.contains("of-an-environment");
        assert!(without || labelled, "{}", webhook["name"]);
    }
}

#[test]
fn every_webhook_ends_in_time_and_changes_nothing_else() {
    for webhook in webhooks(EVERYTHING) {
        assert_eq!(webhook["sideEffects"], "None", "{webhook}");
        assert_eq!(webhook["timeoutSeconds"], 5, "{webhook}");
    }
}

#[test]
fn the_gate_is_added_where_the_api_server_cannot() {
    let births = |values: &[&str]| names(values).iter().any(|name| name.starts_with("pods-"));
    assert!(births(&[IMAGE, NAMESPACES, "gate.mutatingAdmissionPolicy=off"]));
    assert!(!births(&[IMAGE, NAMESPACES, "gate.mutatingAdmissionPolicy=on"]));
}

/// Whoever asks for the guard would rather run without it than not at all; the gate is there as well.
#[test]
fn the_guard_keeps_no_pod_from_starting() {
    let all = webhooks(EVERYTHING);
    let named = |it: &&Value| {
        it["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("guards-"))
    };
    let guards: Vec<_> = all.iter().filter(named).collect();
    assert_eq!(guards.len(), 2);
    for webhook in guards {
        assert_eq!(webhook["failurePolicy"], "Ignore");
        assert_eq!(webhook["rules"][0]["resources"], serde_json::json!(["pods"]));
        let conditions = webhook["matchConditions"].to_string();
        assert!(
            conditions.contains("kubectl-mendix.io/inject-guard"),
            "{conditions}"
        );
    }
}

#[test]
fn a_mounted_certificate_is_believed_by_what_the_values_say() {
    let bundles = |values: &[&str]| {
        let all = webhooks(&[&[IMAGE, NAMESPACES], values].concat());
        let bundles = all.iter().map(|it| it["clientConfig"]["caBundle"].clone());
        bundles.collect::<Vec<_>>()
    };
    let mounted = "webhook.certificateSecretName=x";
    assert!(bundles(&[]).iter().all(Value::is_null));
    assert!(
        bundles(&[mounted, "webhook.caBundle=LS0t"])
            .iter()
            .all(|it| it == "LS0t")
    );
    let injected = [mounted, "webhook.certManagerCertificate=certs/webhook"];
    assert!(bundles(&injected).iter().all(Value::is_null));
    let text = crate::render::template(&[&[IMAGE], &injected[..]].concat()).unwrap();
    assert_eq!(
        text.matches("cert-manager.io/inject-ca-from: certs/webhook")
            .count(),
        2
    );
}

#[test]
fn switched_off_it_leaves_nothing() {
    let objects = objects(&[IMAGE, "webhook.enabled=false"]).unwrap();
    let named = objects
        .iter()
        .filter(|it| it["metadata"]["name"] == "mendix-webhook");
    assert_eq!(named.count(), 0);
}
