//! `OperatorVersion`: which releases of the official operator are installed. Accepted, never acted on.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// Versions of an installation; its fields are not documented, so all of them are preserved.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "privatecloud.mendix.com",
    version = "v1alpha1",
    kind = "OperatorVersion",
    plural = "operatorversions",
    namespaced,
    derive = "PartialEq",
    category = "mendix"
)]
pub struct OperatorVersionSpec {}
