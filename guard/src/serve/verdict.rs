//! What probes are answered, decided from what was observed.
//!
//! Meaning: Mendix documentation, "Creating a Private Cloud Cluster", as of operator 2.17. Any answer of the admin
//! port counts (one that complains of a critical log message too: earlier operators restarted apps for that);
//! `runtime_status` must be one of a healthy life; a health check of the app, if there is one, must not say sick.

use crate::status::Phase;

/// Words of `runtime_status` that belong to a healthy life.
const HEALTHY_LIFE: [&str; 4] = ["created", "starting", "running", "stopping"];
/// The word of a model that runs.
const RUNNING: &str = "running";
/// From here on an answer of the app is a fault of the server.
const SERVER_ERROR: u16 = 500;

/// What was seen of the runtime.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Observation {
    /// Where the life of the runtime stands.
    pub(crate) phase: Phase,
    /// What is waited for, in words.
    pub(crate) waiting_for: Option<String>,
    /// The admin port.
    pub(crate) admin: AdminPort,
    /// What the app's own health check says.
    pub(crate) health: Health,
    /// What the port of the app answers.
    pub(crate) app: AppPort,
}

/// The admin port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum AdminPort {
    /// It gives no answer; why.
    Silent(String),
    /// It answers; the word of `runtime_status`, when it gives one.
    Answers(Option<String>),
}

/// The app's own health check, a microflow.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Health {
    /// There is none, or it was not asked, or it says nothing that counts.
    #[default]
    Unknown,
    /// All is well.
    Healthy,
    /// It is not; the app's own diagnosis.
    Sick(String),
}

/// The port of the app.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum AppPort {
    /// Not asked: no model runs.
    #[default]
    NotAsked,
    /// It gives no answer; why.
    Silent(String),
    /// HTTP status of its answer.
    Answers(u16),
}

/// Answer to a probe.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Verdict {
    /// Passed.
    pub(crate) ok: bool,
    /// Why, in a sentence; the body of the answer.
    pub(crate) reason: String,
}

impl Verdict {
    fn pass(reason: impl Into<String>) -> Self {
        Self {
            ok: true,
            reason: reason.into(),
        }
    }

    fn fail(reason: impl Into<String>) -> Self {
        Self {
            ok: false,
            reason: reason.into(),
        }
    }
}

/// Whether the container may live on. During the start it always may: the sequence has limits of its own and ends
/// with a reason, while a restart by a probe would only begin a slow start again, without one.
pub(crate) fn liveness(observation: &Observation) -> Verdict {
    if observation.phase != Phase::Running {
        return Verdict::pass(format!("the guard is in state {}", observation.phase.as_str()));
    }
    match (&observation.admin, &observation.health) {
        (AdminPort::Silent(problem), _) => {
            Verdict::fail(format!("the admin port does not answer: {problem}"))
        }
        (AdminPort::Answers(None), _) => {
            Verdict::fail("the admin port does not say what state the runtime is in")
        }
        (AdminPort::Answers(Some(status)), _) if !HEALTHY_LIFE.contains(&status.as_str()) => {
            Verdict::fail(format!("the runtime is {status}"))
        }
        (AdminPort::Answers(_), Health::Sick(diagnosis)) => Verdict::fail(format!(
            "the health check of the app says that it is sick: {diagnosis}"
        )),
        (AdminPort::Answers(Some(status)), _) => Verdict::pass(format!("the runtime is {status}")),
    }
}

