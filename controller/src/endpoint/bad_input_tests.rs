//! Each field of an endpoint wrong in turn: told by its name, with what to do, before anything is written.

use super::tests::{configured, of_app};
use super::*;
use k8s_openapi::ByteString;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CONFIGURATION: &str = " of the OperatorConfiguration: ";

fn ingress(section: &Value) -> Value {
    json!({ "type": "ingress", "ingress": section })
}

fn gateway(section: &Value) -> Value {
    json!({ "type": "gatewayRoute", "gatewayRoute": section })
}

fn headers(modifiers: &Value) -> Value {
    gateway(&json!({
        "domain": "example.com", "gatewayParentReference": { "name": "public" },
        "gatewayRouteResponseHeaderModifiers": modifiers,
    }))
}

fn domain() -> Value {
    ingress(&json!({ "domain": "example.com" }))
}

#[rstest]
#[case::host(json!({"appURL": "my_shop.example.com"}), domain(), "spec.appURL: ", "write a name such as")]
#[case::host_of_a_service(json!({"appURL": "a b"}), json!({}), "spec.appURL: ", "write a name such as")]
#[case::wildcard(json!({"appURL": "*.example.com"}), domain(), "spec.appURL: ", "write the one name of the app")]
#[case::path(json!({"ingressPath": "shop"}), domain(), "spec.ingressPath: ", "a slash at its start")]
#[case::path_type(json!({"ingressPathType": "Regex"}), domain(), "spec.ingressPathType: ", "take Exact, Prefix or")]
#[case::two_certificates(json!({"tls": {"enableTLS": true, "secretName": "a", "key": "b"}}), domain(), "spec.tls: ", "set either")]
#[case::certificate(json!({"tls": {"enableTLS": true, "certificate": "c", "key": "-----BEGIN PRIVATE KEY-----"}}), domain(),
    "spec.tls.certificate: ", "BEGIN and END")]
#[case::key(json!({"tls": {"enableTLS": true, "certificate": "-----BEGIN CERTIFICATE-----", "key": "hunter2"}}), domain(),
    "spec.tls.key: ", "BEGIN and END")]
fn a_wrong_field_of_the_app(
    #[case] spec: Value,
    #[case] endpoint: Value,
    #[case] field: &str,
    #[case] remedy: &str,
) {
    is_told(&of_app(spec), &configured(endpoint), field, remedy);
}

#[rstest]
#[case::no_section(json!({"type": "ingress"}), "ingress.domain", "set spec.appURL")]
#[case::no_domain(ingress(&json!({})), "ingress.domain", "set spec.appURL")]
#[case::domain(ingress(&json!({"domain": "example_com"})), "ingress.domain", "write a name such as")]
#[case::wildcard(ingress(&json!({"domain": "*.example.com"})), "ingress.domain", "write the one name")]
#[case::path(ingress(&json!({"domain": "example.com", "path": "apps"})), "ingress.path", "a slash at its start")]
#[case::path_type(ingress(&json!({"domain": "example.com", "pathType": "prefix"})), "ingress.pathType", "take Exact")]
#[case::template(ingress(&json!({"domain": "example.com", "tlsSecretName": "{{.Nmae}}"})), "ingress.tlsSecretName", "unknown placeholder")]
#[case::annotation(ingress(&json!({"domain": "example.com", "annotations": {"a": "{{.Host}}"}})), "ingress.annotations", "unknown placeholder")]
#[case::service_annotation(json!({"serviceAnnotations": {"a": "{{.Host}}"}}), "serviceAnnotations", "unknown placeholder")]
#[case::service_type(json!({"serviceType": "loadbalancer"}), "serviceType", "take ClusterIP or LoadBalancer")]
#[case::port(json!({"servicePorts": [80, 70000]}), "servicePorts", "take a number from 1 to 65535")]
#[case::port_twice(json!({"servicePorts": [80, 80]}), "servicePorts", "take one of them out")]
#[case::route_domain(json!({"type": "openshiftRoute", "openshiftRoute": {"domain": "a b"}}), "openshiftRoute.domain", "write a name")]
#[case::no_gateway_section(json!({"type": "gatewayRoute"}), "gatewayRoute.domain", "set spec.appURL")]
#[case::no_parent(gateway(&json!({"domain": "example.com"})), "gatewayRoute.gatewayParentReference.name", "name the Gateway")]
#[case::parent_without_name(gateway(&json!({"domain": "example.com", "gatewayParentReference": {"namespace": "gateways"}})),
    "gatewayRoute.gatewayParentReference.name", "name the Gateway")]
#[case::parent_namespace(gateway(&json!({"domain": "example.com", "gatewayParentReference": {"name": "public", "namespace": "Gate Ways"}})),
    "gatewayRoute.gatewayParentReference.namespace", "lower case")]
#[case::parent_kind(gateway(&json!({"domain": "example.com", "gatewayParentReference": {"name": "public", "kind": "Gate way"}})),
    "gatewayRoute.gatewayParentReference.kind", "such as Gateway")]
#[case::header(headers(&json!({"set": {"X Frame": "DENY"}})), "gatewayRoute.gatewayRouteResponseHeaderModifiers.set", "write one such as")]
#[case::header_value(headers(&json!({"add": {"X-Frame": ""}})), "gatewayRoute.gatewayRouteResponseHeaderModifiers.add", "write one line")]
#[case::removed_header(headers(&json!({"remove": ["Server:"]})), "gatewayRoute.gatewayRouteResponseHeaderModifiers.remove", "write one such as")]
fn a_wrong_field_of_the_configuration(#[case] endpoint: Value, #[case] field: &str, #[case] remedy: &str) {
    let field = format!("spec.endpoint.{field} of the OperatorConfiguration");
    is_told(&of_app(json!({})), &configured(endpoint), &field, remedy);
}

