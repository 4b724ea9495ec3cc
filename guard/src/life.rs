//! The life of a child, from its start to its end.

use crate::admin::Admin;
use crate::child::{self, Ended};
use crate::driver;
use crate::ending::Cause;
use crate::sequence::{Failure, Plan};
use crate::signals::Signals;
use crate::status::Status;
use crate::stop::{self, Times};
use crate::tenure::Tenure;
use jiff::Timestamp;
use rustix::process::Pid;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// A child that dies closes its connections a moment before its end is seen; the end says more.
const END_AFTER_LOSS: Duration = Duration::from_secs(2);

/// A child that lives, and what is needed to end it.
pub(crate) struct Life {
    pub(crate) pid: Pid,
    /// Nothing where the child starts its model itself.
    pub(crate) model: Option<Model>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) end: watch::Receiver<Option<Ended>>,
    pub(crate) times: Times,
    pub(crate) tenure: Tenure,
}

/// How the model is started in the child.
pub(crate) struct Model {
    pub(crate) plan: Plan,
    pub(crate) admin: Admin,
}

impl Life {
    /// Watches the child to its end: why that came, and how.
    pub(crate) async fn run(mut self, signals: &mut Signals) -> (Cause, Ended) {
        let cause = self.watch(signals).await;
        self.status
            .send_modify(|status| *status = status.stopping(Timestamp::now()));
        let (cause, ended) = self.stop(cause).await;
        stop::sweep(self.pid);
        self.tenure.end(self.pid).await;
        (cause, ended)
    }

    /// A lease that is lost while the child is asked to stop has the last word.
    async fn stop(&mut self, cause: Cause) -> (Cause, Ended) {
        let times = match cause {
            Cause::Lost(_) => return (cause, stop::kill(self.pid, &mut self.end).await),
            // Nobody is served by a model that did not start.
            Cause::Failed(_) => Times {
                delay: Duration::ZERO,
                ..self.times
            },
            Cause::ByItself | Cause::Asked(_) => self.times,
        };
        let admin = self.model.as_ref().map(|model| &model.admin);
        let loss = tokio::select! {
            biased;
            loss = self.tenure.lost() => loss,
            ended = stop::stop(times, self.pid, admin, &mut self.end) => return (cause, ended),
        };
        (Cause::Lost(loss), stop::kill(self.pid, &mut self.end).await)
    }

    /// Starts the model and watches until there is a cause to end. The first cause counts.
    async fn watch(&mut self, signals: &mut Signals) -> Cause {
        let asked = Cause::Asked(self.times.grace);
        let failure = tokio::select! {
            biased;
            // First: the child has ended then as well, and not by itself.
            loss = self.tenure.lost() => return Cause::Lost(loss),
            _ = child::end(&mut self.end) => return Cause::ByItself,
            () = signals.asked_to_stop() => return asked,
            failure = failure(self.model.as_ref(), &self.status) => failure,
        };
        if failure.is_lost() && timeout(END_AFTER_LOSS, child::end(&mut self.end)).await.is_ok() {
            return Cause::ByItself;
        }
        Cause::Failed(failure)
    }
}

/// Ends only when the model cannot be started.
async fn failure(model: Option<&Model>, status: &watch::Sender<Status>) -> Failure {
    let Some(Model { plan, admin }) = model else {
        return std::future::pending().await;
    };
    match driver::drive(plan, admin, status).await {
        Ok(()) => std::future::pending().await,
        Err(failure) => failure,
    }
}
