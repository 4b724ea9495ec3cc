//! What manifests say of workloads before any pod is there: read once, by plugin, webhook and controller alike.

mod container;
mod database;
mod guard;
mod kind;
mod role;
mod scaler;
mod workload;

pub use container::{
    Reference, Source, Variables, imported, is_telling, named, of_app, reference, variables,
};
pub use database::{Database, Place, database};
pub use guard::{asks_for_guard, guard_program, guarded_container, has_command};
pub use kind::Kind;
pub use role::{Declaration, misfit};
pub use scaler::Scaler;
#[cfg(test)]
pub(crate) use workload::tests::shop;
pub use workload::{Template, Unreadable, Workload, has_foreign_owner, workload};
