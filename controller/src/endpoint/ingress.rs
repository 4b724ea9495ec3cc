//! The Ingress of an app. Pure.

use super::service::ports;
use crate::metadata;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use kube::api::ObjectMeta;
use mendix_model::crd::Endpoint;
use mendix_model::crd::common::StringMap;
use mendix_model::crd::operator_configuration::{EndpointConfiguration, IngressConfiguration};

/// The class as it was written before there was a field for it; some controllers know nothing else.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// Kubernetes wants a path type; this one leaves the matter to the ingress controller, as none did.
const PATH_TYPE: &str = "ImplementationSpecific";

/// What an Ingress is made from besides the endpoint itself.
pub(crate) struct Parts<'a> {
    pub(crate) endpoints: &'a EndpointConfiguration,
    pub(crate) configuration: &'a IngressConfiguration,
    pub(crate) host: &'a str,
    pub(crate) tls: bool,
    pub(crate) tls_secret_name: Option<String>,
    pub(crate) annotations: StringMap,
}

pub(crate) fn ingress(endpoint: &Endpoint, parts: Parts<'_>) -> Ingress {
    let app = &endpoint.spec.environment;
    let class = first(
        endpoint.spec.ingress_class_name.as_ref(),
        parts.configuration.ingress_class_name.as_ref(),
    );
    let as_annotation = parts.configuration.custom_ingress_class_as_annotation == Some(true);
    let rules = Some(vec![rule(endpoint, &parts)]);
    let tls = parts.tls.then(|| vec![tls(&parts)]);
    let mut annotations = parts.annotations;
    if let Some(class) = class.clone().filter(|_| as_annotation) {
        annotations.insert(CLASS_ANNOTATION.to_owned(), class);
    }
    Ingress {
        metadata: ObjectMeta {
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            ..metadata::owned(endpoint, app, app.clone())
        },
        spec: Some(IngressSpec {
            ingress_class_name: class.filter(|_| !as_annotation),
            rules,
            tls,
            ..IngressSpec::default()
        }),
        ..Ingress::default()
    }
}

/// The app's over the configuration's; an empty text is none.
fn first(own: Option<&String>, configured: Option<&String>) -> Option<String> {
    let set = |text: Option<&String>| text.filter(|text| !text.trim().is_empty()).cloned();
    set(own).or_else(|| set(configured))
}

fn tls(parts: &Parts<'_>) -> IngressTLS {
    IngressTLS {
        hosts: Some(vec![parts.host.to_owned()]),
        secret_name: parts.tls_secret_name.clone(),
    }
}

fn rule(endpoint: &Endpoint, parts: &Parts<'_>) -> IngressRule {
    let spec = &endpoint.spec;
    let configured = parts.configuration;
    let path = first(spec.ingress_path.as_ref(), configured.path.as_ref());
    let path_type = first(spec.ingress_path_type.as_ref(), configured.path_type.as_ref());
    IngressRule {
        host: Some(parts.host.to_owned()),
        http: Some(HTTPIngressRuleValue {
            paths: vec![HTTPIngressPath {
                path: Some(path.unwrap_or_else(|| "/".to_owned())),
                path_type: path_type.unwrap_or_else(|| PATH_TYPE.to_owned()),
                backend: backend(&spec.environment, parts.endpoints),
            }],
        }),
    }
}

fn backend(app: &str, configuration: &EndpointConfiguration) -> IngressBackend {
    IngressBackend {
        service: Some(IngressServiceBackend {
            name: app.to_owned(),
            port: Some(ServiceBackendPort {
                number: ports(configuration).first().copied(),
                name: None,
            }),
        }),
        resource: None,
    }
}
