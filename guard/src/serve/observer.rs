//! Looks at the runtime for the probes. Answers are kept for a moment, so that a probe every second costs little.

use super::statistics;
use super::verdict::{AdminPort, AppPort, Health, Observation};
use crate::admin::{Admin, Reply};
use crate::client::Client;
use crate::status::{Phase, Status};
use axum::http::Request;
use http_body_util::Full;
use mendix_model::runtime_configuration::RuntimeConfiguration;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

/// Below the time-out of the liveness probe (3 s), so that it is answered with a reason.
const LIMIT: Duration = Duration::from_millis(2500);
/// Metrics of a large app take longer, and Prometheus waits for 10 s.
const METRICS_LIMIT: Duration = Duration::from_secs(9);
/// Age of an answer of admin port and app that still counts.
const AGE: Duration = Duration::from_millis(900);
/// Age of a health check that still counts: it is a microflow of the app and may be dear.
const HEALTH_AGE: Duration = Duration::from_secs(10);

/// Where the metrics of the runtime come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MetricsSource {
    /// They are off.
    Off,
    /// The runtime gives them by itself (9.7 and later).
    Native,
    /// The statistics of the admin port, which every runtime has.
    Statistics,
}

impl MetricsSource {
    pub(crate) const fn of(configuration: &RuntimeConfiguration) -> Self {
        if configuration.native_metrics {
            Self::Native
        } else if configuration.compatibility_metrics {
            Self::Statistics
        } else {
            Self::Off
        }
    }
}

/// Looks at the runtime.
pub(crate) struct Observer {
    admin: Admin,
    client: Client,
    app: String,
    status: watch::Receiver<Status>,
    metrics: MetricsSource,
    // Held while the runtime is asked, so that probes that come together ask once.
    seen: Mutex<Seen>,
}

/// Answers and their times.
#[derive(Default)]
struct Seen {
    admin: Option<(Instant, AdminPort)>,
    health: Option<(Instant, Health)>,
    app: Option<(Instant, AppPort)>,
}

impl Observer {
    /// An observer of the runtime whose app listens on `runtime_port`.
    pub(crate) fn new(
        admin: Admin,
        runtime_port: u16,
        status: watch::Receiver<Status>,
        metrics: MetricsSource,
    ) -> Self {
        let app = format!("http://127.0.0.1:{runtime_port}/");
        Self {
            admin,
            client: Client::new(),
            app,
            status,
            metrics,
            seen: Mutex::default(),
        }
    }

    /// Where the guard stands. Never from memory: readiness must end with the first signal.
    pub(crate) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// The admin port alone, for `/status`.
    pub(crate) async fn admin(&self) -> AdminPort {
        let mut seen = self.seen.lock().await;
        self.seen_admin(&mut seen).await
    }

    /// What a liveness probe needs.
    pub(crate) async fn life(&self) -> Observation {
        let mut seen = self.seen.lock().await;
        let mut observation = self.unseen();
        if observation.phase == Phase::Running {
            observation.admin = self.seen_admin(&mut seen).await;
            observation.health = self.seen_health(&mut seen, &observation.admin).await;
        }
        observation
    }

    /// What a readiness probe needs.
    pub(crate) async fn service(&self) -> Observation {
        let mut seen = self.seen.lock().await;
        let mut observation = self.unseen();
        if observation.phase == Phase::Running {
            observation.admin = self.seen_admin(&mut seen).await;
            observation.app = self.seen_app(&mut seen).await;
            // A signal may have come while the runtime was asked.
            observation.phase = self.status().state;
        }
        observation
    }

    /// The runtime's metrics in the text format of Prometheus, when they are on.
    pub(crate) async fn runtime_metrics(&self) -> Option<Result<String, String>> {
        match self.metrics {
            MetricsSource::Off => None,
            MetricsSource::Native => Some(self.native().await),
            MetricsSource::Statistics => Some(self.statistics().await),
        }
    }

    async fn native(&self) -> Result<String, String> {
        let text = self.admin.metrics(METRICS_LIMIT).await;
        let text = text.map_err(|error| error.to_string())?;
        let text = String::from_utf8(text.to_vec());
        text.map_err(|_| "the metrics of the runtime are not text".to_owned())
    }

    async fn statistics(&self) -> Result<String, String> {
        let runtime = self.asked("runtime_statistics").await?;
        let server = self.asked("server_statistics").await?;
        Ok(statistics::text(&runtime, &server))
    }

