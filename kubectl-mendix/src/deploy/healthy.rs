//! Watches an app that is ready: what starts well may fail under its first users.

use super::wait::{Awaited, every_part};
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::follow::{Ending, changes_of_app, follow, telling};
use crate::gather;
use crate::print::Shown as _;
use crate::view::{Health, NamedView};
use std::time::Duration;

/// Follows an app, or an environment of plain manifests, for so long; nothing to do without a time.
///
/// # Errors
/// It did not stay ready, with the cause; or it cannot be followed any more.
pub async fn stays_ready(
    cluster: &Cluster,
    name: &str,
    period: Option<Duration>,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let Some(period) = period else {
        return Ok(());
    };
    environment.note(&format!("{name}: watched for {} s", period.as_secs()));
    let look = async || gather::named(cluster, name).await.map(NamedView::new);
    let tell = telling(environment, |_: &NamedView| String::new());
    match follow(changes_of_app(cluster, name), look, over, tell, Some(period)).await? {
        Ending::TimedOut(_) => Ok(()),
        Ending::Settled(view) => Err(lost(name, &cluster.namespace, &view).into()),
    }
}

/// Whatever is not ready ends the watch.
fn over(view: &NamedView) -> Health {
    match view.health() {
        Health::Ready => Health::Progressing,
        _ => Health::Stalled,
    }
}

fn lost(name: &str, namespace: &str, view: &impl Awaited) -> Failure {
    let cause = view.cause().unwrap_or("the controller gives no cause");
    Failure::new(format!("{name} did not stay ready: {cause}"))
        .hint(every_part(name, namespace))
        .hint(format!(
            "mend it and roll that out; or kubectl mendix undo {name} -n {namespace}, while the database has the schema \
             of the earlier model (MX009)"
        ))
}
