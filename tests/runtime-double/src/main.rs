//! `runtime-double [APP_FOLDER]`: the stand-in for `java -jar runtimelauncher.jar APP_FOLDER`; as `startup` for
//! docker-mendix-buildpack's script, as `start` for that of a portable package.

use std::path::Path;
use std::process::ExitCode;

use mendix_runtime_double::environment::Environment;
use mendix_runtime_double::{log, process};

fn main() -> ExitCode {
    let mut words = std::env::args();
    let program = words.next().unwrap_or_default();
    // Not `vars`, which ends the process over a variable that is no UTF-8.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let environment = match Environment::read(Path::new(&program), words.next(), variables.collect()) {
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
