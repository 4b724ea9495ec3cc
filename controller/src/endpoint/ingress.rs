//! The Ingress of an app. Pure.

use super::tls::{self, Certificate};
use super::wanted::Wanted;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use mendix_model::crd::operator_configuration::IngressConfiguration;

/// The class as it was written before there was a field for it; some controllers know nothing else.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// Kubernetes wants a path type; this one leaves the matter to the ingress controller, as none did.
const PATH_TYPE: &str = "ImplementationSpecific";

pub(crate) fn ingress(wanted: &Wanted<'_>, configuration: &IngressConfiguration, host: &str) -> Ingress {
    let class = class(wanted, configuration);
    let as_annotation = configuration.custom_ingress_class_as_annotation == Some(true);
    let mut metadata = wanted.metadata();
    if let Some(class) = class.clone().filter(|_| as_annotation) {
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(CLASS_ANNOTATION.to_owned(), class);
    }
    Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: class.filter(|_| !as_annotation),
            rules: Some(vec![rule(wanted, host)]),
            tls: wanted.tls.then(|| vec![tls(wanted, host)]),
            ..IngressSpec::default()
        }),
        ..Ingress::default()
    }
}

/// The app's over the configuration's; an empty text is none.
fn class(wanted: &Wanted<'_>, configuration: &IngressConfiguration) -> Option<String> {
    let set = |text: Option<&String>| text.filter(|text| !text.trim().is_empty()).cloned();
    set(wanted.endpoint.spec.ingress_class_name.as_ref())
        .or_else(|| set(configuration.ingress_class_name.as_ref()))
}

fn tls(wanted: &Wanted<'_>, host: &str) -> IngressTLS {
    IngressTLS {
        hosts: Some(vec![host.to_owned()]),
        secret_name: match &wanted.certificate {
            Certificate::Default => None,
            Certificate::Existing { name, .. } => Some(name.clone()),
            Certificate::Given(_) => Some(tls::own_name(wanted.app())),
        },
    }
}

fn rule(wanted: &Wanted<'_>, host: &str) -> IngressRule {
    let path = wanted.path.as_ref().map_or("/", |path| path.text);
    let path_type = wanted.path_type.as_ref().map_or(PATH_TYPE, |type_| type_.text);
    IngressRule {
        host: Some(host.to_owned()),
        http: Some(HTTPIngressRuleValue {
            paths: vec![HTTPIngressPath {
                path: Some(path.to_owned()),
                path_type: path_type.to_owned(),
                backend: backend(wanted),
            }],
        }),
    }
}

fn backend(wanted: &Wanted<'_>) -> IngressBackend {
    IngressBackend {
        service: Some(IngressServiceBackend {
            name: wanted.app().to_owned(),
            port: Some(ServiceBackendPort {
                number: wanted.port(),
                name: None,
            }),
        }),
        resource: None,
    }
}
