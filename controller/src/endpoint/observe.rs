//! Reads everything that the plan of an endpoint needs.

use super::fronts::Fronts;
use super::kinds::{HttpRoute, Route};
use super::tls::{self, Certificate};
use super::wanted::Wanted;
use crate::configuration;
use crate::context::Context;
use crate::error::Error;
use crate::metadata::namespace;
use crate::read::{Lookup, Namespaced};
use k8s_openapi::api::core::v1::{Secret, Service};
use kube::api::ObjectMeta;
use mendix_model::crd::Endpoint;
use mendix_model::crd::operator_configuration::{EndpointConfiguration, EndpointType};

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) configuration: EndpointConfiguration,
    pub(crate) service: Option<Service>,
    pub(crate) fronts: Fronts,
    /// Kinds that the cluster does not have.
    pub(crate) without_routes: bool,
    pub(crate) without_http_routes: bool,
    /// The Secret with the certificate that app or configuration name.
    pub(crate) certificate: Option<Secret>,
    /// The Secret that is made from the app's own fields.
    pub(crate) own_certificate: Option<ObjectMeta>,
}

pub(crate) async fn observe(context: &Context, endpoint: &Endpoint) -> Result<Observed, Error> {
    let (namespace, app) = (namespace(endpoint), &endpoint.spec.environment);
    let configuration = configuration::read(context, &namespace).await?;
    let configuration = configuration.endpoint.unwrap_or_default();
    let type_ = configuration.type_.unwrap_or_default();
    let routes = type_ == EndpointType::OpenshiftRoute;
    let route: Lookup<Route> = perhaps(context, &namespace, app, routes).await?;
    let http_routes = type_ == EndpointType::GatewayRoute;
    let http_route: Lookup<HttpRoute> = perhaps(context, &namespace, app, http_routes).await?;
    Ok(Observed {
        service: crate::read::optional(context, &namespace, app).await?,
        certificate: certificate(context, &namespace, endpoint, &configuration).await?,
        own_certificate: crate::read::metadata::<Secret>(context, &namespace, &tls::own_name(app)).await?,
        without_routes: route.is_unknown(),
        without_http_routes: http_route.is_unknown(),
        fronts: Fronts {
            ingress: crate::read::optional(context, &namespace, app).await?,
            route: route.found(),
            http_route: http_route.found(),
        },
        configuration,
    })
}

/// Read and not watched: a watch of a kind that is not there fails for ever, and with it those of its controller. Where
/// the kind is not asked for, a failure leaves at most something to clean up later: a server of its own may answer for
/// it, and that may be down.
async fn perhaps<K: Namespaced>(
    context: &Context,
    namespace: &str,
    app: &str,
    asked_for: bool,
) -> Result<Lookup<K>, Error> {
    match crate::read::lookup(context, namespace, app).await {
        Err(error) if !asked_for => {
            tracing::debug!(namespace, app, kind = %K::kind(&()), "Not looked for: {error}");
            Ok(Lookup::Unknown)
        }
        found => found,
    }
}

/// The Secret that the wanted endpoint names; an endpoint that is wrong needs none.
async fn certificate(
    context: &Context,
    namespace: &str,
    endpoint: &Endpoint,
    configuration: &EndpointConfiguration,
) -> Result<Option<Secret>, Error> {
    match Wanted::of(endpoint, configuration) {
        Ok(Wanted {
            tls: true,
            certificate: Certificate::Existing { name, .. },
            ..
        }) => crate::read::optional(context, namespace, &name).await,
        _ => Ok(None),
    }
}
