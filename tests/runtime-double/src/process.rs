//! The process from its launch to its exit code.

use std::io::ErrorKind;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::environment::Environment;
use crate::state::{Exit, Runtime};
use crate::{admin, launch, life, listen, log, package, self_start};

/// Exit code: something failed that has no code of its own (m2ee-tools).
pub const EXIT_UNKNOWN: u8 = 1;
/// Exit code: another process has the admin port.
pub const EXIT_ADMIN_PORT_IN_USE: u8 = 2;
/// Exit code: another process has the app port.
pub const EXIT_APP_PORT_IN_USE: u8 = 3;

/// Runs a runtime process; returns its exit code.
pub async fn run(environment: Environment) -> u8 {
    let package = match package::read(&environment.app) {
        Ok(package) => package,
        Err(error) => return failed(&error, EXIT_UNKNOWN),
    };
    let plan = match launch::plan(&environment, &package) {
        Ok(plan) => plan,
        Err(error) => return failed(&error, environment.launch.failure_code()),
    };
    let (runtime, exits) = Runtime::new(environment, package);
    if let Err(error) = life::obey_signals(&runtime) {
        return failed(&error, EXIT_UNKNOWN);
    }
    if let Err(error) = open_admin_port(&runtime).await {
        let in_use = error.kind() == ErrorKind::AddrInUse;
        return failed(
            &error,
            if in_use {
                EXIT_ADMIN_PORT_IN_USE
            } else {
                EXIT_UNKNOWN
            },
        );
    }
    life::crash_after(&runtime, runtime.package.options.crash_after_millis);
    if let Some(plan) = plan {
        tokio::spawn(self_start::run(Arc::clone(&runtime), plan));
    }
    end(&runtime, exits).await
}

async fn open_admin_port(runtime: &Arc<Runtime>) -> std::io::Result<()> {
    let Some(admin_port) = &runtime.environment.admin else {
        return Ok(());
    };
    let listeners = listen::bind(&admin_port.addresses, admin_port.port).await?;
    log::info(
        "M2EE",
        &format!("the admin port listens on {}", listen::describe(&listeners)),
    );
    let password: Arc<str> = admin_port.password.as_str().into();
    for listener in listeners {
        tokio::spawn(admin::serve(listener, Arc::clone(runtime), Arc::clone(&password)));
    }
    Ok(())
}

/// Waits for the first wish to end; a crash also cuts a stop short.
async fn end(runtime: &Runtime, mut exits: UnboundedReceiver<Exit>) -> u8 {
    let code = match exits.recv().await {
        Some(Exit::Crash(code)) => return code,
        Some(Exit::Stop(code)) => code,
        None => EXIT_UNKNOWN,
    };
    let crashed = async {
        loop {
            match exits.recv().await {
                Some(Exit::Crash(code)) => return code,
                Some(Exit::Stop(_)) => {}
                None => std::future::pending().await,
            }
        }
    };
    tokio::select! {
        () = life::stop(runtime) => code,
        code = crashed => code,
    }
}

fn failed(error: &dyn std::error::Error, code: u8) -> u8 {
    log::error("Double", &error.to_string());
    code
}
