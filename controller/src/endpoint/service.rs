//! The Service of an app. Pure.

use crate::metadata;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ObjectMeta;
use mendix_model::crd::Endpoint;
use mendix_model::crd::common::StringMap;
use mendix_model::crd::operator_configuration::EndpointConfiguration;
use mendix_model::{defaults, names};

/// The ports of every Service of a namespace.
pub(crate) fn ports(configuration: &EndpointConfiguration) -> Vec<i32> {
    let ports = configuration
        .service_ports
        .clone()
        .filter(|ports| !ports.is_empty());
    ports.unwrap_or_else(|| defaults::SERVICE_PORTS.to_vec())
}

/// Leads to leader and workers alike.
pub(crate) fn service(
    endpoint: &Endpoint,
    configuration: &EndpointConfiguration,
    annotations: StringMap,
) -> Service {
    let app = &endpoint.spec.environment;
    Service {
        metadata: ObjectMeta {
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            ..metadata::owned(endpoint, app, app.clone())
        },
        spec: Some(ServiceSpec {
            type_: Some(
                configuration
                    .service_type
                    .clone()
                    .unwrap_or_else(|| "ClusterIP".to_owned()),
            ),
            selector: Some(names::selector(app, None)),
            ports: Some(ports(configuration).into_iter().enumerate().map(port).collect()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

/// Names must differ; the first is the one that people and scrapers know.
fn port((index, port): (usize, i32)) -> ServicePort {
    ServicePort {
        name: Some(if index == 0 {
            "http".to_owned()
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
