//! Looks again at every change, until it is over.

use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::gather::ReadError;
use crate::view::Health;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource};
use mendix_model::{crd, names};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};

/// Changes that come this close together are looked at once; it also keeps a picture from flickering.
const QUIET_TIME: Duration = Duration::from_millis(150);
/// Time after which we look without a change: for parts that are not watched, and for watches that are not allowed.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);

/// How following ended.
#[derive(Debug, PartialEq)]
pub enum Ending<View> {
    /// Ready or stalled.
    Settled(View),
    /// Neither in time; what was seen last, if anything.
    TimedOut(Option<View>),
}

/// What is told while following.
#[derive(Debug)]
pub enum Sight<'a, View> {
    /// A look.
    Seen(&'a View),
    /// The server could not be asked; asking goes on.
    Lost(&'a ReadError),
}

/// Whether waiting longer changes nothing.
const fn is_settled(health: Health) -> bool {
    matches!(health, Health::Ready | Health::Stalled)
}

/// Looks at every change and tells what is seen, until it is ready or stalled, or the time is over.
///
/// A server that goes away after the first look is waited for: an upgrade of the control plane must not end a
/// pipeline.
///
/// # Errors
/// The first look fails, or a later one for good (deleted, forbidden); or nothing can be told any more.
pub async fn follow<View>(
    changes: impl Stream<Item = ()>,
    look: impl AsyncFn() -> Result<View, ReadError>,
    health: impl Fn(&View) -> Health,
    mut tell: impl FnMut(Sight<'_, View>) -> anyhow::Result<()>,
    timeout: Option<Duration>,
) -> anyhow::Result<Ending<View>> {
    let mut last = None;
    let settled = async {
        let mut occasions = occasions(changes);
        while occasions.next().await.is_some() {
            match look().await {
                Ok(view) => {
                    tell(Sight::Seen(&view))?;
                    let over = is_settled(health(&view));
                    last = Some(view);
                    if over {
                        break;
                    }
                }
                Err(error) if error.transient && last.is_some() => tell(Sight::Lost(&error))?,
                Err(error) => return Err(error.failure.into()),
            }
        }
        anyhow::Ok(())
    };
    let in_time = match timeout {
        Some(timeout) => timeout_at(Instant::now() + timeout, settled).await.ok(),
        None => Some(settled.await),
    };
    match (in_time.transpose()?, last) {
        (Some(()), Some(view)) => Ok(Ending::Settled(view)),
        (_, last) => Ok(Ending::TimedOut(last)),
    }
}

/// Says a line on stderr whenever it is another one.
pub fn telling<View>(
    environment: &mut Environment,
    line: impl Fn(&View) -> String,
) -> impl FnMut(Sight<'_, View>) -> anyhow::Result<()> {
    let mut last = String::new();
    move |sight| {
        let text = match sight {
            Sight::Seen(view) => line(view),
            Sight::Lost(error) => format!("{error}; trying again"),
        };
        if !text.is_empty() && text != last {
            environment.note(&text);
            last = text;
        }
        Ok(())
    }
}

/// When to look: at once, at changes, and from time to time.
fn occasions(changes: impl Stream<Item = ()>) -> impl Stream<Item = ()> + Unpin {
    let mut ticks = interval(LOOK_ANYWAY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ticks = stream::unfold(ticks, |mut ticks| async {
        ticks.tick().await;
        Some(((), ticks))
    });
    let calm = changes.ready_chunks(64).then(|_| sleep(QUIET_TIME));
    Box::pin(stream::select(ticks, calm))
}

/// Changes of one app, of its environment and of its pods.
pub fn changes_of_app(cluster: &Cluster, name: &str) -> BoxStream<'static, ()> {
    let named = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let pods = watcher::Config::default().labels(&format!("{}={name}", names::ENVIRONMENT_LABEL));
    let pod_api: Api<Pod> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let environments: Api<crd::Environment> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    stream::select_all([
        occurrences(cluster.apps(&cluster.namespace), named.clone()),
        occurrences(environments, named),
        occurrences(pod_api, pods),
    ])
    .boxed()
}

/// Changes of all apps and environments.
pub fn changes_of_apps(cluster: &Cluster, all_namespaces: bool) -> BoxStream<'static, ()> {
    let client = cluster.client.clone();
    let (apps, environments): (_, Api<crd::Environment>) = if all_namespaces {
        (cluster.all_apps(), Api::all(client))
    } else {
        let namespace = &cluster.namespace;
        (cluster.apps(namespace), Api::namespaced(client, namespace))
    };
    stream::select(
        occurrences(apps, watcher::Config::default()),
        occurrences(environments, watcher::Config::default()),
    )
    .boxed()
}

/// Changes of the pods and environments of the command's namespace.
pub fn changes_of_gate(cluster: &Cluster) -> BoxStream<'static, ()> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let environments: Api<crd::Environment> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    stream::select(
        occurrences(pods, watcher::Config::default()),
        occurrences(environments, watcher::Config::default()),
    )
    .boxed()
}

