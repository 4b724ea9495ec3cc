use super::super::plan::plan;
use super::super::plan::tests::{configured, of_app};
use super::*;
use crate::report::Report;
use mendix_model::crd::EndpointStatus;
use rstest::rstest;
use serde_json::{Value, json};

fn configuration(more: &Value) -> Value {
    let mut section = json!({
        "domain": "apps.example.com", "gatewayParentReference": { "name": "public", "namespace": "gateways" },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        section[key] = value.clone();
    }
    json!({ "type": "gatewayRoute", "gatewayRoute": section })
}

fn made(app: Value, more: &Value) -> HttpRoute {
    let plan = plan(&of_app(app), &configured(configuration(more)));
    plan.fronts.http_route.expect("an HTTPRoute")
}

#[test]
fn everything_that_can_be_set_is_in_the_route() {
    let app = json!({ "ingressPath": "/shop/*", "endpointAnnotations": { "b": "own" } });
    let route = made(
        app,
        &json!({
            "enableTLS": true,
            "annotations": { "a": "{{.Name}}.{{.Domain}}", "b": "configured" },
            "gatewayParentReference": { "name": "public", "namespace": "gateways", "sectionName": "https" },
            "gatewayRouteResponseHeaderModifiers": {
                "add": { "X-Served-By": "mendix" }, "set": { "X-Frame-Options": "DENY" }, "remove": ["Server", "Server"],
            },
            "gatewayRouteRequestHeaderModifiers": { "set": { "X-Forwarded-Proto": "https" } },
        }),
    );
    insta::assert_yaml_snapshot!(route, @r#"
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
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
      parentRefs:
        - group: gateway.networking.k8s.io
          kind: Gateway
          name: public
          namespace: gateways
          sectionName: https
      hostnames:
        - shop.apps.example.com
      rules:
        - matches:
            - path:
                type: PathPrefix
                value: /shop
          filters:
            - type: RequestHeaderModifier
              requestHeaderModifier:
                set:
                  - name: X-Forwarded-Proto
                    value: https
            - type: ResponseHeaderModifier
              responseHeaderModifier:
                set:
                  - name: X-Frame-Options
                    value: DENY
                add:
                  - name: X-Served-By
                    value: mendix
                remove:
                  - Server
          backendRefs:
            - name: shop
              port: 8080
    "#);
}

#[test]
fn what_is_not_set_is_not_in_the_route() {
    let empty = json!({ "gatewayRouteResponseHeaderModifiers": { "add": {}, "remove": [] } });
    let route = made(json!({ "appURL": "shop.example.org" }), &empty);
    assert_eq!(route.metadata.annotations, None);
    assert_eq!(route.spec.hostnames, ["shop.example.org"]);
    assert_eq!(route.spec.rules[0].filters, []);
}

#[rstest]
#[case::nothing(json!({}), "PathPrefix", "/")]
#[case::prefix(json!({"ingressPath": "/shop", "ingressPathType": "Prefix"}), "PathPrefix", "/shop")]
#[case::pattern_for_everything(json!({"ingressPath": "/(.*)"}), "PathPrefix", "/")]
#[case::exact(json!({"ingressPath": "/shop/", "ingressPathType": "Exact"}), "Exact", "/shop/")]
fn a_path_is_exact_or_a_prefix(#[case] app: Value, #[case] type_: &str, #[case] value: &str) {
    let path = &made(app, &json!({})).spec.rules[0].matches[0].path;
    assert_eq!((path.type_.as_str(), path.value.as_str()), (type_, value));
}

#[rstest]
#[case::plain(json!({}), "http://shop.apps.example.com")]
#[case::tls(json!({"enableTLS": true}), "https://shop.apps.example.com")]
fn the_gateway_decides_on_tls(#[case] more: Value, #[case] expected: &str) {
    let plan = plan(&of_app(json!({})), &configured(configuration(&more)));
    assert_eq!(plan.report.status.app_url.as_deref(), Some(expected));
    assert_eq!(plan.tls_secret, None);
}

fn told(type_: &str, status: &str, generation: i64) -> Value {
    json!({
        "type": type_, "status": status, "reason": "Why", "message": "said so", "observedGeneration": generation,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

/// What is reported of the route that is there in generation 2, with what its Gateways say.
fn reported(parents: &Value, host: &str) -> Report<EndpointStatus> {
    let mut there = made(json!({ "appURL": host }), &json!({}));
    there.metadata.generation = Some(2);
    there.status = serde_json::from_value(json!({ "parents": parents })).expect("a status");
    let mut observed = configured(configuration(&json!({})));
    observed.fronts.http_route = Some(there);
    plan(&of_app(json!({ "appURL": "shop.example.com" })), &observed).report
}

#[rstest]
#[case::accepted(json!([{"conditions": [told("Accepted", "True", 2), told("ResolvedRefs", "True", 2)]}]), None)]
#[case::nobody(json!([]), Some("waiting for Gateway gateways/public to accept HTTPRoute shop: see that it is there"))]
#[case::before_the_change(json!([{"conditions": [told("Accepted", "True", 1)]}]), Some("lets routes of namespace prod in"))]
#[case::refused(json!([{"conditions": [told("Accepted", "False", 2)]}]),
    Some("Gateway gateways/public does not accept HTTPRoute shop: said so (Why): mend that, or name another in spec.endpoint.gatewayRoute"))]
#[case::nothing_behind_it(json!([{"conditions": [told("Accepted", "True", 2), told("ResolvedRefs", "False", 2)]}]), Some("said so (Why)"))]
#[case::refused_before_the_change(json!([{"conditions": [told("Accepted", "False", 1)]}]), Some("waiting for Gateway"))]
fn a_route_is_ready_when_its_gateway_accepts_it(#[case] parents: Value, #[case] said: Option<&str>) {
    let progress = reported(&parents, "shop.example.com").progress;
    match said {
        None => assert_eq!(progress, Progress::Ready),
        Some(said) => assert!(progress.word().contains(said), "{progress:?}"),
    }
}

#[test]
fn a_word_about_another_host_is_none_about_this() {
    let parents = json!([{ "conditions": [told("Accepted", "True", 2)] }]);
    assert!(matches!(
        reported(&parents, "old.example.com").progress,
        Progress::Working { .. }
    ));
}

#[test]
fn what_the_api_server_fills_in_is_no_difference() {
    let mut stored = serde_json::to_value(made(json!({}), &json!({}))).expect("json");
    let rule = &mut stored["spec"]["rules"][0];
    rule["backendRefs"][0]["group"] = json!("");
    rule["backendRefs"][0]["kind"] = json!("Service");
    rule["backendRefs"][0]["weight"] = json!(1);
    let stored: HttpRoute = serde_json::from_value(stored).expect("an HTTPRoute");
    assert_eq!(stored.spec, made(json!({}), &json!({})).spec);
}
