//! Decides what an endpoint consists of. Pure.

use super::fronts::{Fronts, is_ours};
use super::http_route::{self, http_route};
use super::ingress::ingress;
use super::observe::Observed;
use super::route::{self, route};
use super::service::{self, service};
use super::tls::{self, Certificate, KeyPair};
use super::url;
use super::wanted::Wanted;
use crate::metadata::{is_leaving, namespace};
use crate::read::UNWATCHED;
use crate::report::Report;
use k8s_openapi::api::core::v1::{Secret, Service};
use kube::api::ObjectMeta;
use mendix_model::conditions::Progress;
use mendix_model::crd::operator_configuration::EndpointType;
use mendix_model::crd::{Endpoint, EndpointStatus};
use std::time::Duration;

/// Until the next look at what is waited for and not watched: routes and Secrets.
const SOON: Duration = Duration::from_secs(5);
/// Reason of an endpoint that cannot be made as it is configured.
const INVALID: &str = "EndpointInvalid";

/// What is written, in this order, and what is reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) service: Option<Service>,
    pub(crate) tls_secret: Option<Secret>,
    /// What leads to the Service.
    pub(crate) fronts: Fronts,
    /// What was made for a type that is no longer asked for, once the new one stands.
    pub(crate) left_over: Fronts,
    pub(crate) left_over_secret: Option<ObjectMeta>,
    pub(crate) report: Report<EndpointStatus>,
}

pub(crate) fn plan(endpoint: &Endpoint, observed: &Observed) -> Plan {
    if is_leaving(endpoint) {
        return only(endpoint, Progress::working("Deleting", "being deleted"), None);
    }
    match decided(endpoint, observed) {
        Ok(plan) => without_left_overs(endpoint, observed, plan),
        Err(Problem { sentence, look_again }) => {
            only(endpoint, Progress::stalled(INVALID, sentence), look_again)
        }
    }
}

/// Why there is no plan.
struct Problem {
    sentence: String,
    /// When no watch tells that it is mended.
    look_again: Option<Duration>,
}

impl From<String> for Problem {
    fn from(sentence: String) -> Self {
        Self {
            sentence,
            look_again: None,
        }
    }
}

impl Problem {
    fn unwatched(sentence: String) -> Self {
        Self {
            sentence,
            look_again: Some(UNWATCHED),
        }
    }
}

fn decided(endpoint: &Endpoint, observed: &Observed) -> Result<Plan, Problem> {
    let wanted = Wanted::of(endpoint, &observed.configuration)?;
    match observed.configuration.type_.unwrap_or_default() {
        EndpointType::Service => Ok(service_only(&wanted, observed)),
        EndpointType::Ingress => with_ingress(&wanted, observed),
        EndpointType::OpenshiftRoute => with_route(&wanted, observed),
        EndpointType::GatewayRoute => with_http_route(&wanted, observed),
    }
}

fn service_only(wanted: &Wanted<'_>, observed: &Observed) -> Plan {
    let configuration = wanted.configuration;
    let balanced = service::type_(configuration) == service::LOAD_BALANCER;
    let url = match &wanted.host {
        Some(host) => Some(url::of_host(host, wanted.tls)),
        None if balanced => url::of_load_balancer(observed.service.as_ref(), configuration, wanted.tls),
        None => Some(url::in_cluster(
            wanted.app(),
            &namespace(wanted.endpoint),
            configuration,
        )),
    };
    let progress = match &url {
        Some(_) => Progress::Ready,
        None => Progress::working(
            "LoadBalancer",
            format!("waiting for the address of Service {}", wanted.app()),
        ),
    };
    made(wanted, Fronts::default(), progress, url)
}

fn with_ingress(wanted: &Wanted<'_>, observed: &Observed) -> Result<Plan, Problem> {
    let configuration = observed.configuration.ingress.clone().unwrap_or_default();
    let host = wanted.needed_host()?;
    let fronts = Fronts {
        ingress: Some(ingress(wanted, &configuration, host)),
        ..Fronts::default()
    };
    let secret = match &wanted.certificate {
        Certificate::Given(pair) if wanted.tls => Some(tls::secret(wanted.endpoint, pair)),
        _ => None,
    };
    // What makes certificates goes by the Ingress, so that is made before its Secret is there.
    let progress = match named_pair(wanted, observed)? {
        Pair::Missing(sentence) => {
            Progress::working("Certificate", format!("waiting for a certificate: {sentence}"))
        }
        Pair::None | Pair::Read(_) => Progress::Ready,
    };
    let mut plan = made(wanted, fronts, progress, Some(url::of_host(host, wanted.tls)));
    plan.tls_secret = secret;
    Ok(if names_secret(wanted) { polled(plan) } else { plan })
}

