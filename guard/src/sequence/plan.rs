//! What is sent to the admin port, made from what the guard is told. Names and forms: m2ee admin protocol.

use super::configuration::configuration;
use crate::assignment::Assignment;
use mendix_model::names::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// Limit of actions that are answered at once.
const SHORT: Duration = Duration::from_secs(30);
/// Limit of actions that may run through a whole database or an after-startup microflow.
const LONG: Duration = Duration::from_hours(1);
/// Limit of bringing a database to its model: none while the process lives. One that was ended over a large table would
/// begin anew, and never be done.
const ENDLESS: Duration = Duration::MAX;
/// Level of the log subscriber when none is given.
const DEFAULT_LOG_LEVEL: &str = "INFO";
/// Name of the log subscriber.
const SUBSCRIBER: &str = "mendix";

/// What a refusal of a request means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// The model cannot be started.
    Fails,
    /// The app runs without it; the log says so.
    Warns,
}

/// One call of the admin port. Its parameters may hold secrets, hence no `Debug`.
#[derive(Clone, PartialEq)]
pub(crate) struct Request {
    /// Name of the action.
    pub(crate) action: &'static str,
    /// Its parameters, or null.
    pub(crate) params: Value,
    /// How long the answer may take.
    pub(crate) limit: Duration,
    /// What a refusal means.
    pub(crate) refusal: Refusal,
}

impl Request {
    fn needed(action: &'static str, params: Value) -> Self {
        Self {
            action,
            params,
            limit: SHORT,
            refusal: Refusal::Fails,
        }
    }

    fn wished(action: &'static str, params: Value) -> Self {
        Self {
            refusal: Refusal::Warns,
            ..Self::needed(action, params)
        }
    }

    fn long(action: &'static str, params: Value) -> Self {
        Self {
            limit: LONG,
            ..Self::needed(action, params)
        }
    }
}

/// All that the sequence needs.
#[derive(Clone)]
pub(crate) struct Plan {
    /// Leader or worker.
    pub(crate) role: Role,
    /// Sent before the model is started.
    pub(crate) preparation: Vec<Request>,
    /// Sent when it runs.
    pub(crate) completion: Vec<Request>,
    /// Password for administrators that still have the one of a fresh model. Leader only.
    pub(crate) administrator_password: Option<String>,
    /// How long a worker waits before it tries again.
    pub(crate) worker_interval: Duration,
}

/// Makes the plan.
pub(crate) fn plan(assignment: &Assignment, worker_interval: Duration) -> Plan {
    let leads = assignment.role == Role::Leader;
    Plan {
        role: assignment.role,
        preparation: preparation(assignment),
        completion: completion(assignment),
        administrator_password: assignment
            .configuration
            .admin_user_password
            .clone()
            .filter(|_| leads),
        worker_interval,
    }
}

/// Logging first, so that a refused configuration is seen in the log.
fn preparation(assignment: &Assignment) -> Vec<Request> {
    let mut requests = vec![Request::wished(
        "create_log_subscriber",
        log_subscriber(assignment),
    )];
    requests.extend(log_levels(assignment));
    requests.push(Request::wished("start_logging", Value::Null));
    requests.push(Request::needed(
        "update_appcontainer_configuration",
        app_container(assignment),
    ));
    requests.push(Request::needed(
        "update_configuration",
        Value::Object(configuration(assignment)),
    ));
    requests.extend(license(assignment));
    requests
}

/// A licence that is refused leaves the app as it would be without one; `start` has a result of its own for the rest.
fn license(assignment: &Assignment) -> Option<Request> {
    let license = assignment.configuration.license.as_ref()?;
    let params = json!({"license_id": license.id, "license_key": license.key});
    Some(Request::wished("set_license", params))
}

fn log_subscriber(assignment: &Assignment) -> Value {
    let configuration = &assignment.configuration;
    let json = configuration.log_format.as_deref() == Some("json");
    json!({
        "type": if json { "console_json" } else { "console" },
        "name": SUBSCRIBER,
        "autosubscribe": configuration.log_level.as_deref().unwrap_or(DEFAULT_LOG_LEVEL),
    })
}

/// `force`, since most nodes come into being only when the model starts.
fn log_levels(assignment: &Assignment) -> Option<Request> {
    let levels = &assignment.configuration.log_levels;
    let nodes: Vec<Value> = levels
        .iter()
        .map(|(name, level)| json!({"name": name, "level": level}))
        .collect();
    let params = json!({"subscriber": "*", "nodes": nodes, "force": true});
    (!levels.is_empty()).then(|| Request::wished("set_log_level", params))
}

fn app_container(assignment: &Assignment) -> Value {
    let mut params = json!({"runtime_port": assignment.runtime_port, "runtime_listen_addresses": "*"});
    if let Some(options) = &assignment.configuration.jetty_options {
        params["runtime_jetty_options"] = options.clone();
    }
    params
}

