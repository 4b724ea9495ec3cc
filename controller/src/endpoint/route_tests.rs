use super::super::plan::tests::{configured, of_app};
use super::super::plan::{Plan, plan};
use super::*;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use rstest::rstest;
use serde_json::{Value, json};

fn secret(certificate: &str) -> Secret {
    let bytes = |text: &str| ByteString(text.as_bytes().to_vec());
    let mut secret = Secret {
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(
            [
                ("tls.crt".to_owned(), bytes(certificate)),
                ("tls.key".to_owned(), bytes("-----BEGIN PRIVATE KEY-----")),
            ]
            .into(),
        ),
        ..Secret::default()
    };
    secret.metadata.name = Some("wildcard".to_owned());
    secret
}

fn made(app: Value, section: &Value) -> Plan {
    let mut observed = configured(json!({ "type": "openshiftRoute", "openshiftRoute": section }));
    observed.certificate = Some(secret("-----BEGIN CERTIFICATE-----"));
    plan(&of_app(app), &observed)
}

fn spec(app: Value, section: &Value) -> RouteSpec {
    made(app, section).fronts.route.expect("a Route").spec
}

#[test]
fn tls_ends_at_the_router_and_the_app_wins_over_the_configuration() {
    let app = json!({ "ingressPath": "/shop/*", "endpointAnnotations": { "b": "own" } });
    let section = json!({
        "domain": "apps.example.com", "enableTLS": true, "tlsSecretName": "wildcard",
        "annotations": { "a": "{{.Name}}.{{.Domain}}", "b": "configured" },
    });
    insta::assert_yaml_snapshot!(made(app, &section).fronts.route, @r#"
    apiVersion: route.openshift.io/v1
    kind: Route
    metadata:
      annotations:
        a: shop.apps.example.com
        b: own
      labels:
        kubectl-mendix.io/environment: shop
        privatecloud.mendix.com/app: shop
      name: shop
      namespace: prod
      ownerReferences:
        - apiVersion: privatecloud.mendix.com/v1alpha1
          blockOwnerDeletion: true
          controller: true
          kind: Endpoint
          name: shop
          uid: uid-endpoint
    spec:
      host: shop.apps.example.com
      path: /shop
      to:
        kind: Service
        name: shop
      port:
        targetPort: http
      tls:
        termination: edge
        insecureEdgeTerminationPolicy: Redirect
        certificate: "-----BEGIN CERTIFICATE-----"
        key: "-----BEGIN PRIVATE KEY-----"
    "#);
}

#[test]
fn without_any_settings_the_cluster_chooses_host_and_certificate() {
    let without = spec(json!({}), &json!({}));
    assert_eq!((without.host, without.path, without.tls), (None, None, None));
    let tls = spec(json!({}), &json!({ "enableTLS": true })).tls.expect("TLS");
    assert_eq!((tls.certificate, tls.key), (None, None));
}

#[rstest]
#[case::own_certificate(json!({"enableTLS": true, "certificate": "-----BEGIN CERTIFICATE-----own", "key": "-----BEGIN PRIVATE KEY-----"}), "own")]
#[case::own_secret(json!({"enableTLS": true, "secretName": "wildcard"}), "")]
fn the_apps_certificate_stands_in_the_route(#[case] tls: Value, #[case] end: &str) {
    let made = made(json!({ "tls": tls }), &json!({ "tlsSecretName": "other" }));
    let tls = made.fronts.route.and_then(|route| route.spec.tls).expect("TLS");
    assert_eq!(tls.certificate, Some(format!("-----BEGIN CERTIFICATE-----{end}")));
    // It stands in the Route itself.
    assert_eq!(made.tls_secret, None);
}

#[test]
fn a_renewed_certificate_makes_another_route() {
    let section = json!({ "enableTLS": true, "tlsSecretName": "wildcard" });
    let mut observed = configured(json!({ "type": "openshiftRoute", "openshiftRoute": section }));
    let of = |observed: &_| plan(&of_app(json!({})), observed).fronts.route.expect("a Route");
    observed.certificate = Some(secret("-----BEGIN CERTIFICATE-----1"));
    let first = of(&observed);
    observed.certificate = Some(secret("-----BEGIN CERTIFICATE-----2"));
    assert_ne!(of(&observed).spec, first.spec);
}

fn router(host: &str, status: &str, message: &str) -> Value {
    let told = json!({ "type": "Admitted", "status": status, "reason": "Why", "message": message });
    json!({ "host": host, "conditions": [told] })
}

/// What is reported of a Route that is there, with what the routers say.
fn reported(app: &Value, there: &Value) -> (Progress, Option<String>) {
    let mut observed = configured(json!({ "type": "openshiftRoute" }));
    let object = json!({
        "apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": { "name": "shop" },
        "spec": there["spec"], "status": there["status"],
    });
    observed.fronts.route = Some(serde_json::from_value(object).expect("a Route"));
    let plan = plan(&of_app(app.clone()), &observed);
    (plan.report.progress, plan.report.status.app_url)
}

fn stored(host: &str) -> Value {
    json!({
        "host": host, "to": { "kind": "Service", "name": "shop", "weight": 100 },
        "port": { "targetPort": "http" }, "wildcardPolicy": "None",
    })
}

#[rstest]
#[case::served(json!({}), "shop-prod.apps.cluster", vec![router("shop-prod.apps.cluster", "True", "")], Some("http://shop-prod.apps.cluster"))]
#[case::one_of_two(json!({"appURL": "shop.example.com"}), "shop.example.com",
    vec![router("shop.example.com", "False", "taken"), router("shop.example.com", "True", "")], Some("http://shop.example.com"))]
#[case::not_looked_at(json!({}), "shop-prod.apps.cluster", vec![], None)]
fn the_host_that_the_cluster_chose_is_the_address(
    #[case] app: Value,
    #[case] host: &str,
    #[case] routers: Vec<Value>,
    #[case] expected: Option<&str>,
) {
    let there = json!({ "spec": stored(host), "status": { "ingress": routers } });
    let (progress, url) = reported(&app, &there);
    assert_eq!(progress == Progress::Ready, expected.is_some(), "{progress:?}");
    assert_eq!(url.as_deref(), expected);
}

#[rstest]
#[case::taken(
    "shop.example.com",
    "shop.example.com",
    "no router of the cluster admits Route shop: taken by another (Why)"
)]
#[case::of_the_old_host("old.example.com", "old.example.com", "waiting for a router")]
#[case::not_told_of_the_new_host("shop.example.com", "old.example.com", "waiting for a router")]
fn what_a_router_refuses_is_told(#[case] host: &str, #[case] told_of: &str, #[case] said: &str) {
    let refusal = router(told_of, "False", "taken by another");
    let there = json!({ "spec": stored(host), "status": { "ingress": [refusal] } });
    let (progress, _) = reported(&json!({ "appURL": "shop.example.com" }), &there);
    assert!(progress.word().contains(said), "{progress:?}");
}
