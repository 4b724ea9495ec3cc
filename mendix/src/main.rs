//! The one binary of the image: controller, webhook, guard and tasks.
//!
//! Linked statically, so that the image needs no base and the guard runs in any container it is copied into.

mod telemetry;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Runs Mendix apps on Kubernetes without corrupting their data.
#[derive(Parser)]
#[command(name = "mendix", version)]
struct Cli {
    #[command(subcommand)]
    role: Role,
}

/// What this process is.
#[derive(Subcommand)]
enum Role {
    /// Turns `MendixApp` resources into running apps.
    Controller(mendix_controller::Arguments),
    /// Takes gates and finalizers off all pods, before the chart is uninstalled.
    Uninstall(mendix_controller::Uninstall),
    /// Answers admission requests of the API server.
    Webhook(mendix_webhook::Arguments),
    /// PID 1 of the runtime's container.
    #[command(subcommand)]
    Guard(mendix_guard::Command),
    /// What task pods do.
    #[command(flatten)]
    Task(mendix_tasks::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start();
    match start(cli.role) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(role: Role) -> anyhow::Result<ExitCode> {
    // One provider in the whole binary: a second one would make rustls ask which to take, by panicking.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        anyhow::bail!("failed to install the cryptography provider: another one is there already");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match role {
            Role::Controller(arguments) => mendix_controller::run(arguments).await,
            Role::Uninstall(arguments) => mendix_controller::uninstall(arguments).await,
            Role::Webhook(arguments) => mendix_webhook::run(arguments).await,
            Role::Guard(command) => mendix_guard::run(command).await,
            Role::Task(command) => mendix_tasks::run(command).await,
        }
    })
}