/// Users are made by the leader only: workers that did so at the same moment would write the same rows.
fn completion(assignment: &Assignment) -> Vec<Request> {
    let configuration = &assignment.configuration;
    let administrator = configuration
        .admin_user_password
        .as_deref()
        .filter(|_| assignment.role == Role::Leader);
    let mut requests = Vec::new();
    if let Some(password) = administrator {
        requests.push(Request::wished(
            "create_admin_user",
            json!({"password": password}),
        ));
        requests.push(replace_password(assignment.metadata.administrator(), password));
    }
    if let Some(password) = &configuration.debugger_password {
        requests.push(Request::wished("enable_debugger", json!({"password": password})));
    }
    requests.extend(log_levels(assignment));
    requests
}

/// Asks whether the admin port is there.
pub(crate) fn echo() -> Request {
    Request::wished("echo", json!({"echo": "ping"}))
}

/// Starts the model.
pub(crate) fn start(create_database: bool) -> Request {
    Request::long(
        "start",
        if create_database {
            json!({"autocreatedb": true})
        } else {
            Value::Null
        },
    )
}

/// Asks for the statements that bring the schema to the model.
pub(crate) fn statements() -> Request {
    Request::long("get_ddl_commands", json!({"verbose": true}))
}

/// Executes them.
pub(crate) fn synchronise() -> Request {
    Request {
        limit: ENDLESS,
        ..Request::needed("execute_ddl_commands", Value::Null)
    }
}

/// Gives an administrator another password.
pub(crate) fn replace_password(user: &str, password: &str) -> Request {
    Request::wished(
        "update_admin_user",
        json!({"username": user, "password": password}),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::assignment::{assignment, tests as assigned};
    use mendix_model::runtime_configuration::variable;

    pub(crate) fn planned(role: Role, document: &str) -> Plan {
        plan(&assigned_to(role, document), Duration::from_secs(10))
    }

    pub(crate) fn assigned_to(role: Role, document: &str) -> Assignment {
        let mut sources = assigned::sources();
        sources
            .variables
            .insert(variable::ROLE.to_owned(), role.as_str().to_owned());
        document.clone_into(&mut sources.document);
        assignment(sources).expect("made")
    }

    pub(crate) fn document(settings: &str, more: &str) -> String {
        format!(
            r#"{{"settings":{settings},"constants":{{"A.Given":"7"}},"logLevels":{{"Core":"TRACE"}},
            "nativeMetrics":false,"terminationGracePeriodSeconds":300{more}}}"#
        )
    }

    #[test]
    fn logging_comes_before_everything_and_the_configuration_last() {
        let plan = planned(Role::Leader, &document("{}", ""));
        let actions: Vec<&str> = plan.preparation.iter().map(|request| request.action).collect();
        let expected = [
            "create_log_subscriber",
            "set_log_level",
            "start_logging",
            "update_appcontainer_configuration",
            "update_configuration",
        ];
        assert_eq!(actions, expected);
    }

    #[test]
    fn a_licence_is_set_before_the_start() {
        let more = r#","license":{"id":"1","key":"license-secret"}"#;
        let plan = planned(Role::Worker, &document("{}", more));
        let last = plan.preparation.last().expect("requests");
        assert_eq!((last.action, last.refusal), ("set_license", Refusal::Warns));
        assert_eq!(
            last.params,
            json!({"license_id": "1", "license_key": "license-secret"})
        );
    }

    #[test]
    fn jetty_options_and_log_format_are_sent_as_they_are() {
        let more = r#","logFormat":"json","logLevel":"DEBUG","jettyOptions":{"max_threads":5}"#;
        let assignment = assigned_to(Role::Leader, &document("{}", more));
        let expected = json!({"runtime_port": 8080, "runtime_listen_addresses": "*", "runtime_jetty_options": {"max_threads": 5}});
        assert_eq!(app_container(&assignment), expected);
        let expected = json!({"type": "console_json", "name": "mendix", "autosubscribe": "DEBUG"});
        assert_eq!(log_subscriber(&assignment), expected);
    }

    #[test]
    fn only_the_leader_makes_users() {
        let document = document("{}", r#","adminUserPassword":"a","debuggerPassword":"d""#);
        let actions = |role| -> Vec<_> {
            planned(role, &document)
                .completion
                .iter()
                .map(|request| request.action)
                .collect()
        };
        assert_eq!(
            actions(Role::Leader),
            [
                "create_admin_user",
                "update_admin_user",
                "enable_debugger",
                "set_log_level"
            ]
        );
        assert_eq!(actions(Role::Worker), ["enable_debugger", "set_log_level"]);
    }
}
