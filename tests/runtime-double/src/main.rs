//! `runtime-double [APP_FOLDER]`: the stand-in for `java -jar runtimelauncher.jar APP_FOLDER`.

use std::process::ExitCode;

use mendix_runtime_double::environment::Environment;
use mendix_runtime_double::{log, process};

fn main() -> ExitCode {
    let environment = match Environment::read(std::env::args().nth(1), |name| std::env::var(name).ok()) {
        Ok(environment) => environment,
        Err(error) => return failed(&error.into()),
    };
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let code = runtime.block_on(process::run(environment));
            // Not a plain drop: a name lookup that still runs on a blocking thread would keep the process alive.
            runtime.shutdown_background();
            ExitCode::from(code)
        }
        Err(error) => failed(&error.into()),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    log::error("Double", &format!("{error:#}"));
    ExitCode::from(process::EXIT_UNKNOWN)
}