#[test]
fn more_headers_than_the_gateway_api_takes() {
    let many: BTreeMap<String, &str> = (0..17).map(|number| (format!("X-{number}"), "a")).collect();
    let field = "gatewayRoute.gatewayRouteResponseHeaderModifiers";
    let field = format!("spec.endpoint.{field}{CONFIGURATION}");
    is_told(
        &of_app(json!({})),
        &configured(headers(&json!({ "set": many }))),
        &field,
        "take some out",
    );
}

#[rstest]
#[case::route(json!({"type": "openshiftRoute"}))]
#[case::gateway(gateway(&json!({"gatewayParentReference": {"name": "public"}})))]
fn a_pattern_is_for_ingresses_alone(#[case] endpoint: Value) {
    let app = of_app(json!({ "appURL": "shop.example.com", "ingressPath": "/(shop|store)" }));
    is_told(
        &app,
        &configured(endpoint),
        "spec.ingressPath: ",
        "write a plain path",
    );
}

fn secret(type_: &str, keys: &[(&str, &str)]) -> Secret {
    let data = keys
        .iter()
        .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())));
    let mut secret = Secret {
        type_: Some(type_.to_owned()),
        data: Some(data.collect()),
        ..Secret::default()
    };
    secret.metadata.name = Some("wildcard".to_owned());
    secret
}

const GOOD: [(&str, &str); 2] = [
    ("tls.crt", "-----BEGIN CERTIFICATE-----"),
    ("tls.key", "-----BEGIN RSA PRIVATE KEY-----"),
];

#[rstest]
#[case::other_type(secret("Opaque", &GOOD))]
#[case::no_key(secret("kubernetes.io/tls", &GOOD[..1]))]
#[case::no_certificate(secret("kubernetes.io/tls", &GOOD[1..]))]
#[case::no_pem(secret("kubernetes.io/tls", &[("tls.crt", "hunter2"), GOOD[1]]))]
#[case::swapped(secret("kubernetes.io/tls", &[("tls.crt", GOOD[1].1), ("tls.key", GOOD[0].1)]))]
fn a_secret_of_another_form(#[case] secret: Secret) {
    for type_ in ["ingress", "openshiftRoute"] {
        let section = json!({ "domain": "example.com", "enableTLS": true, "tlsSecretName": "wildcard" });
        let mut observed = configured(json!({ "type": type_, type_: section }));
        observed.certificate = Some(secret.clone());
        let field = format!("spec.endpoint.{type_}.tlsSecretName{CONFIGURATION}Secret wildcard");
        is_told(
            &of_app(json!({})),
            &observed,
            &field,
            "make it so, or name another",
        );
        let app = of_app(json!({ "tls": { "enableTLS": true, "secretName": "wildcard" } }));
        is_told(
            &app,
            &observed,
            "spec.tls.secretName: Secret wildcard",
            "make it so",
        );
    }
}

#[test]
fn a_route_without_its_secret_is_not_made_and_an_ingress_waits_for_it() {
    let section = json!({ "domain": "example.com", "enableTLS": true, "tlsSecretName": "{{.Name}}-tls" });
    let route = configured(json!({ "type": "openshiftRoute", "openshiftRoute": section }));
    let sentence = "spec.endpoint.openshiftRoute.tlsSecretName of the OperatorConfiguration: there is no Secret shop-tls";
    is_told(
        &of_app(json!({})),
        &route,
        sentence,
        "make one of type kubernetes.io/tls",
    );

    // What makes certificates wants to see an Ingress first.
    let plan = plan(&of_app(json!({})), &configured(ingress(&section)));
    let Progress::Working { message, .. } = &plan.report.progress else {
        panic!("{:?}", plan.report.progress);
    };
    assert!(
        message.contains("tlsSecretName of the OperatorConfiguration: there is no Secret shop-tls"),
        "{message}"
    );
    assert!(plan.fronts.ingress.is_some());
}

#[test]
fn a_certificate_that_nobody_asks_for_is_not_looked_for() {
    let section = json!({ "domain": "example.com", "enableTLS": false, "tlsSecretName": "wildcard" });
    let plan = plan(&of_app(json!({})), &configured(ingress(&section)));
    assert_eq!(plan.report.progress, Progress::Ready);
}

/// The endpoint stops with a sentence, and leaves everything as it is.
fn is_told(app: &Endpoint, observed: &Observed, field: &str, remedy: &str) {
    let mut app = app.clone();
    let url = Some("https://shop.example.com".to_owned());
    app.status = Some(EndpointStatus {
        app_url: url.clone(),
        ..EndpointStatus::default()
    });
    let plan = plan(&app, observed);
    let Progress::Stalled { message, .. } = &plan.report.progress else {
        panic!("{:?}", plan.report.progress);
    };
    assert!(message.contains(field) && message.contains(remedy), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
    assert_eq!((plan.service, plan.tls_secret), (None, None));
    assert_eq!(
        (plan.fronts, plan.left_over),
        (Fronts::default(), Fronts::default())
    );
    assert_eq!(plan.report.status.app_url, url);
}
