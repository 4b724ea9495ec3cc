//! Reads everything that the plan of an endpoint needs.

use crate::configuration;
use crate::context::Context;
use crate::error::Error;
use crate::metadata::namespace;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use mendix_model::crd::Endpoint;
use mendix_model::crd::operator_configuration::EndpointConfiguration;

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) configuration: EndpointConfiguration,
    pub(crate) service: Option<Service>,
    pub(crate) ingress: Option<Ingress>,
}

pub(crate) async fn observe(context: &Context, endpoint: &Endpoint) -> Result<Observed, Error> {
    let namespace = namespace(endpoint);
    let environment = &endpoint.spec.environment;
    let configuration = configuration::read(context, &namespace).await?;
    Ok(Observed {
        configuration: configuration.endpoint.unwrap_or_default(),
        service: crate::read::optional(context, &namespace, environment).await?,
        ingress: crate::read::optional(context, &namespace, environment).await?,
    })
}
