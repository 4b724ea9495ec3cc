//! What the configuration says of its type of endpoint, whatever the type is. Pure.

use super::field::Field;
use mendix_model::crd::common::StringMap;
use mendix_model::crd::operator_configuration::{
    EndpointConfiguration, EndpointType, GatewayRouteConfiguration, IngressConfiguration, RouteConfiguration,
};

/// The section of one type; without entries for what the type does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Section<'a> {
    /// Its name, for sentences.
    name: &'static str,
    pub(crate) annotations: Option<&'a StringMap>,
    domain: Option<&'a String>,
    pub(crate) enable_tls: Option<bool>,
    tls_secret_name: Option<&'a String>,
    path: Option<&'a String>,
    path_type: Option<&'a String>,
}

impl<'a> Section<'a> {
    /// The section of the type that is set.
    pub(crate) fn of(configuration: &'a EndpointConfiguration) -> Self {
        let (name, section) = match configuration.type_.unwrap_or_default() {
            EndpointType::Service => ("service", None),
            EndpointType::Ingress => ("ingress", configuration.ingress.as_ref().map(of_ingress)),
            EndpointType::OpenshiftRoute => (
                "openshiftRoute",
                configuration.openshift_route.as_ref().map(of_route),
            ),
            EndpointType::GatewayRoute => (
                "gatewayRoute",
                configuration.gateway_route.as_ref().map(of_gateway),
            ),
        };
        Self {
            name,
            ..section.unwrap_or_default()
        }
    }

    pub(crate) fn domain(&self) -> Option<Field<'a>> {
        Field::of_configuration(&self.path_to("domain"), self.domain)
    }

    pub(crate) fn tls_secret_name(&self) -> Option<Field<'a>> {
        Field::of_configuration(&self.path_to("tlsSecretName"), self.tls_secret_name)
    }

    pub(crate) fn path(&self) -> Option<Field<'a>> {
        Field::of_configuration(&self.path_to("path"), self.path)
    }

    pub(crate) fn path_type(&self) -> Option<Field<'a>> {
        Field::of_configuration(&self.path_to("pathType"), self.path_type)
    }

    /// A field of it, below the endpoint.
    pub(crate) fn path_to(&self, field: &str) -> String {
        format!("{}.{field}", self.name)
    }
}

fn of_ingress(ingress: &IngressConfiguration) -> Section<'_> {
    Section {
        annotations: ingress.annotations.as_ref(),
        domain: ingress.domain.as_ref(),
        enable_tls: ingress.enable_tls,
        tls_secret_name: ingress.tls_secret_name.as_ref(),
        path: ingress.path.as_ref(),
        path_type: ingress.path_type.as_ref(),
        ..Section::default()
    }
}

fn of_route(route: &RouteConfiguration) -> Section<'_> {
    Section {
        annotations: route.annotations.as_ref(),
        domain: route.domain.as_ref(),
        enable_tls: route.enable_tls,
        tls_secret_name: route.tls_secret_name.as_ref(),
        ..Section::default()
    }
}

fn of_gateway(route: &GatewayRouteConfiguration) -> Section<'_> {
    Section {
        annotations: route.annotations.as_ref(),
        domain: route.domain.as_ref(),
        enable_tls: route.enable_tls,
        ..Section::default()
    }
}
