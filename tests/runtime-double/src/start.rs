//! The action `start`: checks, database, delay, app port.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_postgres::Config;

use crate::database::{self, Database};
use crate::options::{Options, StartResult};
use crate::package::Package;
use crate::register::{Identity, register};
use crate::settings::Settings;
use crate::state::{Exit, Runtime, Status};
use crate::{app_port, events, life, log, process, schema};

/// Why `start` did not lead to a running app, with the result code of the m2ee admin protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub result: i64,
    pub message: String,
    pub feedback: Value,
}

impl Failure {
    fn new(result: i64, message: impl Into<String>) -> Self {
        Self {
            result,
            message: message.into(),
            feedback: json!({}),
        }
    }

    fn with(self, feedback: Value) -> Self {
        Self { feedback, ..self }
    }
}

const FAILED: i64 = 1;
const NO_DATABASE: i64 = 2;
/// The schema has to be updated first.
pub const SCHEMA_DIFFERS: i64 = 3;
const CONSTANT_MISSING: i64 = 4;
const ADMIN_PASSWORD_IS_1: i64 = 5;
const INVALID_STATE: i64 = 6;
const DTAP_MODE_MISSING: i64 = 7;
const BASE_PATH_MISSING: i64 = 8;
const RUNTIME_PATH_MISSING: i64 = 9;
const LICENCE_INVALID: i64 = 10;
const SECURITY_OFF: i64 = 11;
const AFTER_STARTUP_FAILED: i64 = 12;
const MOBILE_NOT_IN_LICENCE: i64 = 13;

/// Starts the app. Whoever asked may go away meanwhile; the start goes on.
pub async fn start(runtime: Arc<Runtime>, may_create_database: bool) -> Result<(), Failure> {
    begin(&runtime)?;
    let outcome = attempt(&runtime, may_create_database).await;
    match &outcome {
        Ok(()) => {
            runtime.set_status(Status::Running);
            log::info(
                "Core",
                "Mendix Runtime successfully started, the application is now available.",
            );
            if runtime.package.options.critical_log {
                runtime.critical("the model's option criticalLog says so");
            }
            life::crash_after(&runtime, runtime.package.options.crash_after_running_millis);
        }
        Err(failure) => {
            log::error(
                "M2EE",
                &format!("start failed with result {}: {}", failure.result, failure.message),
            );
            // All others leave a runtime that can be configured better and started again.
            let broken = failure.result == AFTER_STARTUP_FAILED;
            runtime.set_status(if broken { Status::Broken } else { Status::Created });
        }
    }
    outcome
}

fn begin(runtime: &Runtime) -> Result<(), Failure> {
    let mut state = runtime.state();
    if state.status != Status::Created {
        return Err(Failure::new(
            INVALID_STATE,
            format!("the runtime is {:?}", state.status).to_lowercase(),
        ));
    }
    state.status = Status::Starting;
    Ok(())
}

async fn attempt(runtime: &Arc<Runtime>, may_create_database: bool) -> Result<(), Failure> {
    let (settings, weak_users) = {
        let state = runtime.state();
        (state.settings.clone(), state.weak_users.clone())
    };
    check(&settings, &runtime.package, &weak_users)?;
    let database = database::choose(&settings).map_err(|error| Failure::new(FAILED, error.to_string()))?;
    let version = match &database {
        Database::Memory => runtime.state().memory_schema.clone(),
        Database::Postgres(config) => enter(runtime, config, &settings, may_create_database).await?,
    };
    runtime.state().database = Some(database.clone());
    compare(version.as_deref(), &runtime.package.schema)?;
    let options = &runtime.package.options;
    tokio::time::sleep(Duration::from_millis(options.start_delay_millis)).await;
    if options.start_result == Some(StartResult::AfterStartupFailed) {
        return Err(Failure::new(
            AFTER_STARTUP_FAILED,
            "the after-startup action returned false",
        ));
    }
    open_app_port(runtime).await?;
    events::run(runtime, &database, &settings);
    Ok(())
}

