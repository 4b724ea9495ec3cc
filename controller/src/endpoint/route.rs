//! The Route of an app, and what the routers of the cluster say of it. Pure.

use super::kinds::{Route, RouteIngress, RoutePort, RouteSpec, RouteTarget, RouteTls};
use super::service;
use super::tls::KeyPair;
use super::verdict::{self, Verdict};
use super::wanted::Wanted;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt;
use mendix_model::conditions::Progress;
use mendix_model::endpoint as form;

/// Condition of a Route that a router serves (`OpenShift` documentation, "Route \[route.openshift.io/v1\]").
const ADMITTED: &str = "Admitted";

/// Without a certificate the router shows its own.
pub(crate) fn route(wanted: &Wanted<'_>, certificate: Option<KeyPair>) -> Result<Route, String> {
    let spec = RouteSpec {
        host: wanted.host.clone(),
        path: path(wanted)?,
        to: RouteTarget {
            kind: "Service".to_owned(),
            name: wanted.app().to_owned(),
        },
        port: Some(RoutePort {
            target_port: IntOrString::String(service::FIRST_PORT.to_owned()),
        }),
        tls: wanted.tls.then(|| edge(certificate)),
    };
    Ok(Route {
        metadata: wanted.metadata(),
        spec,
        status: None,
    })
}

/// A Route for everything has no path.
fn path(wanted: &Wanted<'_>) -> Result<Option<String>, String> {
    let Some(path) = &wanted.path else {
        return Ok(None);
    };
    let plain = form::plain_path(path.text).map_err(|problem| path.wrong(problem))?;
    Ok(Some(plain).filter(|path| path != "/"))
}

/// TLS ends at the router, which sends whoever comes without to where there is TLS.
fn edge(certificate: Option<KeyPair>) -> RouteTls {
    let (certificate, key) = certificate.map(|pair| (pair.certificate, pair.key)).unzip();
    RouteTls {
        termination: "edge".to_owned(),
        insecure_edge_termination_policy: Some("Redirect".to_owned()),
        certificate,
        key,
    }
}

/// How far the Route is, and the host that it was given.
pub(crate) fn standing(there: Option<&Route>, wanted: &Route) -> (Progress, Option<String>) {
    let (verdict, name) = (verdict(there, wanted), wanted.name_any());
    let progress = verdict.progress(
        format!("waiting for a router of the cluster to admit Route {name}"),
        |words| {
            format!(
                "no router of the cluster admits Route {name}: {words}: mend that, or choose another host in spec.appURL"
            )
        },
    );
    match verdict {
        Verdict::Accepted(host) => (progress, host.filter(|host| !host.is_empty())),
        _ => (progress, None),
    }
}

/// What the routers say of the Route that is there.
fn verdict(there: Option<&Route>, wanted: &Route) -> Verdict {
    let Some(there) = there.filter(|there| is_same(&there.spec, &wanted.spec)) else {
        return Verdict::Waiting;
    };
    let routers = there.status.iter().flat_map(|status| &status.ingress);
    let of_host = |router: &&RouteIngress| wanted.spec.host.as_ref().is_none_or(|host| *host == router.host);
    verdict::of(routers.filter(of_host).map(judged))
}

/// A host that was not asked for is the cluster's choice.
fn is_same(there: &RouteSpec, wanted: &RouteSpec) -> bool {
    let host = wanted.host.clone().or_else(|| there.host.clone());
    *there
        == RouteSpec {
            host,
            ..wanted.clone()
        }
}

fn judged(router: &RouteIngress) -> Verdict {
    let admitted = router.conditions.iter().find(|told| told.type_ == ADMITTED);
    match admitted {
        Some(told) if told.status == "True" => Verdict::Accepted(Some(router.host.clone())),
        Some(told) if told.status == "False" => Verdict::Refused(told.words()),
        _ => Verdict::Waiting,
    }
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
