//! The guard of a plain manifest: the app starts its model itself, as it would without, and the guard keeps the lease on
//! the database. It configures nothing.

mod place;

use crate::child;
use crate::ending::{Ending, ending_of_other};
use crate::life::Life;
use crate::options::KeepOptions;
use crate::sequence::{Attempt, State};
use crate::serve;
use crate::signals::{self, HandedOn, Signals};
use crate::status::Status;
use crate::tenure::{Begun, Tenure};
use crate::{lease, sources, stop, supervisor};
use jiff::Timestamp;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::watch;

/// Runs the guard until the child has ended.
pub(crate) async fn run(options: &KeepOptions) -> anyhow::Result<ExitCode> {
    supervisor::told(&options.termination_log, keep(options).await)
}

async fn keep(options: &KeepOptions) -> anyhow::Result<Ending> {
    let mut signals = Signals::take()?;
    let handed_on = HandedOn::take()?;
    let children = signals::children()?;
    let variables = sources::variables();
    let role = place::role(&variables)?;
    let (status, watched) = watch::channel(Status::new(role, Timestamp::now()));
    serve(options.probe_port, watched).await;
    child::adopt_orphans();
    let part = place::part(&variables, role, lease::random());
    let tenure = match Tenure::begin(part, &status, &mut signals).await? {
        Begun::Free(tenure) => tenure,
        Begun::Stopped => return Ok(Ending::asked()),
    };
    let pid = tenure.start(|| child::spawn(&options.command, None::<(&str, String)>))?;
    handed_on.to(pid);
    let (sender, end) = watch::channel(None);
    tokio::spawn(child::reap(children, pid, sender));
    status.send_modify(|status| *status = status.at(&State::Running(Attempt::default()), Timestamp::now()));
    let life = Life {
        pid,
        model: None,
        status,
        end,
        times: stop::within(Duration::from_secs(options.grace)),
        tenure,
    };
    let (cause, ended) = life.run(&mut signals).await;
    Ok(ending_of_other(&cause, ended))
}

/// The port may be another's: it is for the status alone, and the app does not need it.
async fn serve(port: i32, status: watch::Receiver<Status>) {
    match serve::listen(port).await {
        Ok(listener) => {
            tracing::info!(probes = serve::port(&listener), "listening");
            tokio::spawn(serve::serve(listener, serve::status_alone(status)));
        }
        Err(error) => tracing::warn!("the status of the guard cannot be read: {error}"),
    }
}