/// What can be refused without a database.
fn check(settings: &Settings, package: &Package, weak_users: &BTreeSet<String>) -> Result<(), Failure> {
    let missing = |result, name| Failure::new(result, format!("the setting {name} is missing"));
    let mode = settings
        .text("DTAPMode")
        .ok_or_else(|| missing(DTAP_MODE_MISSING, "DTAPMode"))?;
    settings
        .text("BasePath")
        .ok_or_else(|| missing(BASE_PATH_MISSING, "BasePath"))?;
    settings
        .text("RuntimePath")
        .ok_or_else(|| missing(RUNTIME_PATH_MISSING, "RuntimePath"))?;
    let constants = missing_constants(settings, package);
    if !constants.is_empty() {
        return Err(Failure::new(
            CONSTANT_MISSING,
            format!(
                "the model has constants without a value in MicroflowConstants: {}",
                constants.join(", ")
            ),
        ));
    }
    if package.options.security_off && mode == "P" {
        return Err(Failure::new(
            SECURITY_OFF,
            "the model's security is off, which DTAPMode P does not allow",
        ));
    }
    check_licence(&package.options)?;
    if !weak_users.is_empty() && mode != "D" {
        return Err(
            Failure::new(ADMIN_PASSWORD_IS_1, "administrators must not have the password 1")
                .with(json!({ "users": weak_users })),
        );
    }
    Ok(())
}

fn check_licence(options: &Options) -> Result<(), Failure> {
    match options.start_result {
        Some(StartResult::LicenceInvalid) => Err(Failure::new(LICENCE_INVALID, "the licence is not valid")),
        Some(StartResult::MobileNotInLicence) => Err(Failure::new(
            MOBILE_NOT_IN_LICENCE,
            "the licence does not cover mobile",
        )),
        Some(StartResult::AfterStartupFailed) | None => Ok(()),
    }
}

fn missing_constants<'a>(settings: &Settings, package: &'a Package) -> Vec<&'a str> {
    let given = settings.constants();
    let of_model = package
        .metadata
        .constants
        .iter()
        .map(|constant| constant.name.as_str());
    let of_options = package.options.missing_constants.iter().map(String::as_str);
    of_model
        .chain(of_options)
        .filter(|name| !given.contains(name))
        .collect()
}

fn compare(version: Option<&str>, wanted: &str) -> Result<(), Failure> {
    let reason = match version {
        Some(version) if version == wanted => return Ok(()),
        Some(version) => format!("the database is at version {version}, the model wants {wanted}"),
        None => format!("the database is empty, the model wants version {wanted}"),
    };
    let message = "The database has to be updated before the application can be started.";
    Err(Failure::new(SCHEMA_DIFFERS, message).with(json!({ "synchronizationreason": reason })))
}

/// Registers the process on its database and reads the schema version.
///
/// The registration comes first: from here on the process acts on the database, whatever `start` ends with, and a
/// judge has to know it.
async fn enter(
    runtime: &Runtime,
    config: &Config,
    settings: &Settings,
    may_create: bool,
) -> Result<Option<String>, Failure> {
    ensure_database(config, may_create).await?;
    ensure_registration(runtime, config, settings)
        .await
        .map_err(|error| unusable(&error))?;
    let client = database::connect(config)
        .await
        .map_err(|error| unusable(&error))?;
    schema::version(&client).await.map_err(|error| unusable(&error))
}

async fn ensure_database(config: &Config, may_create: bool) -> Result<(), Failure> {
    match database::connect(config).await {
        Ok(_) => Ok(()),
        Err(error) if database::is_missing(&error) && !may_create => Err(no_database(&error)),
        Err(error) if database::is_missing(&error) => database::create(config)
            .await
            .map_err(|error| no_database(&error)),
        Err(error) => Err(unusable(&error)),
    }
}

fn no_database(error: &tokio_postgres::Error) -> Failure {
    let message = format!(
        "the database does not exist and was not created: {}",
        database::explain(error)
    );
    Failure::new(NO_DATABASE, message)
}

fn unusable(error: &tokio_postgres::Error) -> Failure {
    Failure::new(
        FAILED,
        format!("failed to use the database: {}", database::explain(error)),
    )
}

/// One registration a process; another one only when the settings now name another database or role.
async fn ensure_registration(
    runtime: &Runtime,
    config: &Config,
    settings: &Settings,
) -> Result<(), tokio_postgres::Error> {
    let role = runtime.role(settings);
    let current = runtime.state().registration.clone();
    if let Some(registration) = current {
        if registration.is_for(config, role) {
            return Ok(());
        }
        registration.end().await;
    }
    let identity = Identity::new(&runtime.environment.host, role, &runtime.package.model);
    let registration = register(config.clone(), identity).await?;
    runtime.state().registration = Some(Arc::new(registration));
    Ok(())
}

