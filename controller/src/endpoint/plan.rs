//! Decides what an endpoint consists of. Pure.

use super::ingress::{Parts, ingress};
use super::observe::Observed;
use super::service::service;
use super::tls::{self, Certificate};
use super::url;
use crate::apply::controller_of;
use crate::metadata::{is_leaving, namespace};
use crate::report::Report;
use k8s_openapi::api::core::v1::{Secret, Service};
use k8s_openapi::api::networking::v1::Ingress;
use mendix_model::conditions::Progress;
use mendix_model::crd::common::StringMap;
use mendix_model::crd::operator_configuration::EndpointType;
use mendix_model::crd::{Endpoint, EndpointStatus};
use mendix_model::template;

/// What is written, in this order, and what is reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) service: Option<Service>,
    pub(crate) tls_secret: Option<Secret>,
    pub(crate) ingress: Option<Ingress>,
    /// An Ingress of ours that the configuration no longer asks for.
    pub(crate) delete_ingress: Option<Ingress>,
    pub(crate) report: Report<EndpointStatus>,
}

pub(crate) fn plan(endpoint: &Endpoint, observed: &Observed) -> Plan {
    if is_leaving(endpoint) {
        return only(endpoint, Progress::working("Deleting", "being deleted"));
    }
    let made = match observed.configuration.type_.unwrap_or_default() {
        EndpointType::Service => service_only(endpoint, observed),
        EndpointType::Ingress => with_ingress(endpoint, observed),
        EndpointType::OpenshiftRoute => Err(not_yet("openshiftRoute")),
        EndpointType::GatewayRoute => Err(not_yet("gatewayRoute")),
    };
    made.unwrap_or_else(|problem| only(endpoint, Progress::stalled("EndpointInvalid", problem)))
}

fn not_yet(type_: &str) -> String {
    format!(
        "spec.endpoint.type {type_} of the OperatorConfiguration is not supported yet: take ingress, or service with \
         a route of your own"
    )
}

fn service_only(endpoint: &Endpoint, observed: &Observed) -> Result<Plan, String> {
    let configuration = &observed.configuration;
    let tls = tls::enabled(endpoint, None);
    let app = &endpoint.spec.environment;
    let balanced = configuration.service_type.as_deref() == Some("LoadBalancer");
    let url = match own_host(endpoint) {
        Some(host) => Some(url::of_host(&host, tls)),
        None if balanced => url::of_load_balancer(observed.service.as_ref(), configuration, tls),
        None => Some(url::in_cluster(app, &namespace(endpoint), configuration)),
    };
    let progress = match &url {
        Some(_) => Progress::Ready,
        None => Progress::working(
            "LoadBalancer",
            format!("waiting for the address of Service {app}"),
        ),
    };
    Ok(Plan {
        service: Some(the_service(endpoint, observed, None)?),
        delete_ingress: unwanted(endpoint, observed),
        ..with_url(endpoint, progress, url)
    })
}

fn with_ingress(endpoint: &Endpoint, observed: &Observed) -> Result<Plan, String> {
    let configuration = observed.configuration.ingress.clone().unwrap_or_default();
    let app = &endpoint.spec.environment;
    let domain = configuration.domain.as_deref();
    let host = own_host(endpoint).or_else(|| url::generated_host(app, domain)).ok_or(
        "no host: set spec.appURL of the app, or spec.endpoint.ingress.domain of the OperatorConfiguration",
    )?;
    let tls = tls::enabled(endpoint, configuration.enable_tls);
    let configured = configuration
        .tls_secret_name
        .as_deref()
        .map(|it| filled(it, app, domain))
        .transpose()?;
    let certificate = tls::certificate(endpoint, configured)?;
    let annotations = merged(
        configuration.annotations.as_ref(),
        endpoint.spec.endpoint_annotations.as_ref(),
        app,
        domain,
    )?;
    let parts = Parts {
        endpoints: &observed.configuration,
        configuration: &configuration,
        host: &host,
        tls,
        tls_secret_name: certificate.secret_name(),
        annotations,
    };
    let ingress = ingress(endpoint, parts);
    Ok(Plan {
        service: Some(the_service(endpoint, observed, domain)?),
        ingress: Some(ingress),
        tls_secret: match certificate {
            Certificate::Own(secret) if tls => Some(*secret),
            _ => None,
        },
        ..with_url(endpoint, Progress::Ready, Some(url::of_host(&host, tls)))
    })
}

fn the_service(endpoint: &Endpoint, observed: &Observed, domain: Option<&str>) -> Result<Service, String> {
    let configured = observed.configuration.service_annotations.as_ref();
    let own = endpoint.spec.service_annotations.as_ref();
    let annotations = merged(configured, own, &endpoint.spec.environment, domain)?;
    Ok(service(endpoint, &observed.configuration, annotations))
}

/// The configuration's annotations with their templates filled in, under the app's own.
fn merged(
    configured: Option<&StringMap>,
    own: Option<&StringMap>,
    app: &str,
    domain: Option<&str>,
) -> Result<StringMap, String> {
    let mut all = StringMap::new();
    for (key, value) in configured.into_iter().flatten() {
        all.insert(key.clone(), filled(value, app, domain)?);
    }
    all.extend(own.cloned().unwrap_or_default());
    Ok(all)
}

fn filled(text: &str, app: &str, domain: Option<&str>) -> Result<String, String> {
    let values = [("Name", app), ("Domain", domain.unwrap_or_default())];
    template::fill(text, &values).map_err(|error| format!("OperatorConfiguration: {error}"))
}

fn own_host(endpoint: &Endpoint) -> Option<String> {
    let host = endpoint
        .spec
        .app_url
        .as_deref()
        .map(str::trim)
        .filter(|host| !host.is_empty())?;
    // A scheme does not belong here, but people write it.
    let host = host.split_once("://").map_or(host, |(_, rest)| rest);
    Some(host.trim_end_matches('/').to_owned())
}

/// Only an Ingress that we made; one of the user's own may bear the same name.
fn unwanted(endpoint: &Endpoint, observed: &Observed) -> Option<Ingress> {
    let ours = |ingress: &&Ingress| {
        controller_of(&ingress.metadata)
            .is_some_and(|owner| Some(&owner.uid) == endpoint.metadata.uid.as_ref())
    };
    observed.ingress.as_ref().filter(ours).cloned()
}

fn only(endpoint: &Endpoint, progress: Progress) -> Plan {
    let url = endpoint.status.as_ref().and_then(|status| status.app_url.clone());
    with_url(endpoint, progress, url)
}

fn with_url(endpoint: &Endpoint, progress: Progress, url: Option<String>) -> Plan {
    Plan {
        service: None,
        tls_secret: None,
        ingress: None,
        delete_ingress: None,
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
mod tests;
