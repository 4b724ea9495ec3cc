//! What the thread of the lease and the rest of the guard have in common.

use super::clock;
use crate::child::{self, SpawnError};
use mendix_model::lease::{Duty, Foreign, Lease, Loss, TERMS, duty};
use rustix::process::{Pid, Signal};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// The word of the end may take so long.
const LIMIT: Duration = Duration::from_secs(5);

/// How far the lease is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// It is not there yet.
    Waiting {
        /// Why, in a sentence.
        why: String,
        /// So many seconds are left, where that can be told.
        seconds: Option<u64>,
    },
    /// The database keeps no rows; why.
    Absent(super::Absence),
    /// It cannot be had; why, and what to do.
    Refused(String),
    /// The child may run.
    Held,
    /// It was held, and is no more: the child was killed.
    Lost(Loss),
    /// The database knows that the process has ended, or was not reached to be told.
    Ended,
}

pub(super) struct Shared {
    stage: watch::Sender<Stage>,
    foreign: watch::Sender<Foreign>,
    ending: watch::Receiver<bool>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    lease: Option<Lease>,
    /// The child, until it was killed.
    child: Option<Pid>,
}

/// The lease as the rest of the guard sees it.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(super) shared: Arc<Shared>,
    stage: watch::Receiver<Stage>,
    foreign: watch::Receiver<Foreign>,
    ending: watch::Sender<bool>,
}

impl Handle {
    pub(super) fn new() -> Self {
        let first = Stage::Waiting {
            why: "looks whether the database is free".to_owned(),
            seconds: None,
        };
        let (sender, stage) = watch::channel(first);
        let (foreigners, foreign) = watch::channel(Foreign::default());
        let (ending, ended) = watch::channel(false);
        let shared = Shared {
            stage: sender,
            foreign: foreigners,
            ending: ended,
            held: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            stage,
            foreign,
            ending,
        }
    }

    /// Waits until it is decided: the child may run, or it may not, or nobody keeps rows. Tells each stage on the way.
    pub(crate) async fn decided(&self, mut tell: impl FnMut(&Stage)) -> Stage {
        let mut stage = self.stage.clone();
        loop {
            let present = stage.borrow_and_update().clone();
            tell(&present);
            if !matches!(present, Stage::Waiting { .. }) || stage.changed().await.is_err() {
                return present;
            }
        }
    }

    /// Ends when the lease was lost.
    pub(crate) async fn lost(&self) -> Loss {
        let mut stage = self.stage.clone();
        loop {
            if let Stage::Lost(loss) = *stage.borrow_and_update() {
                return loss;
            }
            if stage.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Tells who else is on the database, whenever that changes; ends with the lease.
    pub(crate) async fn foreign(&self, mut tell: impl FnMut(&Foreign)) {
        let mut foreign = self.foreign.clone();
        while foreign.changed().await.is_ok() {
            tell(&foreign.borrow_and_update());
        }
    }

    /// Starts the child, if the lease holds at this very moment: a thread that was kept from looking at its clock may
    /// not have noticed yet.
    pub(crate) fn start(&self, spawn: impl FnOnce() -> Result<Pid, SpawnError>) -> Result<Pid, StartError> {
        let mut held = self.shared.held();
        let lease = held.lease.ok_or(StartError::NotHeld)?;
        if let Duty::Kill(loss) = duty(&TERMS, &lease, clock::now()) {
            return Err(StartError::Lost(loss));
        }
        let pid = spawn()?;
        held.child = Some(pid);
        Ok(pid)
    }

    /// The child and all that it started have ended: the database is told, so that nobody has to wait.
    pub(crate) async fn end(&self) {
        self.ending.send_replace(true);
        let mut stage = self.stage.clone();
        let over =
            stage.wait_for(|stage| matches!(stage, Stage::Ended | Stage::Refused(_) | Stage::Absent(_)));
        // The thread has a limit of its own, below this one.
        let _ = timeout(LIMIT, over).await;
    }
}

/// Why a child was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("failed to start the runtime: the lease on the database is not held")]
    NotHeld,
    #[error("failed to start the runtime: {0}")]
    Lost(Loss),
    #[error(transparent)]
    Spawn(#[from] SpawnError),
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how far the lease is; people are told when that changes.
    pub(super) fn tell(&self, stage: Stage) {
        self.stage.send_if_modified(|present| {
            let changed = *present != stage;
            *present = stage;
            changed
        });
    }

    /// Says who else is on the database.
    pub(super) fn tell_foreign(&self, foreign: Foreign) {
        self.foreign.send_if_modified(|present| {
            let changed = *present != foreign;
            *present = foreign;
            changed
        });
    }

    /// Ends when the guard has said that its child has ended. A guard that went without a word has not said so.
    pub(super) async fn child_ended(&self) {
        let mut ending = self.ending.clone();
        if ending.wait_for(|ending| *ending).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The first statement was answered.
    pub(super) fn begin(&self, lease: Lease) {
        self.held().lease = Some(lease);
        self.tell(Stage::Held);
    }

    /// Changes what is known of the lease.
    pub(super) fn update(&self, change: impl FnOnce(Lease) -> Lease) {
        let mut held = self.held();
        held.lease = held.lease.map(change);
    }

    /// What the holder must do now. When it must kill, it is done: the word goes first, so that nobody takes the end of
    /// the child for its own, and both before the lock is given back, so that no child is started in between.
    pub(super) fn duty(&self) -> Duty {
        let mut held = self.held();
        let Some(lease) = &held.lease else {
            return Duty::Renew;
        };
        let duty = duty(&TERMS, lease, clock::now());
        if let Duty::Kill(loss) = duty {
            self.tell(Stage::Lost(loss));
            if let Some(pid) = held.child.take() {
                child::signal(pid, Signal::KILL);
            }
        }
        duty
    }
}