async fn open_app_port(runtime: &Arc<Runtime>) -> Result<(), Failure> {
    app_port::open(runtime).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            runtime.exit(Exit::Crash(process::EXIT_APP_PORT_IN_USE));
        }
        Failure::new(FAILED, format!("failed to open the app port: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(options: &Value) -> Package {
        let options: Options = serde_json::from_value(options.clone()).unwrap();
        let metadata = serde_json::from_value(json!({"Constants": [{"Name": "Main.Limit"}]})).unwrap();
        Package {
            metadata,
            options,
            model: "A".into(),
            schema: "1".into(),
        }
    }

    fn settings() -> Value {
        json!({"DTAPMode": "P", "BasePath": "/app", "RuntimePath": "/runtime",
            "MicroflowConstants": {"Main.Limit": "3"}})
    }

    fn result(changes: &Value, options: &Value, weak_users: &[&str]) -> i64 {
        let mut all = Settings::default();
        all.merge(settings().as_object().unwrap());
        all.merge(changes.as_object().unwrap());
        let weak_users = weak_users.iter().map(|user| (*user).to_owned()).collect();
        check(&all, &package(options), &weak_users).map_or_else(|failure| failure.result, |()| 0)
    }

    #[test]
    fn a_complete_configuration_passes() {
        assert_eq!(result(&json!({}), &json!({}), &[]), 0);
    }

    #[test]
    fn each_missing_setting_has_its_result() {
        assert_eq!(
            result(&json!({"DTAPMode": ""}), &json!({}), &[]),
            DTAP_MODE_MISSING
        );
        assert_eq!(
            result(&json!({"BasePath": null}), &json!({}), &[]),
            BASE_PATH_MISSING
        );
        assert_eq!(
            result(&json!({"RuntimePath": " "}), &json!({}), &[]),
            RUNTIME_PATH_MISSING
        );
    }

    #[test]
    fn constants_of_model_and_options_need_values() {
        assert_eq!(
            result(&json!({"MicroflowConstants": {}}), &json!({}), &[]),
            CONSTANT_MISSING
        );
        let options = json!({"missingConstants": ["Main.Key"]});
        assert_eq!(result(&json!({}), &options, &[]), CONSTANT_MISSING);
        let constants = json!({"MicroflowConstants": {"Main.Limit": "3", "Main.Key": ""}});
        assert_eq!(result(&constants, &options, &[]), 0);
    }

    #[test]
    fn security_off_and_weak_passwords_are_for_development() {
        let options = json!({"securityOff": true});
        assert_eq!(result(&json!({}), &options, &[]), SECURITY_OFF);
        assert_eq!(result(&json!({"DTAPMode": "A"}), &options, &[]), 0);
        assert_eq!(result(&json!({}), &json!({}), &["MxAdmin"]), ADMIN_PASSWORD_IS_1);
        assert_eq!(result(&json!({"DTAPMode": "D"}), &json!({}), &["MxAdmin"]), 0);
    }

    #[test]
    fn the_licence_can_refuse() {
        assert_eq!(
            result(&json!({}), &json!({"startResult": "licenceInvalid"}), &[]),
            LICENCE_INVALID
        );
        let mobile = json!({"startResult": "mobileNotInLicence"});
        assert_eq!(result(&json!({}), &mobile, &[]), MOBILE_NOT_IN_LICENCE);
        assert_eq!(
            result(&json!({}), &json!({"startResult": "afterStartupFailed"}), &[]),
            0
        );
    }

    #[test]
    fn a_schema_that_differs_says_how() {
        assert_eq!(compare(Some("1"), "1"), Ok(()));
        let failure = compare(Some("1"), "2").unwrap_err();
        assert_eq!(failure.result, SCHEMA_DIFFERS);
        let reason = failure.feedback["synchronizationreason"].as_str().unwrap();
        assert!(
            reason.contains("version 1") && reason.contains("wants 2"),
            "{reason}"
        );
        assert_eq!(compare(None, "1").unwrap_err().result, SCHEMA_DIFFERS);
    }
}
