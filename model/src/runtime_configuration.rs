//! What the guard is told: the content of the configuration Secret, made by the controller, read at every start.
//!
//! Credentials of database and file store are not part of it; they are mounted beside it and read by the guard.

use crate::crd::app::RuntimeSettings;
use crate::crd::common::RuntimeMetricsConfiguration;
use crate::names::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Folder of the configuration Secret in container `mendix`.
pub const CONFIGURATION_FOLDER: &str = "/run/mendix/configuration";
/// Key of the document in it.
pub const CONFIGURATION_KEY: &str = "runtime.json";
/// Folder with the keys of the database's Secret.
pub const DATABASE_FOLDER: &str = "/run/mendix/database";
/// Folder with the keys of the file store's Secret.
pub const FILE_FOLDER: &str = "/run/mendix/file";
/// Folder that the guard is copied into.
pub const GUARD_FOLDER: &str = "/run/mendix/guard";
/// Name of the binary in it.
pub const GUARD_BINARY: &str = "mendix";

/// Variables that the guard reads.
pub mod variable {
    /// `leader` or `worker`; a literal in the pod template, never from a reference.
    pub const ROLE: &str = "MENDIX_ROLE";
    /// What the guard starts as its child: a JSON list.
    pub const COMMAND: &str = "MENDIX_COMMAND";
    /// Password of the admin port, known to guard and runtime.
    pub const ADMIN_PASSWORD: &str = "M2EE_ADMIN_PASS";
    /// Admin port.
    pub const ADMIN_PORT: &str = "M2EE_ADMIN_PORT";
    /// Addresses of the admin port.
    pub const ADMIN_LISTEN_ADDRESSES: &str = "M2EE_ADMIN_LISTEN_ADDRESSES";
    /// Port of the app.
    pub const RUNTIME_PORT: &str = "M2EE_RUNTIME_PORT";
}

/// The document.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeConfiguration {
    /// Parameters of `update_configuration`, without credentials and without the worker flag.
    pub settings: Map<String, Value>,
    /// Microflow constants.
    pub constants: BTreeMap<String, String>,
    /// Jetty options for `update_appcontainer_configuration`.
    pub jetty_options: Option<Value>,
    /// Level of the console subscriber.
    pub log_level: Option<String>,
    /// `plain` or `json`.
    pub log_format: Option<String>,
    /// Log node to level.
    pub log_levels: BTreeMap<String, String>,
    /// Password of the administrator of the app, in the clear; the document lives in a Secret.
    pub admin_user_password: Option<String>,
    /// Password of the debugger, in the clear.
    pub debugger_password: Option<String>,
    /// Metrics are on.
    pub native_metrics: bool,
    /// Seconds that the app goes on serving after the first signal to stop.
    pub termination_delay_seconds: Option<u64>,
    /// Seconds that the runtime may take to stop before it is killed.
    pub termination_grace_period_seconds: u64,
}

/// A field that does not hold what it must.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidField {
    /// Path from the app's spec.
    pub field: &'static str,
    /// What is wrong and what to write instead. Never a value.
    pub problem: String,
}

/// Everything that [`configuration`] decides from.
#[derive(Clone, Debug, Default)]
pub struct Input<'a> {
    /// Settings of the app.
    pub settings: Option<&'a RuntimeSettings>,
    /// Metrics, already merged.
    pub metrics: Option<&'a RuntimeMetricsConfiguration>,
    /// `plain` or `json`, already merged.
    pub log_format: Option<&'a str>,
    /// Address of the endpoint.
    pub application_root_url: Option<&'a str>,
    /// See [`RuntimeConfiguration::termination_delay_seconds`].
    pub termination_delay_seconds: Option<u64>,
    /// See [`RuntimeConfiguration::termination_grace_period_seconds`].
    pub termination_grace_period_seconds: u64,
}