    /// What an action without parameters gives back. Both actions of a scrape share its limit.
    async fn asked(&self, action: &str) -> Result<Value, String> {
        let reply = self.admin.call(action, &Value::Null, METRICS_LIMIT / 2).await;
        let reply = reply.map_err(|error| error.to_string())?;
        if reply.result == 0 {
            Ok(reply.feedback)
        } else {
            Err(format!("{action} was refused with result {}", reply.result))
        }
    }

    fn unseen(&self) -> Observation {
        let status = self.status();
        Observation {
            phase: status.state,
            waiting_for: status.waiting_for,
            admin: AdminPort::Silent("it was not asked".to_owned()),
            health: Health::default(),
            app: AppPort::default(),
        }
    }

    async fn seen_admin(&self, seen: &mut Seen) -> AdminPort {
        if let Some(fresh) = fresh(seen.admin.as_ref(), AGE) {
            return fresh;
        }
        let admin = self.ask_admin().await;
        seen.admin = Some((Instant::now(), admin.clone()));
        admin
    }

    async fn seen_health(&self, seen: &mut Seen, admin: &AdminPort) -> Health {
        if *admin != AdminPort::Answers(Some("running".to_owned())) {
            return Health::Unknown;
        }
        if let Some(fresh) = fresh(seen.health.as_ref(), HEALTH_AGE) {
            return fresh;
        }
        let health = self
            .admin
            .call("check_health", &Value::Null, LIMIT)
            .await
            .map_or(Health::Unknown, |reply| health(&reply));
        seen.health = Some((Instant::now(), health.clone()));
        health
    }

    async fn seen_app(&self, seen: &mut Seen) -> AppPort {
        if let Some(fresh) = fresh(seen.app.as_ref(), AGE) {
            return fresh;
        }
        let app = self.ask_app().await;
        seen.app = Some((Instant::now(), app.clone()));
        app
    }

    async fn ask_admin(&self) -> AdminPort {
        if let Err(error) = self.admin.call("echo", &json!({"echo": "ping"}), LIMIT).await {
            return AdminPort::Silent(error.to_string());
        }
        match self.admin.call("runtime_status", &Value::Null, LIMIT).await {
            Ok(reply) => AdminPort::Answers(reply.feedback["status"].as_str().map(ToOwned::to_owned)),
            Err(error) => AdminPort::Silent(error.to_string()),
        }
    }

    async fn ask_app(&self) -> AppPort {
        let request = match Request::get(&self.app).body(Full::default()) {
            Ok(request) => request,
            Err(error) => return AppPort::Silent(error.to_string()),
        };
        match self.client.send(request, LIMIT).await {
            Ok((status, _)) => AppPort::Answers(status.as_u16()),
            Err(error) => AppPort::Silent(error.to_string()),
        }
    }
}

fn fresh<T: Clone>(seen: Option<&(Instant, T)>, age: Duration) -> Option<T> {
    seen.filter(|(at, _)| at.elapsed() < age)
        .map(|(_, value)| value.clone())
}

/// An app without a health check is refused with a result that differs between versions; only a plain word counts.
fn health(reply: &Reply) -> Health {
    match (reply.result, reply.feedback["health"].as_str()) {
        (0, Some("healthy")) => Health::Healthy,
        (0, Some("sick")) => Health::Sick(
            reply.feedback["diagnosis"]
                .as_str()
                .unwrap_or("no diagnosis")
                .to_owned(),
        ),
        _ => Health::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::healthy(0, json!({"health": "healthy"}), Health::Healthy)]
    #[case::sick(0, json!({"health": "sick", "diagnosis": "d"}), Health::Sick("d".into()))]
    #[case::unknown(0, json!({"health": "unknown"}), Health::Unknown)]
    #[case::no_microflow(-5, json!({}), Health::Unknown)]
    #[case::not_running(2, json!({"health": "sick"}), Health::Unknown)]
    #[case::no_feedback(0, Value::Null, Health::Unknown)]
    fn only_a_plain_word_of_the_health_check_counts(
        #[case] result: i64,
        #[case] feedback: Value,
        #[case] expected: Health,
    ) {
        assert_eq!(
            health(&Reply {
                result,
                feedback,
                ..Reply::default()
            }),
            expected
        );
    }
}
