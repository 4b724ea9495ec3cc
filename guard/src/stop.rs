//! How the child is stopped.

use crate::admin::Admin;
use crate::child::{self, Ended};
use mendix_model::runtime_configuration::RuntimeConfiguration;
use rustix::process::{Pid, Signal};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How long the action `shutdown` may take before the signal is sent as well.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);
/// The kubelet kills this process at the end of the grace period; so much earlier the guard kills the child itself,
/// so that there is someone left to say what happened.
const MARGIN: Duration = Duration::from_secs(5);
/// On short grace periods the margin is one part of this many.
const MARGIN_PART: u32 = 10;

/// What was killed is gone after so long, unless it left the child's group.
const LEFT_LIMIT: Duration = Duration::from_secs(1);
/// Pause between two looks.
const LEFT_PAUSE: Duration = Duration::from_millis(10);

/// Times of a stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Times {
    /// The app goes on serving for so long, while it disappears from the load balancers.
    pub(crate) delay: Duration,
    /// Then it has so long until it is killed.
    pub(crate) grace: Duration,
}

/// Times of a stop that a signal asks for.
pub(crate) fn times(configuration: &RuntimeConfiguration) -> Times {
    Times {
        delay: Duration::from_secs(configuration.termination_delay_seconds.unwrap_or_default()),
        ..within(Duration::from_secs(
            configuration.termination_grace_period_seconds,
        ))
    }
}

/// Times of a stop within the kubelet's grace period.
pub(crate) fn within(grace: Duration) -> Times {
    Times {
        delay: Duration::ZERO,
        grace: grace.saturating_sub(MARGIN.min(grace / MARGIN_PART)),
    }
}

/// Stops the child and waits for its end. Without an admin port it is asked by the signal alone.
pub(crate) async fn stop(
    times: Times,
    child: Pid,
    admin: Option<&Admin>,
    end: &mut watch::Receiver<Option<Ended>>,
) -> Ended {
    if let Ok(ended) = timeout(times.delay, child::end(end)).await {
        return ended;
    }
    let deadline = Instant::now() + times.grace;
    tokio::select! {
        ended = child::end(end) => return ended,
        () = ask(admin, times.grace) => {}
    }
    // Also after a good answer: the program that was started may be a script around the Java machine, and the
    // action is known to be refused in some states.
    child::signal(child, Signal::TERM);
    if let Ok(ended) = timeout_at(deadline, child::end(end)).await {
        return ended;
    }
    tracing::warn!("the runtime did not stop in time; killing it");
    kill(child, end).await
}

/// Asks over the admin port. The connection usually breaks off without an answer, which is as good as one.
async fn ask(admin: Option<&Admin>, grace: Duration) {
    let Some(admin) = admin else { return };
    let limit = SHUTDOWN_LIMIT.min(grace / 2);
    match admin.call("shutdown", &Value::Null, limit).await {
        Ok(reply) => tracing::debug!(result = reply.result, "the runtime answered to shutdown"),
        Err(error) => tracing::debug!("no answer to shutdown: {error}"),
    }
}

/// Kills the child and waits for its end.
pub(crate) async fn kill(child: Pid, end: &mut watch::Receiver<Option<Ended>>) -> Ended {
    child::signal(child, Signal::KILL);
    child::end(end).await
}

/// Ends what the child left behind in its group. As PID 1 the kernel would do so a moment later.
pub(crate) fn sweep(child: Pid) {
    child::signal(child, Signal::KILL);
}

/// Waits until nothing of the child is left that could still write; false when something outlives it.
pub(crate) async fn nothing_left(child: Pid) -> bool {
    let gone = async {
        while !child::none_left() {
            sweep(child);
            sleep(LEFT_PAUSE).await;
        }
    };
    timeout(LEFT_LIMIT, gone).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::usual(300, 295_000)]
    #[case::short(10, 9_000)]
    #[case::none(0, 0)]
    fn the_guard_kills_before_the_kubelet_does(#[case] seconds: u64, #[case] milliseconds: u64) {
        let configuration = RuntimeConfiguration {
            termination_grace_period_seconds: seconds,
            termination_delay_seconds: Some(7),
            ..RuntimeConfiguration::default()
        };
        let expected = Times {
            delay: Duration::from_secs(7),
            grace: Duration::from_millis(milliseconds),
        };
        assert_eq!(times(&configuration), expected);
    }
}
