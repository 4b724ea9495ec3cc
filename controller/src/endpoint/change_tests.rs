//! The type of the endpoint changes while the app runs.

use super::super::kinds::{HttpRoute, Route};
use super::tests::{configured, of_app};
use super::*;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use rstest::rstest;
use serde_json::{Value, json};

const HOST: &str = "shop.example.com";

fn app() -> Endpoint {
    of_app(json!({ "appURL": HOST }))
}

fn asked_for(type_: &str) -> Observed {
    let parent = json!({ "name": "public", "namespace": "gateways" });
    configured(json!({ "type": type_, "gatewayRoute": { "gatewayParentReference": parent } }))
}

/// What others say of what we have made.
fn served(mut fronts: Fronts) -> Fronts {
    if let Some(route) = &mut fronts.route {
        let admitted = json!({ "type": "Admitted", "status": "True" });
        let status = json!({ "ingress": [{ "host": HOST, "conditions": [admitted] }] });
        route.status = serde_json::from_value(status).expect("a status");
    }
    if let Some(route) = &mut fronts.http_route {
        let accepted = json!({ "type": "Accepted", "status": "True" });
        let status = json!({ "parents": [{ "conditions": [accepted] }] });
        route.status = serde_json::from_value(status).expect("a status");
    }
    fronts
}

/// The fronts that a type makes, as they are when somebody serves them.
fn fronts(type_: &str) -> Fronts {
    served(plan(&app(), &asked_for(type_)).fronts)
}

fn kinds(fronts: &Fronts) -> Vec<&'static str> {
    let kinds = [
        fronts.ingress.as_ref().map(|_| "Ingress"),
        fronts.route.as_ref().map(|_| "Route"),
        fronts.http_route.as_ref().map(|_| "HTTPRoute"),
    ];
    kinds.into_iter().flatten().collect()
}

fn together(one: Fronts, other: Fronts) -> Fronts {
    Fronts {
        ingress: one.ingress.or(other.ingress),
        route: one.route.or(other.route),
        http_route: one.http_route.or(other.http_route),
    }
}

#[rstest]
#[case::to_ingress("service", "ingress")]
#[case::to_route("ingress", "openshiftRoute")]
#[case::to_http_route("openshiftRoute", "gatewayRoute")]
#[case::from_ingress_to_http_route("ingress", "gatewayRoute")]
#[case::back("gatewayRoute", "service")]
#[case::back_to_ingress("gatewayRoute", "ingress")]
fn the_old_front_goes_when_the_new_one_leads_to_the_app(#[case] from: &str, #[case] to: &str) {
    let (old, new) = (fronts(from), fronts(to));
    let mut observed = asked_for(to);
    observed.fronts = old.clone();

    let first = plan(&app(), &observed);
    assert_eq!(kinds(&first.fronts), kinds(&new));
    assert!(first.service.is_some());
    let waits = kinds(&new).iter().any(|kind| *kind != "Ingress");
    assert_eq!(first.report.progress == Progress::Ready, !waits);
    let gone = if waits { Vec::new() } else { kinds(&old) };
    assert_eq!(kinds(&first.left_over), gone);

    observed.fronts = together(old.clone(), new);
    let second = plan(&app(), &observed);
    assert_eq!(second.report.progress, Progress::Ready);
    assert_eq!(kinds(&second.left_over), kinds(&old));
    // An own host stays the address, so no pod is made anew.
    assert_eq!(
        (first.service, first.report.status.app_url),
        (second.service, second.report.status.app_url)
    );
}

#[rstest]
#[case::ours(Some("uid-endpoint"), true)]
#[case::of_another_controller(Some("uid-else"), false)]
#[case::the_users_own(None, false)]
fn only_what_we_made_goes(#[case] owner: Option<&str>, #[case] expected: bool) {
    let owners = owner.map(
        |uid| json!([{ "apiVersion": "v1", "kind": "Any", "name": "any", "uid": uid, "controller": true }]),
    );
    let metadata = json!({ "name": "shop", "ownerReferences": owners.unwrap_or_else(|| json!([])) });
    let object =
        |spec: Value| json!({ "apiVersion": "any", "kind": "Any", "metadata": metadata, "spec": spec });
    let mut observed = asked_for("service");
    observed.fronts = Fronts {
        ingress: Some(Ingress {
            metadata: serde_json::from_value(metadata.clone()).expect("metadata"),
            ..Ingress::default()
        }),
        route: serde_json::from_value::<Route>(object(json!({}))).ok(),
        http_route: serde_json::from_value::<HttpRoute>(object(json!({}))).ok(),
    };
    assert_eq!(kinds(&observed.fronts).len(), 3);
    observed.own_certificate = serde_json::from_value(metadata.clone()).expect("metadata");
    let plan = plan(&app(), &observed);
    assert_eq!(kinds(&plan.left_over).len(), if expected { 3 } else { 0 });
    assert_eq!(plan.left_over_secret.is_some(), expected);
}

#[test]
fn what_is_wrong_with_the_new_type_leaves_the_old_front_alone() {
    let mut observed = asked_for("gatewayRoute");
    observed.without_http_routes = true;
    observed.fronts = fronts("ingress");
    let plan = plan(&app(), &observed);
    assert!(matches!(plan.report.progress, Progress::Stalled { .. }));
    assert_eq!((plan.service, plan.fronts), (None, Fronts::default()));
    assert_eq!(plan.left_over, Fronts::default());
    assert_eq!(plan.report.requeue, Some(UNWATCHED), "a kind may come later");
}

#[rstest]
#[case::openshift(
    "openshiftRoute",
    "the cluster has no kind Route (route.openshift.io/v1)",
    "take another type"
)]
#[case::gateway(
    "gatewayRoute",
    "the cluster has no kind HTTPRoute",
    "install the Gateway API, or take another"
)]
fn a_kind_that_the_cluster_does_not_have_is_told(
    #[case] type_: &str,
    #[case] said: &str,
    #[case] remedy: &str,
) {
    let mut observed = asked_for(type_);
    (observed.without_routes, observed.without_http_routes) = (true, true);
    let sentence = plan(&app(), &observed).report.progress.word();
    assert!(
        sentence.contains(said) && sentence.contains(remedy) && sentence.contains("spec.endpoint.type"),
        "{sentence}"
    );
    // Nobody else cares.
    for other in ["service", "ingress"] {
        let mut observed = asked_for(other);
        (observed.without_routes, observed.without_http_routes) = (true, true);
        assert_eq!(plan(&app(), &observed).report.progress, Progress::Ready);
    }
}

#[test]
fn the_secret_of_a_certificate_goes_with_it_unless_it_is_named_by_now() {
    let pair = json!({ "certificate": "-----BEGIN CERTIFICATE-----", "key": "-----BEGIN PRIVATE KEY-----" });
    let given = of_app(
        json!({ "appURL": HOST, "tls": { "enableTLS": true, "certificate": pair["certificate"], "key": pair["key"] } }),
    );
    let mut observed = asked_for("ingress");
    let made = plan(&given, &observed).tls_secret.expect("a Secret");
    assert_eq!(made.name_any(), "shop-tls");
    observed.own_certificate = Some(made.metadata.clone());
    assert_eq!(plan(&given, &observed).left_over_secret, None);

    let without = plan(&app(), &observed).left_over_secret;
    assert_eq!(without.and_then(|it| it.name).as_deref(), Some("shop-tls"));

    let naming = of_app(json!({ "appURL": HOST, "tls": { "enableTLS": true, "secretName": "shop-tls" } }));
    observed.certificate = Some(made);
    assert_eq!(plan(&naming, &observed).left_over_secret, None);
}
