//! `kubectl mendix protect`: look, give the rights, label the namespace, restart what runs without the gate.

use crate::cli::{DryRun, ProtectArguments};
use crate::cluster::Cluster;
use crate::command::status::layout;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::{OutputFormat, json, yaml};
use crate::protect::gather::{Gathered, gather};
use crate::protect::report::Report;
use crate::protect::restart::{Restart, plan};
use crate::protect::workload::workloads;
use crate::protect::{Guard, account, rights, settle, write};
use mendix_model::names::GUARD_LABEL;
use std::io::Write as _;
use std::time::Duration;

/// How long an environment may take to be ready again when nobody says it.
const WAIT: Duration = Duration::from_mins(10);

/// Guards the workloads of a namespace and shows what the guard makes of them.
///
/// # Errors
/// The namespace cannot be read or changed, there is no controller, or new pods do not get the gate.
pub async fn protect(arguments: &ProtectArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    let cluster = Cluster::connect(&environment.target).await?;
    let gathered = gather(&cluster).await.map_err(|error| error.failure)?;
    let guard = if arguments.audit {
        Guard::Audit
    } else {
        Guard::Enabled
    };
    let report = Report::new(&cluster.namespace, guard, &workloads(&gathered));
    if arguments.dry_run == Some(DryRun::Client) {
        environment.note("nothing was written (client dry run)");
    } else {
        put(&cluster, &gathered, guard, arguments, environment).await?;
        if guard == Guard::Enabled {
            for name in report.environments() {
                write::ensure_environment(&cluster, name, arguments.dry_run.is_some()).await?;
            }
        }
    }
    print(&report, arguments.output, environment)?;
    let found = if report.holds() {
        Outcome::Degraded
    } else {
        Outcome::Done
    };
    if arguments.audit || arguments.dry_run.is_some() {
        return Ok(found);
    }
    let restarted = Box::pin(restart(&cluster, arguments, environment)).await?;
    Ok(if restarted == Outcome::Done {
        found
    } else {
        restarted
    })
}

/// The rights first: with the label alone, pods would be held for want of them. Each write can be repeated.
async fn put(
    cluster: &Cluster,
    gathered: &Gathered,
    guard: Guard,
    arguments: &ProtectArguments,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let dry_run = arguments.dry_run.is_some();
    let suffix = if dry_run { " (server dry run)" } else { "" };
    let account = account::account(cluster, arguments.release_namespace.as_deref()).await?;
    write::apply(cluster, &rights::role(gathered), dry_run).await?;
    write::apply(cluster, &rights::binding(&cluster.namespace, &account), dry_run).await?;
    environment.note(&format!(
        "role and rolebinding {} applied, for {}/{}{suffix}",
        rights::NAME,
        account.namespace,
        account.name
    ));
    write::label(cluster, Some(guard), dry_run).await?;
    environment.note(&format!(
        "namespace/{} labelled {GUARD_LABEL}={}{suffix}",
        cluster.namespace,
        guard.as_str()
    ));
    Ok(())
}

fn print(report: &Report, format: OutputFormat, environment: &mut Environment) -> anyhow::Result<()> {
    let layout = layout(format, environment);
    let out = &mut environment.out.writer;
    match format {
        OutputFormat::Json => return json(report, out),
        OutputFormat::Yaml => return yaml(report, out),
        OutputFormat::Name => {
            for name in report.names() {
                writeln!(out, "{name}")?;
            }
        }
        OutputFormat::Table | OutputFormat::Wide => write!(out, "{}", report.text(layout))?,
    }
    if report.workloads.is_empty() {
        environment.note(
            "no pod template of the namespace has label kubectl-mendix.io/environment, so nothing is guarded yet; run this \
             again once the labels are there",
        );
    }
    Ok(())
}

/// Restarts the environments whose pods run without the gate, if somebody says so.
async fn restart(
    cluster: &Cluster,
    arguments: &ProtectArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    let restarts = planned(cluster).await?;
    if restarts.is_empty() {
        return Ok(Outcome::Done);
    }
    let names: Vec<_> = restarts.iter().map(|it| it.environment.as_str()).collect();
    let names = names.join(", ");
    if !agreed(&names, arguments, environment)? {
        environment.note(&format!(
            "{names}: pods run that never were at the gate; they stay as they are until they end, and \
             kubectl mendix protect -n {} --restart replaces them in the right order",
            cluster.namespace
        ));
        return Ok(Outcome::Done);
    }
    in_force(cluster).await?;
    // Once more: what was made since the first look, and before the policies were in force, is to go as well.
    one_by_one(cluster, planned(cluster).await?, environment).await
}

async fn planned(cluster: &Cluster) -> Result<Vec<Restart>, Failure> {
    let gathered = gather(cluster).await.map_err(|error| error.failure)?;
    let workloads = workloads(&gathered);
    let report = Report::new(&cluster.namespace, Guard::Enabled, &workloads);
    Ok(plan(&report, &workloads))
}

fn agreed(names: &str, arguments: &ProtectArguments, environment: &mut Environment) -> anyhow::Result<bool> {
    if arguments.restart || arguments.yes {
        return Ok(true);
    }
    let question = format!("Restart {names} now? Each is away until its leader is ready again.");
    Ok(environment.ask(&question)?.unwrap_or(false))
}

/// What is stopped comes back with the gate only where the API server adds it by now.
async fn in_force(cluster: &Cluster) -> Result<(), Failure> {
    if write::gating_becomes(cluster, true).await? {
        return Ok(());
    }
    Err(Failure::new(format!(
        "nothing was restarted: new pods of namespace {} do not get the gate",
        cluster.namespace
    ))
    .hint("kubectl get mutatingadmissionpolicybindings shows whether the chart's policies are there (Kubernetes 1.36)")
    .hint("before Kubernetes 1.36 the webhook adds the gate: install the chart with webhook.enabled=true"))
}

/// One after the other, and no further than to the first that does not come back: what went wrong there would go wrong
/// everywhere.
async fn one_by_one(
    cluster: &Cluster,
    restarts: Vec<Restart>,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    let timeout = environment.timeout.unwrap_or(WAIT);
    let mut outcome = Outcome::Done;
    for restart in restarts {
        let name = &restart.environment;
        if !restart.blocked.is_empty() {
            for cause in &restart.blocked {
                environment.warn(&format!("{name} is not restarted: {cause}"));
            }
            outcome = Outcome::Degraded;
            continue;
        }
        if let Err(state) = settle(cluster, &restart, timeout, environment).await? {
            let failure = Failure::degraded(format!(
                "{name} is not ready, so no other environment is restarted: {}",
                state.message
            ))
            .hint(format!(
                "the controller goes on; kubectl get environments.guard.kubectl-mendix.io {name} -n {} -o yaml shows what \
                 its pods wait for",
                cluster.namespace
            ))
            .hint("the same command goes on with what is left");
            return Err(failure.into());
        }
        environment.note(&format!("{name} is ready, with guarded pods alone"));
    }
    Ok(outcome)
}
