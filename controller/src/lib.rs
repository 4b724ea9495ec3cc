//! The controller: turns `MendixApp`s into running apps.
//!
//! One folder a kind. Each reconciles in five steps: observe (reads), check and plan (pure), apply (writes), report
//! (status and events). Nothing that a restart would miss is kept in memory, and every write may be repeated.

mod app;
mod apply;
mod back_off;
mod build;
mod configuration;
mod context;
mod drain;
mod drift;
mod endpoint;
mod error;
mod gate;
mod guards;
mod hash;
mod health;
mod lease;
mod metadata;
mod metrics;
mod pod_state;
mod proxy;
mod puller;
mod read;
mod reconcile;
mod report;
mod run;
mod runtime;
mod storage;
mod task_pod;
mod toleration;
mod uninstall;

use clap::Args;
use std::net::SocketAddr;

pub use context::Context;
pub use run::run;
pub use uninstall::{Uninstall, uninstall};

/// For the tests of this crate, which drive the reconcile functions against an API server in a map.
#[doc(hidden)]
pub mod testing {
    pub use crate::error::Error;
    pub use crate::guards::{Answers, NoAnswer, ask};
    pub use crate::read::Namespaced;
    pub use crate::reconcile::{Kind, reconcile, reconcile_at};
    pub use crate::report::{Conditioned, Report};
}

/// How the controller is started.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Namespaces whose apps are run.
    #[arg(long, env = "MENDIX_NAMESPACES", value_delimiter = ',', required = true)]
    pub namespaces: Vec<String>,
    /// This program's own image, for task pods and for the guard.
    #[arg(long, env = "MENDIX_IMAGE")]
    pub image: String,
    /// Address of health checks.
    #[arg(long, env = "MENDIX_LISTEN", default_value = "[::]:8080")]
    pub listen: SocketAddr,
    /// Namespace of the Lease by which one of several controllers is chosen.
    #[arg(long, env = "MENDIX_LEASE_NAMESPACE")]
    pub lease_namespace: String,
    /// Name of this process in the Lease: the pod's name.
    #[arg(long, env = "MENDIX_IDENTITY")]
    pub identity: String,
}

impl Arguments {
    /// Names of managed namespaces. An empty variable is one empty name.
    pub(crate) fn managed(&self) -> Vec<String> {
        let names = self.namespaces.iter().map(|it| it.trim());
        names.filter(|it| !it.is_empty()).map(ToOwned::to_owned).collect()
    }
}
