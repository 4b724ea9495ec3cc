//! What the chart does before it is uninstalled: nothing of ours may stay on a pod, for nobody would take it off.
//!
//! Pods that wait are let start by the usual rules first. One that may not is a reason to refuse the uninstall: without
//! the gate it would run a second leader as soon as somebody makes it anew. Until then nothing is changed, so whoever
//! is refused is as well guarded as before. Each step may be repeated: an uninstall that was killed is started again.

mod claims;
mod left;
mod policies;
mod templates;

use crate::Arguments;
use crate::context::Context;
use crate::lease::Election;
use crate::run;
use clap::Args;
use kube::Client;
use left::Left;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at what is left.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// So many looks in a row must find nothing: what was made just before the policies went may still arrive.
const LOOKS: usize = 5;

/// How an uninstall is started.
#[derive(Args, Clone, Debug)]
pub struct Uninstall {
    #[command(flatten)]
    controller: Arguments,
    /// Name of the policies that add the gate to pods; their bindings are deleted.
    #[arg(long, env = "MENDIX_BIRTH_POLICY")]
    birth_policy: String,
    /// Name of the webhook configurations, one of which adds the gate as well; they are deleted.
    #[arg(long, env = "MENDIX_WEBHOOK")]
    webhook: String,
    /// Seconds to wait for pods at the gate, and again for what is taken off.
    #[arg(long, env = "MENDIX_PATIENCE", default_value_t = 120)]
    patience: u64,
}

/// Takes the place of the controllers, lets all pods go, and leaves the Lease so that no controller begins anew.
pub async fn uninstall(arguments: Uninstall) -> anyhow::Result<ExitCode> {
    let client = Client::try_default().await?;
    let controller = &arguments.controller;
    let mut election = Election::new(client.clone(), &controller.lease_namespace, &controller.identity);
    election.seize().await?;
    let done = tokio::select! {
        () = election.hold() => anyhow::bail!("failed to keep the Lease: a controller has taken it; run helm uninstall again"),
        done = let_go(&client, &arguments) => done,
    };
    match &done {
        Ok(()) => election.keep_others_waiting().await?,
        // The controllers go on as if nothing had been tried.
        Err(_) => election.release().await,
    }
    done.map(|()| ExitCode::SUCCESS)
}

async fn let_go(client: &Client, arguments: &Uninstall) -> anyhow::Result<()> {
    let controller = &arguments.controller;
    let context = || {
        Context::new(client.clone(), &controller.image, &controller.identity).managing(controller.managed())
    };
    let patience = Duration::from_secs(arguments.patience);
    let guarding = Arc::new(context());
    until(&guarding, patience, |left| left.waiting.is_empty()).await?;
    policies::remove(client, &arguments.birth_policy, &arguments.webhook).await?;
    for namespace in controller.managed() {
        templates::take_gates_off(&guarding, &namespace).await?;
    }
    until(&Arc::new(context().leaving()), patience, Left::is_nothing).await?;
    claims::sweep(client).await?;
    tracing::info!("Nothing of the gate is left on any pod");
    Ok(())
}

/// Runs the gate until nothing is left of what matters.
async fn until(
    context: &Arc<Context>,
    patience: Duration,
    done: impl Fn(&Left) -> bool,
) -> anyhow::Result<()> {
    let mut last = Left::default();
    let looks = async {
        let mut found = 0;
        while found < LOOKS {
            tokio::time::sleep(LOOK_AGAIN).await;
            last = left::read(&context.client).await?;
            found = if done(&last) { found + 1 } else { 0 };
        }
        anyhow::Ok(())
    };
    let ended = tokio::select! {
        () = run::gate(context) => anyhow::bail!("failed to watch pods"),
        ended = tokio::time::timeout(patience, looks) => ended,
    };
    match ended {
        Ok(result) => result,
        Err(_) => anyhow::bail!("{last}"),
    }
}
