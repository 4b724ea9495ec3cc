//! Follows the controller's work until an app or environment is ready.

use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::follow::{Ending, Sight, changes_of_app, follow};
use crate::gather::{self, ReadError};
use crate::print::{Changes, Layout, Shown};
use crate::progress::{Picture, Screen};
use crate::view::{AppView, EnvironmentView, Health, NamedView};
use std::time::Duration;

/// Patience with an app, when none is said.
pub const WAIT: Duration = Duration::from_mins(10);

/// A view that can be waited for.
pub trait Awaited: Shown {
    /// Why it is not ready, in a sentence.
    fn cause(&self) -> Option<&str>;
    /// That it cannot become ready: the cause, and the command that comes next.
    fn stalled(&self) -> Failure;
}

/// Follows an app until it is ready, and returns how it is then.
///
/// # Errors
/// It stalled, with the cause and the next command; or it cannot be followed any more.
pub async fn wait(
    cluster: &Cluster,
    name: &str,
    timeout: Duration,
    environment: &mut Environment,
) -> anyhow::Result<AppView> {
    let look = async || gather::app(cluster, name).await.map(AppView::new);
    until_ready(cluster, name, look, timeout, environment).await
}

/// Follows an app, or an environment of plain manifests, until it is ready.
///
/// # Errors
/// As [`wait`].
pub async fn wait_for_any(
    cluster: &Cluster,
    name: &str,
    timeout: Duration,
    environment: &mut Environment,
) -> anyhow::Result<NamedView> {
    let look = async || gather::named(cluster, name).await.map(NamedView::new);
    until_ready(cluster, name, look, timeout, environment).await
}

async fn until_ready<View: Awaited>(
    cluster: &Cluster,
    name: &str,
    look: impl AsyncFn() -> Result<View, ReadError>,
    timeout: Duration,
    environment: &mut Environment,
) -> anyhow::Result<View> {
    let ending = {
        let picture = Picture::new(Screen::Err, &environment.err, environment.quiet);
        let mut teller = Teller {
            environment,
            picture,
            changes: Changes::default(),
        };
        follow(
            changes_of_app(cluster, name),
            look,
            View::health,
            |sight| teller.tell(&sight),
            Some(timeout),
        )
        .await?
    };
    match ending {
        Ending::Settled(view) if view.health() == Health::Ready => Ok(view),
        Ending::Settled(view) => {
            leave(&view, environment);
            Err(view.stalled().into())
        }
        Ending::TimedOut(view) => {
            if let Some(view) = &view {
                leave(view, environment);
            }
            let cause = view.as_ref().and_then(View::cause);
            Err(late(name, &cluster.namespace, cause, timeout).into())
        }
    }
}

/// The picture went away with the waiting; what it showed last explains why it ended.
fn leave(view: &impl Shown, environment: &mut Environment) {
    if environment.err.terminal {
        let text = view.text(layout(environment), (environment.now)());
        environment.note(&text);
    }
}

fn layout(environment: &Environment) -> Layout {
    Layout {
        colour: environment.err.colour,
        fit: true,
        ..Layout::default()
    }
}

struct Teller<'a> {
    environment: &'a mut Environment,
    picture: Option<Picture>,
    changes: Changes,
}

impl Teller<'_> {
    #[expect(clippy::unnecessary_wraps, reason = "the shape that following asks for")]
    fn tell<View: Shown>(&mut self, sight: &Sight<'_, View>) -> anyhow::Result<()> {
        match sight {
            Sight::Lost(error) => self.environment.note(&format!("{error}; trying again")),
            Sight::Seen(view) => self.seen(*view),
        }
        Ok(())
    }

    fn seen(&mut self, view: &impl Shown) {
        if let Some(picture) = &self.picture {
            return picture.show(&view.text(layout(self.environment), (self.environment.now)()));
        }
        for line in self.changes.between(&view.line(false)) {
            self.environment.note(&line);
        }
    }
}

impl Awaited for AppView {
    fn cause(&self) -> Option<&str> {
        self.summary.message.as_deref()
    }

    fn stalled(&self) -> Failure {
        let summary = &self.summary;
        let (name, namespace) = (&summary.name, &summary.namespace);
        let mut failure = Failure::new(cannot(name, self.cause()));
        for pod in self.failed_task_pods() {
            let pod = &pod.name;
            failure = failure.hint(format!(
                "kubectl logs {pod} -n {namespace} shows what the task did"
            ));
        }
        if !self.failed_task_pods().is_empty() {
            failure = failure.hint(format!(
                "kubectl mendix retry {name} -n {namespace} runs it again, once the cause is mended"
            ));
        }
        failure.hint(every_part(name, namespace))
    }
}

impl Awaited for EnvironmentView {
    fn cause(&self) -> Option<&str> {
        self.summary.message.as_deref()
    }

    fn stalled(&self) -> Failure {
        let (name, namespace) = (&self.summary.name, &self.summary.namespace);
        Failure::new(cannot(name, self.cause())).hint(every_part(name, namespace))
    }
}

impl Awaited for NamedView {
    fn cause(&self) -> Option<&str> {
        match self {
            Self::App(view) => view.cause(),
            Self::Environment(view) => view.cause(),
        }
    }

    fn stalled(&self) -> Failure {
        match self {
            Self::App(view) => view.stalled(),
            Self::Environment(view) => view.stalled(),
        }
    }
}

fn cannot(name: &str, cause: Option<&str>) -> String {
    let cause = cause.unwrap_or("the controller gives no cause");
    format!("{name} cannot become ready: {cause}")
}

pub(super) fn every_part(name: &str, namespace: &str) -> String {
    format!("kubectl mendix status {name} -n {namespace} shows every part")
}

fn late(name: &str, namespace: &str, cause: Option<&str>, timeout: Duration) -> Failure {
    let seconds = timeout.as_secs();
    let last = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure::degraded(format!("{name} is not ready after {seconds} s{last}")).hint(format!(
        "the work goes on; kubectl mendix status {name} -n {namespace} --watch follows it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::view::parts::BuildView;
    use crate::view::{AppSummary, PartView, PodView};

    fn view() -> AppView {
        let task_pod = PodView {
            name: "shop-build".to_owned(),
            failed: true,
            ..PodView::default()
        };
        AppView {
            summary: AppSummary {
                name: "shop".to_owned(),
                namespace: "prod".to_owned(),
                message: Some("the package was not found".to_owned()),
                ..AppSummary::default()
            },
            build: PartView {
                details: BuildView {
                    task_pod: Some(task_pod),
                    ..BuildView::default()
                },
                ..PartView::default()
            },
            ..AppView::default()
        }
    }

    #[test]
    fn a_stalled_app_says_why_and_what_comes_next() {
        insta::assert_debug_snapshot!(view().stalled(), @r#"
        Failure {
            outcome: Failed,
            message: "shop cannot become ready: the package was not found",
            hints: [
                "kubectl logs shop-build -n prod shows what the task did",
                "kubectl mendix retry shop -n prod runs it again, once the cause is mended",
                "kubectl mendix status shop -n prod shows every part",
            ],
        }
        "#);
    }

    #[test]
    fn being_late_is_not_failing() {
        let failure = late("shop", "prod", view().cause(), Duration::from_mins(10));
        assert_eq!(failure.outcome, Outcome::Degraded);
        assert_eq!(
            failure.message,
            "shop is not ready after 600 s: the package was not found"
        );
    }
}
