//! A real Kubernetes on one Linux machine, for tests and for `cargo xtask cluster`.
//!
//! [`Cluster::up`] starts one: etcd, control plane, a registry, PostgreSQL, and nodes that each live in a network
//! namespace of their own. [`Cluster::for_tests`] is what tests call; [`with_namespace`] and [`wait_for`] are what
//! they are written with. `docs/cluster.md` tells how it is built and how it cleans up.

mod addresses;
mod api;
mod certificates;
mod cgroups;
mod cleanup;
mod cluster;
mod command;
mod containerd;
mod control_plane;
mod daemon;
pub mod debian;
mod dns;
mod external;
mod faults;
mod health;
mod image;
mod kill;
mod kubeconfig;
mod lifecycle;
mod lock;
mod namespace;
mod network;
mod node;
mod partition;
mod paths;
mod postgres;
mod power;
mod processes;
mod programs;
mod progress;
mod record;
mod registry;
mod requirements;
mod rights;
mod secrets_store;
mod secrets_store_objects;
mod site;
mod start;
pub mod tools;
mod wait;
mod watchers;

pub use cluster::{Cluster, Options};
pub use external::External;
pub use faults::SPARE_TAINT;
pub use health::PartStatus;
pub use namespace::with_namespace;
pub use partition::Cut;
pub use secrets_store::{SECRETS_STORE_FILES, SECRETS_STORE_PROVIDER};
pub use tools::Tools;
pub use wait::{Poll, wait_for};