/// Makes the document. Precedence: `microflowConstants` over `customConfiguration`; an `ApplicationRootUrl` in
/// `customConfiguration` over `applicationRootUrl` over the endpoint's.
///
/// # Errors
/// Every field that does not hold what it must.
pub fn configuration(input: &Input<'_>) -> Result<RuntimeConfiguration, Vec<InvalidField>> {
    let empty = RuntimeSettings::default();
    let settings = input.settings.unwrap_or(&empty);
    let mut problems = Vec::new();
    let mut custom = keep(
        &mut problems,
        json_object(
            "runtime.customConfiguration",
            settings.custom_configuration.as_deref(),
        ),
    )
    .unwrap_or_default();
    let mut constants = keep(&mut problems, take_constants(&mut custom)).unwrap_or_default();
    constants.extend(settings.microflow_constants.clone().unwrap_or_default());
    let jetty = keep(
        &mut problems,
        json_object("runtime.jettyOptions", settings.jetty_options.as_deref()),
    );
    let admin = keep(
        &mut problems,
        password("runtime.mxAdminPassword", settings.mx_admin_password.as_deref()),
    );
    let debugger = keep(
        &mut problems,
        password("runtime.debuggerPassword", settings.debugger_password.as_deref()),
    );
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(RuntimeConfiguration {
        settings: with_defaults(custom, settings, input.application_root_url),
        constants,
        jetty_options: jetty.filter(|options| !options.is_empty()).map(Value::Object),
        log_level: settings.log_autosubscribe_level.clone(),
        log_format: input.log_format.map(ToOwned::to_owned),
        log_levels: settings.log_levels.clone().unwrap_or_default(),
        admin_user_password: admin.flatten(),
        debugger_password: debugger.flatten(),
        native_metrics: input.metrics.and_then(|it| it.mode.as_deref()) == Some("native"),
        termination_delay_seconds: input.termination_delay_seconds,
        termination_grace_period_seconds: input.termination_grace_period_seconds,
    })
}

fn keep<T>(problems: &mut Vec<InvalidField>, result: Result<T, InvalidField>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

fn json_object(field: &'static str, text: Option<&str>) -> Result<Map<String, Value>, InvalidField> {
    match text.map(str::trim) {
        None | Some("") => Ok(Map::new()),
        Some(text) => serde_json::from_str(text).map_err(|error| InvalidField {
            field,
            // The parser's own words may quote what it read, so only the place is told.
            problem: format!(
                "is not a JSON object (line {}, column {})",
                error.line(),
                error.column()
            ),
        }),
    }
}

/// The portal writes `MicroflowConstants` as a *string* of JSON; people write an object. Both are taken.
fn take_constants(custom: &mut Map<String, Value>) -> Result<BTreeMap<String, String>, InvalidField> {
    let field = "runtime.customConfiguration.MicroflowConstants";
    let constants = match custom.remove("MicroflowConstants") {
        None => return Ok(BTreeMap::new()),
        Some(Value::String(text)) => json_object(field, Some(&text))?,
        Some(Value::Object(constants)) => constants,
        Some(_) => {
            return Err(InvalidField {
                field,
                problem: "is neither an object nor a string of one".to_owned(),
            });
        }
    };
    Ok(constants
        .into_iter()
        .map(|(name, value)| (name, plain(value)))
        .collect())
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn password(field: &'static str, base64: Option<&str>) -> Result<Option<String>, InvalidField> {
    let Some(text) = base64.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    crate::base64::decode_text(text)
        .map(Some)
        .ok_or_else(|| InvalidField {
            field,
            problem: "is not base64 of a text; use: printf %s 'password' | base64".to_owned(),
        })
}

/// Adds what the app's own fields say, beneath what `customConfiguration` sets by itself.
fn with_defaults(
    custom: Map<String, Value>,
    settings: &RuntimeSettings,
    root_url: Option<&str>,
) -> Map<String, Value> {
    let mut all = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            all.insert(name.to_owned(), value);
        }
    };
    set(
        "DTAPMode",
        Some(
            settings
                .dtap_mode
                .as_deref()
                .unwrap_or(crate::defaults::DTAP_MODE)
                .into(),
        ),
    );
    set(
        "ScheduledEventExecution",
        settings.scheduled_event_execution.as_deref().map(Value::from),
    );
    let specified = settings.scheduled_event_execution.as_deref() == Some("SPECIFIED");
    let events = settings.my_scheduled_events.as_ref().filter(|_| specified);
    set(
        "MyScheduledEvents",
        events.map(|events| Value::from(events.join(","))),
    );
    set(
        "ApplicationRootUrl",
        settings
            .application_root_url
            .as_deref()
            .or(root_url)
            .map(Value::from),
    );
    all.extend(custom);
    all
}

