//! The Service of an app. Pure.

use super::wanted::Wanted;
use crate::metadata;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ObjectMeta;
use mendix_model::crd::operator_configuration::EndpointConfiguration;
use mendix_model::{defaults, names};

/// Type of a Service that nothing else is said of.
const CLUSTER_IP: &str = "ClusterIP";
/// Type of a Service whose address somebody makes up.
pub(crate) const LOAD_BALANCER: &str = "LoadBalancer";
/// Name of the first port; people and scrapers know it, and routes go by it.
pub(crate) const FIRST_PORT: &str = "http";

/// The ports of every Service of a namespace.
pub(crate) fn ports(configuration: &EndpointConfiguration) -> Vec<i32> {
    let ports = configuration
        .service_ports
        .clone()
        .filter(|ports| !ports.is_empty());
    ports.unwrap_or_else(|| defaults::SERVICE_PORTS.to_vec())
}

/// The type of every Service of a namespace.
pub(crate) fn type_(configuration: &EndpointConfiguration) -> &str {
    let type_ = configuration.service_type.as_deref().map(str::trim);
    type_.filter(|type_| !type_.is_empty()).unwrap_or(CLUSTER_IP)
}

/// Leads to leader and workers alike.
pub(crate) fn service(wanted: &Wanted<'_>) -> Service {
    let (app, configuration) = (wanted.app(), wanted.configuration);
    let annotations = Some(wanted.service_annotations.clone()).filter(|annotations| !annotations.is_empty());
    Service {
        metadata: ObjectMeta {
            annotations,
            ..metadata::owned(wanted.endpoint, app, app.to_owned())
        },
        spec: Some(ServiceSpec {
            type_: Some(type_(configuration).to_owned()),
            selector: Some(names::selector(app, None)),
            ports: Some(ports(configuration).into_iter().enumerate().map(port).collect()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

/// Names must differ.
fn port((index, port): (usize, i32)) -> ServicePort {
    ServicePort {
        name: Some(if index == 0 {
            FIRST_PORT.to_owned()
        } else {
            format!("http-{port}")
        }),
        port,
        target_port: Some(IntOrString::String(names::APP_PORT_NAME.to_owned())),
        protocol: Some("TCP".to_owned()),
        app_protocol: Some("http".to_owned()),
        ..ServicePort::default()
    }
}