/// That something happened, not what: the look that follows reads everything afresh. Errors are left to that look,
/// which says them in words; the watch tries again by itself.
fn occurrences<K>(api: Api<K>, config: watcher::Config) -> BoxStream<'static, ()>
where
    K: Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    watcher(api, config)
        .default_backoff()
        .filter_map(|event| async move { event.ok().map(|_| ()) })
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use std::cell::RefCell;

    fn away(transient: bool) -> ReadError {
        ReadError {
            failure: Failure::new("away"),
            transient,
        }
    }

    /// Follows a script of looks on a clock that runs by itself, and returns the ending and what was told.
    async fn follow_script(
        script: Vec<Result<Health, ReadError>>,
    ) -> (anyhow::Result<Ending<Health>>, Vec<String>) {
        let script = RefCell::new(script.into_iter());
        let told = RefCell::new(Vec::new());
        let ending = follow(
            stream::empty(),
            async || script.borrow_mut().next().unwrap_or(Ok(Health::Progressing)),
            |health| *health,
            |sight| {
                told.borrow_mut().push(match sight {
                    Sight::Seen(health) => health.as_str().to_owned(),
                    Sight::Lost(error) => error.to_string(),
                });
                Ok(())
            },
            Some(Duration::from_mins(1)),
        )
        .await;
        (ending, told.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_by_itself_when_ready() {
        let (ending, told) = follow_script(vec![Ok(Health::Progressing), Ok(Health::Ready)]).await;
        assert_eq!(ending.expect("ending"), Ending::Settled(Health::Ready));
        assert_eq!(told, ["Progressing", "Ready"]);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_at_once_when_stalled() {
        let (ending, _) = follow_script(vec![Ok(Health::Stalled), Ok(Health::Ready)]).await;
        assert_eq!(ending.expect("ending"), Ending::Settled(Health::Stalled));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_what_was_seen_last_when_the_time_is_over() {
        let (ending, _) = follow_script(vec![]).await;
        assert_eq!(
            ending.expect("ending"),
            Ending::TimedOut(Some(Health::Progressing))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_goes_away_is_waited_for() {
        let script = vec![Ok(Health::Progressing), Err(away(true)), Ok(Health::Ready)];
        let (ending, told) = follow_script(script).await;
        assert_eq!(ending.expect("ending"), Ending::Settled(Health::Ready));
        assert_eq!(told, ["Progressing", "away", "Ready"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_was_never_there_is_not() {
        let (ending, _) = follow_script(vec![Err(away(true))]).await;
        assert_eq!(ending.expect_err("error").to_string(), "away");
    }

    #[tokio::test(start_paused = true)]
    async fn an_app_that_is_gone_is_not_waited_for() {
        let (ending, _) = follow_script(vec![Ok(Health::Progressing), Err(away(false))]).await;
        assert_eq!(ending.expect_err("error").to_string(), "away");
    }
}
