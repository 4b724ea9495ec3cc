//! Follows the controller's work after a deploy.

use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::follow::{Ending, Sight, changes_of_app, follow};
use crate::gather;
use crate::outcome::Outcome;
use crate::print::{Changes, Layout, Shown};
use crate::progress::{Picture, Screen};
use crate::view::{AppView, Health};
use std::time::Duration;

/// Patience with an app, when none is said.
pub const WAIT: Duration = Duration::from_mins(10);

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
            AppView::health,
            |sight| teller.tell(&sight),
            Some(timeout),
        )
        .await?
    };
    match ending {
        Ending::Settled(view) if view.health() == Health::Ready => Ok(view),
        Ending::Settled(view) => {
            leave(&view, environment);
            Err(stalled(&view).into())
        }
        Ending::TimedOut(view) => {
            if let Some(view) = &view {
                leave(view, environment);
            }
            Err(late(name, &cluster.namespace, view.as_ref(), timeout).into())
        }
    }
}

/// The picture went away with the waiting; what it showed last explains why it ended.
fn leave(view: &AppView, environment: &mut Environment) {
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
    fn tell(&mut self, sight: &Sight<'_, AppView>) -> anyhow::Result<()> {
        match sight {
            Sight::Lost(error) => self.environment.note(&format!("{error}; trying again")),
            Sight::Seen(view) => self.seen(view),
        }
        Ok(())
    }

    fn seen(&mut self, view: &AppView) {
        if let Some(picture) = &self.picture {
            return picture.show(&view.text(layout(self.environment), (self.environment.now)()));
        }
        for line in self.changes.between(&view.line(false)) {
            self.environment.note(&line);
        }
    }
}

/// The cause, and the command that comes next.
fn stalled(view: &AppView) -> Failure {
    let summary = &view.summary;
    let (name, namespace) = (&summary.name, &summary.namespace);
    let cause = summary
        .message
        .as_deref()
        .unwrap_or("the controller gives no cause");
    let mut failure = Failure::new(format!("{name} cannot become ready: {cause}"));
    for pod in view.failed_task_pods() {
        let pod = &pod.name;
        failure = failure.hint(format!(
            "kubectl logs {pod} -n {namespace} shows what the task did"
        ));
    }
    if !view.failed_task_pods().is_empty() {
        failure = failure.hint(format!(
            "kubectl mendix retry {name} -n {namespace} runs it again, once the cause is mended"
        ));
    }
    failure.hint(format!(
        "kubectl mendix status {name} -n {namespace} shows every part"
    ))
}

fn late(name: &str, namespace: &str, view: Option<&AppView>, timeout: Duration) -> Failure {
    let seconds = timeout.as_secs();
    let last = view
        .and_then(|view| view.summary.message.as_deref())
        .map(|message| format!(": {message}"))
        .unwrap_or_default();
    let mut failure = Failure::new(format!("{name} is not ready after {seconds} s{last}")).hint(format!(
        "the work goes on; kubectl mendix status {name} -n {namespace} --watch follows it"
    ));
    failure.outcome = Outcome::Degraded;
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
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
        insta::assert_debug_snapshot!(stalled(&view()), @r#"
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
        let failure = late("shop", "prod", Some(&view()), Duration::from_mins(10));
        assert_eq!(failure.outcome, Outcome::Degraded);
        assert_eq!(
            failure.message,
            "shop is not ready after 600 s: the package was not found"
        );
    }
}
