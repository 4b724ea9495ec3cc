//! The life of the runtime, from start to end.

use crate::admin::Admin;
use crate::assignment::{Assignment, assignment};
use crate::child;
use crate::client::Client;
use crate::ending::{Ending, ending};
use crate::lease::{self, Given};
use crate::life::{Life, Model};
use crate::options::Options;
use crate::sequence;
use crate::serve::{self, MetricsSource, Observer};
use crate::signals::{self, Signals};
use crate::status::Status;
use crate::stop;
use crate::tenure::{Begun, Tenure};
use crate::{java, sources, termination};
use jiff::Timestamp;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::watch;

/// Runs the guard until the child has ended.
pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    told(&options.termination_log, guard(options).await)
}

/// Tells why the guard ends, and gives its exit code.
pub(crate) fn told(termination_log: &Path, outcome: anyhow::Result<Ending>) -> anyhow::Result<ExitCode> {
    let message = match &outcome {
        Ok(ending) => ending.message.clone(),
        Err(error) => Some(format!("{error:#}")),
    };
    if let Some(message) = message {
        termination::write(termination_log, &message);
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
    let part = lease::part(Given::from(&assignment), lease::random());
    let tenure = match Tenure::begin(part, &status, &mut signals).await? {
        Begun::Free(tenure) => tenure,
        Begun::Stopped => return Ok(Ending::asked()),
    };
    let java = java::options(&assignment).map(|options| (java::VARIABLE, options));
    let pid = tenure.start(|| child::spawn(&assignment.command, java))?;
    let (sender, end) = watch::channel(None);
    tokio::spawn(child::reap(children, pid, sender));
    let life = Life {
        pid,
        model: Some(Model {
            plan: sequence::plan(&assignment, options.worker_interval()),
            admin,
        }),
        status,
        end,
        times: stop::times(&assignment.configuration),
        tenure,
    };
    let (cause, ended) = life.run(&mut signals).await;
    Ok(ending(&cause, ended))
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
