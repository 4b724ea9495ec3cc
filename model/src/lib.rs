//! Types, names, invariants and decisions of the project, as data.
//!
//! The promise of this crate: nothing here has a client, a runtime or a clock. What is decided here is decided
//! from its arguments alone, so that controller, webhook, guard, tasks and plugin come to the same result.

pub mod admission;
mod base64;
pub mod conditions;
pub mod crd;
pub mod database;
pub mod defaults;
pub mod endpoint;
pub mod explanation;
#[cfg(test)]
mod exploration;
pub mod gate;
pub mod invariants;
pub mod jvm_memory;
pub mod lease;
pub mod manifest;
pub mod names;
pub mod pod;
pub mod policies;
pub mod rollout;
pub mod rules;
pub mod runtime_configuration;
pub mod runtime_spec;
pub mod secret_store;
pub mod task;
pub mod template;
