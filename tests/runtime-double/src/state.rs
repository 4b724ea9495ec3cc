//! What one runtime process knows of itself, shared by the admin port, the app port and the signals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::database::Database;
use crate::environment::Environment;
use crate::launch::Launch;
use crate::log;
use crate::package::Package;
use crate::register::{Registration, Role};
use crate::settings::Settings;

/// What `runtime_status` says (m2ee admin protocol).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The process is up and can be configured.
    #[default]
    Created,
    Starting,
    /// A start failed so late that it cannot be tried again.
    Broken,
    Running,
    Stopping,
}

/// How the process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Stop the app first, then end with this code.
    Stop(u8),
    /// End at once with this code; the register learns nothing.
    Crash(u8),
}

/// The runtime.
pub struct Runtime {
    pub environment: Environment,
    pub package: Package,
    /// Becomes true when the app port has to close.
    pub closing: watch::Sender<bool>,
    exit: mpsc::UnboundedSender<Exit>,
    state: Mutex<State>,
}

/// What changes while the process runs.
#[derive(Default)]
pub struct State {
    pub status: Status,
    pub app_port: Option<u16>,
    pub app_addresses: Option<String>,
    pub settings: Settings,
    /// Subscribers of the log by name, with their level.
    pub subscribers: BTreeMap<String, String>,
    /// Log levels by subscriber and node.
    pub levels: BTreeMap<(String, String), String>,
    pub criticals: Vec<Critical>,
    pub users: BTreeSet<String>,
    /// Users whose password is `1`.
    pub weak_users: BTreeSet<String>,
    pub licence: Option<Value>,
    pub debugger: bool,
    /// The database that the last `start` went to; DDL commands go there too.
    pub database: Option<Database>,
    pub registration: Option<Arc<Registration>>,
    /// The schema version of a database in memory.
    pub memory_schema: Option<String>,
}

/// A CRITICAL message, as `echo` tells it.
#[derive(Clone, Debug, Serialize)]
pub struct Critical {
    /// Milliseconds since 1970.
    pub timestamp: i64,
    pub message: String,
    pub cause: String,
}

impl Runtime {
    /// A runtime that waits for its configuration, and the receiver of its wish to end.
    pub fn new(environment: Environment, package: Package) -> (Arc<Self>, mpsc::UnboundedReceiver<Exit>) {
        let (exit, exits) = mpsc::unbounded_channel();
        let mut users = BTreeSet::from([package.metadata.admin_user.clone()]);
        users.extend(package.options.weak_admin_users.iter().cloned());
        let weak_users = package.options.weak_admin_users.iter().cloned().collect();
        let state = State {
            users,
            weak_users,
            ..State::default()
        };
        let closing = watch::Sender::new(false);
        (
            Arc::new(Self {
                environment,
                package,
                closing,
                exit,
                state: Mutex::new(state),
            }),
            exits,
        )
    }

    /// The state; never held while something is waited for.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn status(&self) -> Status {
        self.state().status
    }

    /// Changes the status, except that a stop is never taken back by a start that ends meanwhile.
    pub fn set_status(&self, status: Status) {
        let mut state = self.state();
        if state.status != Status::Stopping {
            state.status = status;
        }
    }

    /// What the process is in the cluster, by these settings. Without a leader they have no say.
    pub fn role(&self, settings: &Settings) -> Role {
        match self.environment.launch {
            Launch::Portable => Role::Peer,
            Launch::Admin | Launch::Buildpack => settings.role(),
        }
    }

    /// Whether the register of the database has seen two leaders or two models at once.
    pub fn is_corrupted(&self) -> bool {
        self.state()
            .registration
            .as_ref()
            .is_some_and(|registration| registration.is_corrupted())
    }

    /// Asks the process to end.
    pub fn exit(&self, how: Exit) {
        // Without a receiver the process is ending already.
        let _ = self.exit.send(how);
    }

    /// Logs a CRITICAL message; from then on `echo` does not answer `pong`.
    pub fn critical(&self, message: &str) {
        log::critical("Core", message);
        let timestamp = jiff::Timestamp::now().as_millisecond();
        let critical = Critical {
            timestamp,
            message: message.to_owned(),
            cause: String::new(),
        };
        self.state().criticals.push(critical);
    }
}
