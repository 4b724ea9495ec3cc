//! `kubectl-mendix`, found by kubectl as `kubectl mendix`.

use clap::Parser;
use kubectl_mendix::{Cli, Environment, report, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut environment = Environment::new(&cli.global);
    let result = run(cli.command, &mut environment);
    report(result, &mut environment).into()
}