/// Whether requests may come.
pub(crate) fn readiness(observation: &Observation) -> Verdict {
    if observation.phase != Phase::Running {
        let waits = observation.waiting_for.as_ref();
        let waits = waits.map_or_else(String::new, |what| format!(", waiting: {what}"));
        return Verdict::fail(format!(
            "the guard is in state {}{waits}",
            observation.phase.as_str()
        ));
    }
    match (&observation.admin, &observation.app) {
        (AdminPort::Silent(problem), _) => {
            Verdict::fail(format!("the admin port does not answer: {problem}"))
        }
        (AdminPort::Answers(status), _) if status.as_deref() != Some(RUNNING) => Verdict::fail(format!(
            "the runtime is {}",
            status.as_deref().unwrap_or("in a state that it does not tell")
        )),
        (_, AppPort::NotAsked) => Verdict::fail("the port of the app was not asked yet"),
        (_, AppPort::Silent(problem)) => {
            Verdict::fail(format!("the port of the app does not answer: {problem}"))
        }
        (_, AppPort::Answers(code)) if *code >= SERVER_ERROR => {
            Verdict::fail(format!("the app answers with status {code}"))
        }
        (_, AppPort::Answers(code)) => Verdict::pass(format!("the app answers with status {code}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn running() -> Observation {
        Observation {
            phase: Phase::Running,
            waiting_for: None,
            admin: AdminPort::Answers(Some("running".into())),
            health: Health::Unknown,
            app: AppPort::Answers(200),
        }
    }

    fn silent() -> AdminPort {
        AdminPort::Silent("no answer".into())
    }

    fn status(word: &str) -> AdminPort {
        AdminPort::Answers(Some(word.into()))
    }

    #[rstest]
    #[case::created(status("created"), Health::Unknown, true)]
    #[case::starting(status("starting"), Health::Unknown, true)]
    #[case::running(status("running"), Health::Healthy, true)]
    #[case::stopping(status("stopping"), Health::Unknown, true)]
    #[case::broken(status("broken"), Health::Unknown, false)]
    #[case::stopped(status("stopped"), Health::Unknown, false)]
    #[case::no_status(AdminPort::Answers(None), Health::Unknown, false)]
    #[case::silent(silent(), Health::Unknown, false)]
    #[case::sick(status("running"), Health::Sick("queue is full".into()), false)]
    fn a_running_model_lives_as_its_admin_port_says(
        #[case] admin: AdminPort,
        #[case] health: Health,
        #[case] ok: bool,
    ) {
        let verdict = liveness(&Observation {
            admin,
            health,
            ..running()
        });
        assert_eq!(verdict.ok, ok, "{verdict:?}");
    }

    #[test]
    fn nothing_kills_a_start_or_a_stop() {
        for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Running) {
            let verdict = liveness(&Observation {
                phase,
                admin: silent(),
                ..running()
            });
            assert!(verdict.ok, "{verdict:?}");
        }
    }

    #[test]
    fn only_a_running_phase_is_ready() {
        for phase in Phase::ALL {
            let verdict = readiness(&Observation { phase, ..running() });
            assert_eq!(verdict.ok, phase == Phase::Running, "{verdict:?}");
        }
    }

    #[test]
    fn whoever_waits_for_the_database_says_for_whom() {
        let verdict = readiness(&Observation {
            phase: Phase::AwaitingDatabase,
            waiting_for: Some("leader x may still run".to_owned()),
            ..running()
        });
        assert!(
            verdict
                .reason
                .ends_with("awaitingDatabase, waiting: leader x may still run"),
            "{verdict:?}"
        );
    }

    #[rstest]
    #[case::starting(status("starting"), AppPort::Answers(200), false)]
    #[case::silent_admin(silent(), AppPort::Answers(200), false)]
    #[case::no_app(status("running"), AppPort::Silent("refused".into()), false)]
    #[case::not_asked(status("running"), AppPort::NotAsked, false)]
    #[case::server_error(status("running"), AppPort::Answers(503), false)]
    #[case::not_found(status("running"), AppPort::Answers(404), true)]
    #[case::redirect(status("running"), AppPort::Answers(302), true)]
    fn requests_come_when_status_and_app_agree(
        #[case] admin: AdminPort,
        #[case] app: AppPort,
        #[case] ok: bool,
    ) {
        let verdict = readiness(&Observation {
            admin,
            app,
            ..running()
        });
        assert_eq!(verdict.ok, ok, "{verdict:?}");
    }

    #[test]
    fn a_sick_app_gives_its_diagnosis() {
        let health = Health::Sick("queue is full".into());
        assert!(
            liveness(&Observation { health, ..running() })
                .reason
                .contains("queue is full")
        );
    }
}
