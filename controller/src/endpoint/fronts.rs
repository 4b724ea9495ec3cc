//! What leads to the Service from outside of the cluster: at most one of these is wanted. Pure.

use super::kinds::{HttpRoute, Route};
use crate::apply::controller_of;
use crate::metadata::is_leaving;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Resource;
use mendix_model::crd::Endpoint;

/// One object a kind, as it is there or as it shall be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fronts {
    pub(crate) ingress: Option<Ingress>,
    pub(crate) route: Option<Route>,
    pub(crate) http_route: Option<HttpRoute>,
}

impl Fronts {
    /// What is there and not among `wanted`. Only what we made: one of the user's own may bear the same name.
    pub(crate) fn left_over(self, wanted: &Self, owner: &Endpoint) -> Self {
        Self {
            ingress: unwanted(self.ingress, wanted.ingress.as_ref(), owner),
            route: unwanted(self.route, wanted.route.as_ref(), owner),
            http_route: unwanted(self.http_route, wanted.http_route.as_ref(), owner),
        }
    }
}

fn unwanted<K: Resource>(there: Option<K>, wanted: Option<&K>, owner: &Endpoint) -> Option<K> {
    there.filter(|there| wanted.is_none() && is_ours(there, owner) && !is_leaving(there))
}

/// Whether the endpoint made an object.
pub(crate) fn is_ours<K: Resource>(object: &K, owner: &Endpoint) -> bool {
    let controller = controller_of(object.meta());
    controller.is_some_and(|controller| Some(&controller.uid) == owner.metadata.uid.as_ref())
}
