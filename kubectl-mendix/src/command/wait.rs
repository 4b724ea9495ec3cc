//! `kubectl mendix wait`: follow until it is over.

use crate::cli::WaitArguments;
use crate::cluster::Cluster;
use crate::deploy::{healthy, wait};
use crate::environment::Environment;
use crate::outcome::Outcome;

/// Follows an app or an environment until it is ready.
///
/// # Errors
/// It cannot become ready, or not in time, or does not stay so; or it cannot be followed.
pub async fn wait(arguments: &WaitArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    let cluster = Cluster::connect(&environment.target).await?;
    let timeout = environment.timeout.unwrap_or(wait::WAIT);
    wait::wait_for_any(&cluster, &arguments.name, timeout, environment).await?;
    healthy::stays_ready(&cluster, &arguments.name, arguments.healthy_for, environment).await?;
    Ok(Outcome::Done)
}
