//! The time in which the child may be on the database: from its lease to the word that it has ended. Where no rows are
//! kept, the child runs without.

use crate::child::SpawnError;
use crate::lease::{self, Absence, Handle, Part, Stage};
use crate::signals::Signals;
use crate::status::Status;
use crate::stop;
use mendix_model::lease::{Foreign, Loss, REFUSED};
use rustix::process::Pid;
use tokio::sync::watch;

/// The time in which the child may be on the database.
pub(crate) struct Tenure {
    lease: Option<Handle>,
}

/// What came of waiting.
pub(crate) enum Begun {
    /// The child may run.
    Free(Tenure),
    /// A signal asked for the end.
    Stopped,
}

impl Tenure {
    /// Waits until the child may run.
    ///
    /// # Errors
    /// The database is somebody else's, or cannot be reached.
    pub(crate) async fn begin(
        part: Result<Part, Absence>,
        status: &watch::Sender<Status>,
        signals: &mut Signals,
    ) -> anyhow::Result<Begun> {
        let tell = |stage: &Stage| told(status, stage);
        let part = match part {
            Ok(part) => part,
            Err(absence) => {
                tell(&Stage::Absent(absence));
                return Ok(Begun::Free(Self { lease: None }));
            }
        };
        let handle = lease::begin(part)?;
        let stage = tokio::select! {
            stage = handle.decided(tell) => stage,
            () = signals.asked_to_stop() => {
                handle.end().await;
                return Ok(Begun::Stopped);
            }
        };
        match stage {
            Stage::Held => {
                tokio::spawn(follow(handle.clone(), status.clone()));
                tokio::spawn(follow_foreign(handle.clone(), status.clone()));
                Ok(Begun::Free(Self { lease: Some(handle) }))
            }
            Stage::Absent(_) => Ok(Begun::Free(Self { lease: None })),
            Stage::Refused(why) | Stage::Waiting { why, .. } => Err(anyhow::anyhow!("{REFUSED}{why}")),
            Stage::Lost(loss) => Err(anyhow::anyhow!("{loss}")),
            Stage::Ended => Ok(Begun::Stopped),
        }
    }

    /// Starts the child.
    pub(crate) fn start(&self, spawn: impl FnOnce() -> Result<Pid, SpawnError>) -> anyhow::Result<Pid> {
        match &self.lease {
            Some(lease) => Ok(lease.start(spawn)?),
            None => Ok(spawn()?),
        }
    }

    /// Ends when the lease was lost, and the child killed; never where there is none.
    pub(crate) async fn lost(&self) -> Loss {
        match &self.lease {
            Some(lease) => lease.lost().await,
            None => std::future::pending().await,
        }
    }

    /// The child has ended. What outlives it may still write: then nobody is told, and the next process waits until it is
    /// certain that this container is gone.
    pub(crate) async fn end(&self, child: Pid) {
        let Some(lease) = &self.lease else { return };
        if stop::nothing_left(child).await {
            lease.end().await;
        } else {
            tracing::warn!(
                "the lease on the database is not given back: processes of the runtime have outlived it"
            );
        }
    }
}

/// A lease that is lost is told in the status as well.
async fn follow(lease: Handle, status: watch::Sender<Status>) {
    let loss = lease.lost().await;
    told(&status, &Stage::Lost(loss));
}

/// Who else is on the database is told where people and the controller read it.
async fn follow_foreign(lease: Handle, status: watch::Sender<Status>) {
    let tell = |foreign: &Foreign| {
        tracing::warn!(?foreign, "who is on the database without a row has changed");
        status.send_modify(|status| *status = status.beside(foreign));
    };
    lease.foreign(tell).await;
}

fn told(status: &watch::Sender<Status>, stage: &Stage) {
    let before = status.borrow().lease.clone();
    status.send_modify(|status| *status = status.leased(stage));
    let after = status.borrow().lease.clone();
    // Not for each second that goes by.
    if (before.state, &before.message) != (after.state, &after.message) {
        let message = after.message.unwrap_or_default();
        tracing::info!(lease = after.state.as_str(), "{message}");
    }
}