fn with_route(wanted: &Wanted<'_>, observed: &Observed) -> Result<Plan, Problem> {
    if observed.without_routes {
        let kind = "the cluster has no kind Route (route.openshift.io/v1), which is OpenShift's";
        return Err(unknown_kind(
            kind,
            "openshiftRoute",
            "take another type, such as ingress",
        ));
    }
    let pair = match (&wanted.certificate, named_pair(wanted, observed)?) {
        (_, Pair::Missing(sentence)) => return Err(Problem::unwatched(sentence)),
        (_, Pair::Read(pair)) => Some(pair),
        (Certificate::Given(pair), Pair::None) => Some(pair.clone()),
        (_, Pair::None) => None,
    };
    let route = route(wanted, pair)?;
    let (progress, given) = route::standing(observed.fronts.route.as_ref(), &route);
    let host = wanted.host.clone().or(given);
    let fronts = Fronts {
        route: Some(route),
        ..Fronts::default()
    };
    let url = host.map(|host| url::of_host(&host, wanted.tls));
    Ok(polled(made(wanted, fronts, progress, url)))
}

fn with_http_route(wanted: &Wanted<'_>, observed: &Observed) -> Result<Plan, Problem> {
    if observed.without_http_routes {
        let kind = "the cluster has no kind HTTPRoute (gateway.networking.k8s.io/v1)";
        return Err(unknown_kind(
            kind,
            "gatewayRoute",
            "install the Gateway API, or take another type",
        ));
    }
    let host = wanted.needed_host()?;
    let route = http_route(wanted, host)?;
    let progress = http_route::standing(observed.fronts.http_route.as_ref(), &route);
    let fronts = Fronts {
        http_route: Some(route),
        ..Fronts::default()
    };
    let url = Some(url::of_host(host, wanted.tls));
    Ok(polled(made(wanted, fronts, progress, url)))
}

fn unknown_kind(kind: &str, type_: &str, remedy: &str) -> Problem {
    Problem::unwatched(format!(
        "{kind}, and spec.endpoint.type of the OperatorConfiguration is {type_}: {remedy}"
    ))
}

/// Looked at again, since nothing tells of a change.
fn polled(mut plan: Plan) -> Plan {
    let waits = matches!(plan.report.progress, Progress::Working { .. });
    plan.report.requeue = Some(if waits { SOON } else { UNWATCHED });
    plan
}

/// What is in the Secret that app or configuration name.
enum Pair {
    /// None is named.
    None,
    Read(KeyPair),
    /// It is not there, in a sentence.
    Missing(String),
}

fn named_pair(wanted: &Wanted<'_>, observed: &Observed) -> Result<Pair, Problem> {
    match &wanted.certificate {
        Certificate::Existing { name, field } if wanted.tls => {
            let read = tls::read(name, field, observed.certificate.as_ref()).map_err(Problem::unwatched)?;
            Ok(read.map_or_else(|| Pair::Missing(tls::missing(name, field)), Pair::Read))
        }
        _ => Ok(Pair::None),
    }
}

fn names_secret(wanted: &Wanted<'_>) -> bool {
    wanted.tls && matches!(wanted.certificate, Certificate::Existing { .. })
}

fn made(wanted: &Wanted<'_>, fronts: Fronts, progress: Progress, url: Option<String>) -> Plan {
    Plan {
        service: Some(service(wanted)),
        fronts,
        ..with_url(wanted.endpoint, progress, url)
    }
}

/// The old front leads to the app until the new one does.
fn without_left_overs(endpoint: &Endpoint, observed: &Observed, mut plan: Plan) -> Plan {
    if plan.report.progress == Progress::Ready {
        plan.left_over = observed.fronts.clone().left_over(&plan.fronts, endpoint);
        plan.left_over_secret = left_over_secret(endpoint, observed, &plan);
    }
    plan
}

/// The Secret of a certificate that the app no longer has, unless it is named from elsewhere by now.
fn left_over_secret(endpoint: &Endpoint, observed: &Observed, plan: &Plan) -> Option<ObjectMeta> {
    let there = observed.own_certificate.clone()?;
    let named = observed
        .certificate
        .as_ref()
        .and_then(|secret| secret.metadata.name.as_ref());
    let ours = is_ours(
        &Secret {
            metadata: there.clone(),
            ..Secret::default()
        },
        endpoint,
    );
    let wanted = plan.tls_secret.is_some() || named == there.name.as_ref();
    Some(there).filter(|there| ours && !wanted && there.deletion_timestamp.is_none())
}

/// Nothing is written; the address stays.
fn only(endpoint: &Endpoint, progress: Progress, look_again: Option<Duration>) -> Plan {
    let url = endpoint.status.as_ref().and_then(|status| status.app_url.clone());
    let mut plan = with_url(endpoint, progress, url);
    plan.report.requeue = look_again;
    plan
}

fn with_url(endpoint: &Endpoint, progress: Progress, url: Option<String>) -> Plan {
    Plan {
        service: None,
        tls_secret: None,
        fronts: Fronts::default(),
        left_over: Fronts::default(),
        left_over_secret: None,
        report: Report {
            status: EndpointStatus {
                app_url: url,
                ..endpoint.status.clone().unwrap_or_default()
            },
            progress,
            facts: Vec::new(),
            requeue: None,
        },
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(super) mod tests;

#[cfg(test)]
#[path = "change_tests.rs"]
mod change_tests;

#[cfg(test)]
#[path = "bad_input_tests.rs"]
mod bad_input_tests;