/// The flag that tells a runtime what it is. Every worker gets it, and no leader keeps one from elsewhere (I5).
pub fn role_settings(role: Role) -> Map<String, Value> {
    Map::from_iter([(
        "com.mendix.core.isClusterSlave".to_owned(),
        Value::from((role == Role::Worker).to_string()),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn made(settings: &RuntimeSettings) -> Result<RuntimeConfiguration, Vec<InvalidField>> {
        configuration(&Input {
            settings: Some(settings),
            application_root_url: Some("http://endpoint"),
            ..Input::default()
        })
    }

    fn custom(text: &str) -> RuntimeSettings {
        RuntimeSettings {
            custom_configuration: Some(text.to_owned()),
            ..RuntimeSettings::default()
        }
    }

    #[rstest]
    #[case::object(r#"{"MicroflowConstants":{"A.B":"1"}}"#)]
    #[case::text(r#"{"MicroflowConstants":"{\"A.B\":\"1\"}"}"#)]
    fn constants_may_be_an_object_or_its_text(#[case] text: &str) {
        let made = made(&custom(text)).expect("valid");
        assert_eq!(made.constants["A.B"], "1");
        assert!(!made.settings.contains_key("MicroflowConstants"));
    }

    #[test]
    fn microflow_constants_win_over_custom_configuration() {
        let mut settings = custom(r#"{"MicroflowConstants":{"A.B":"1","A.C":"3"}}"#);
        settings.microflow_constants = Some([("A.B".to_owned(), "2".to_owned())].into());
        let made = made(&settings).expect("valid");
        assert_eq!(
            (made.constants["A.B"].as_str(), made.constants["A.C"].as_str()),
            ("2", "3")
        );
    }

    #[test]
    fn an_address_in_custom_configuration_wins_over_the_endpoint() {
        assert_eq!(
            made(&RuntimeSettings::default()).expect("valid").settings["ApplicationRootUrl"],
            "http://endpoint"
        );
        let made = made(&custom(r#"{"ApplicationRootUrl":"https://own"}"#)).expect("valid");
        assert_eq!(made.settings["ApplicationRootUrl"], "https://own");
    }

    #[test]
    fn production_is_the_default() {
        assert_eq!(
            made(&RuntimeSettings::default()).expect("valid").settings["DTAPMode"],
            "P"
        );
        let development = RuntimeSettings {
            dtap_mode: Some("D".into()),
            ..RuntimeSettings::default()
        };
        assert_eq!(made(&development).expect("valid").settings["DTAPMode"], "D");
    }

    #[test]
    fn events_are_named_only_when_specified() {
        let mut settings = RuntimeSettings {
            my_scheduled_events: Some(vec!["A.E".into(), "A.F".into()]),
            ..custom("")
        };
        assert!(
            !made(&settings)
                .expect("valid")
                .settings
                .contains_key("MyScheduledEvents")
        );
        settings.scheduled_event_execution = Some("SPECIFIED".into());
        assert_eq!(
            made(&settings).expect("valid").settings["MyScheduledEvents"],
            "A.E,A.F"
        );
    }

    #[test]
    fn all_problems_are_told_at_once_and_none_shows_a_value() {
        let mut settings = custom("{secret");
        settings.mx_admin_password = Some("secret!".into());
        let problems = made(&settings).expect_err("invalid");
        let fields: Vec<_> = problems.iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["runtime.customConfiguration", "runtime.mxAdminPassword"]);
        assert!(
            problems
                .iter()
                .all(|problem| !problem.to_string().contains("secret"))
        );
    }

    #[test]
    fn every_worker_is_told_that_it_is_one() {
        assert_eq!(
            role_settings(Role::Worker)["com.mendix.core.isClusterSlave"],
            "true"
        );
        assert_eq!(
            role_settings(Role::Leader)["com.mendix.core.isClusterSlave"],
            "false"
        );
    }
}
