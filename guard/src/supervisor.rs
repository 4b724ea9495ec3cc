//! The life of the runtime, from start to end.

use crate::admin::Admin;
use crate::assignment::{Assignment, assignment};
use crate::child::{self, Ended};
use crate::client::Client;
use crate::ending::{Cause, Ending, ending};
use crate::options::Options;
use crate::sequence::{self, Failure, Plan};
use crate::serve::{self, MetricsSource, Observer};
use crate::signals::{self, Signals};
use crate::status::Status;
use crate::stop::{self, Times};
use crate::tenure::{Begun, Tenure};
use crate::{driver, java, sources, termination};
use jiff::Timestamp;
use rustix::process::Pid;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// A child that dies closes its connections a moment before its end is seen; the end says more.
const END_AFTER_LOSS: Duration = Duration::from_secs(2);

/// Runs the guard until the child has ended.
pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let outcome = guard(options).await;
    let message = match &outcome {
        Ok(ending) => ending.message.clone(),
        Err(error) => Some(format!("{error:#}")),
    };
    if let Some(message) = message {
        termination::write(&options.termination_log, &message);
        // An error of ours is told by the caller, with the word for it.
        if outcome.is_ok() {
            tracing::error!("{message}");
        }
    }
    Ok(ExitCode::from(outcome?.code))
}

async fn guard(options: &Options) -> anyhow::Result<Ending> {
    let mut signals = Signals::take()?;
    let children = signals::children()?;
    let assignment = assignment(sources::read(options)?)?;
    let (status, watched) = watch::channel(Status::new(assignment.role, Timestamp::now()));
    let admin = admin(&assignment);
    serve(options, &assignment, &admin, watched).await?;
    child::adopt_orphans();
    warn_of_agent(&assignment);
    let tenure = match Tenure::begin(&assignment, &status, &mut signals).await? {
        Begun::Free(tenure) => tenure,
        Begun::Stopped => return Ok(Ending::asked()),
    };
    let java = java::options(&assignment).map(|options| (java::VARIABLE, options));
    let pid = tenure.start(|| child::spawn(&assignment.command, java))?;
    let (sender, end) = watch::channel(None);
    tokio::spawn(child::reap(children, pid, sender));
    let life = Life {
        pid,
        admin,
        status,
        end,
        times: stop::times(&assignment.configuration),
        tenure,
    };
    Ok(life
        .run(
            &sequence::plan(&assignment, options.worker_interval()),
            &mut signals,
        )
        .await)
}

fn warn_of_agent(assignment: &Assignment) {
    if assignment.configuration.metrics_agent.is_some() && assignment.agent.is_none() {
        tracing::warn!(
            "runtimeMetricsConfiguration.mxAgentConfig is without effect: the image has no mxagent/mx-agent.jar; build it \
             on a base image that has one"
        );
    }
}

fn admin(assignment: &Assignment) -> Admin {
    Admin::new(
        Client::new(),
        assignment.admin_port,
        &assignment.admin_password,
        assignment.secrets.clone(),
    )
}

/// Listens before the child is started: a port that is taken is then seen before anything runs.
async fn serve(
    options: &Options,
    assignment: &Assignment,
    admin: &Admin,
    status: watch::Receiver<Status>,
) -> anyhow::Result<()> {
    let observer = Observer::new(
        admin.clone(),
        assignment.runtime_port,
        status,
        MetricsSource::of(&assignment.configuration),
    );
    let observer = Arc::new(observer);
    let probes = serve::listen(options.probe_port).await?;
    let metrics = serve::listen(options.metrics_port).await?;
    tracing::info!(
        probes = serve::port(&probes),
        metrics = serve::port(&metrics),
        "listening"
    );
    tokio::spawn(serve::serve(probes, serve::probes(Arc::clone(&observer))));
    tokio::spawn(serve::serve(metrics, serve::metrics(observer)));
    Ok(())
}

/// A child that lives, and what is needed to end it.
struct Life {
    pid: Pid,
    admin: Admin,
    status: watch::Sender<Status>,
    end: watch::Receiver<Option<Ended>>,
    times: Times,
    tenure: Tenure,
}

impl Life {
    async fn run(mut self, plan: &Plan, signals: &mut Signals) -> Ending {
        let cause = self.watch(plan, signals).await;
        self.status
            .send_modify(|status| *status = status.stopping(Timestamp::now()));
        let (cause, ended) = self.stop(cause).await;
        stop::sweep(self.pid);
        self.tenure.end(self.pid).await;
        ending(&cause, ended)
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
        let loss = tokio::select! {
            biased;
            loss = self.tenure.lost() => loss,
            ended = stop::stop(times, self.pid, &self.admin, &mut self.end) => return (cause, ended),
        };
        (Cause::Lost(loss), stop::kill(self.pid, &mut self.end).await)
    }

    /// Starts the model and watches until there is a cause to end. The first cause counts.
    async fn watch(&mut self, plan: &Plan, signals: &mut Signals) -> Cause {
        let asked = Cause::Asked(self.times.grace);
        let failure = tokio::select! {
            biased;
            // First: the child has ended then as well, and not by itself.
            loss = self.tenure.lost() => return Cause::Lost(loss),
            _ = child::end(&mut self.end) => return Cause::ByItself,
            () = signals.asked_to_stop() => return asked,
            failure = failure(plan, &self.admin, &self.status) => failure,
        };
        if failure.is_lost() && timeout(END_AFTER_LOSS, child::end(&mut self.end)).await.is_ok() {
            return Cause::ByItself;
        }
        Cause::Failed(failure)
    }
}

/// Ends only when the model cannot be started.
async fn failure(plan: &Plan, admin: &Admin, status: &watch::Sender<Status>) -> Failure {
    match driver::drive(plan, admin, status).await {
        Ok(()) => std::future::pending().await,
        Err(failure) => failure,
    }
}
