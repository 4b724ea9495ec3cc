//! The custom resources: group `privatecloud.mendix.com`, version `v1alpha1`, compatible with the resources of
//! the official operator on the wire. Sources: Mendix documentation, "Mendix on Kubernetes".

#![expect(
    unreachable_pub,
    reason = "the derives repeat the visibility of a type on code inside of private modules"
)]
#![expect(
    clippy::duplicated_attributes,
    reason = "each printcolumn repeats the names of its arguments"
)]

pub mod app;
pub mod build;
pub mod claim;
pub mod common;
pub mod endpoint;
pub mod environment;
pub mod fields;
pub mod manifest;
pub mod operator_configuration;
pub mod operator_version;
pub mod quantity;
pub mod rollout;
pub mod runtime;
pub mod storage;

pub use app::{MendixApp, MendixAppSpec, MendixAppStatus};
pub use build::{Build, BuildSpec, BuildStatus};
pub use claim::{DatabaseClaim, DatabaseClaimSpec};
pub use endpoint::{Endpoint, EndpointSpec, EndpointStatus};
pub use environment::{Environment, EnvironmentSpec, EnvironmentStatus};
pub use manifest::all;
pub use operator_configuration::{OperatorConfiguration, OperatorConfigurationSpec};
pub use operator_version::{OperatorVersion, OperatorVersionSpec};
pub use quantity::Quantity;
pub use rollout::Rollout;
pub use runtime::{Runtime, RuntimeSpec, RuntimeStatus};
pub use storage::{
    StorageInstance, StorageInstanceSpec, StorageInstanceStatus, StoragePlan, StoragePlanSpec,
    StoragePlanStatus,
};

/// API group of all resources that the official operator has as well.
pub const GROUP: &str = "privatecloud.mendix.com";
/// API group of the resources of the gate.
pub const GUARD_GROUP: &str = "guard.kubectl-mendix.io";
