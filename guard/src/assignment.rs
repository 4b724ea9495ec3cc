//! What this guard is to do, decided from what was read.

use crate::java;
use crate::metadata::Metadata;
use crate::redaction::{self, Secrets};
use crate::secret_store::{self, Stores};
use crate::sources::Sources;
use mendix_model::lease::Told;
use mendix_model::names::{ADMIN_PORT, APP_PORT, COMMAND_LABEL, Role};
use mendix_model::runtime_configuration::{RuntimeConfiguration, variable};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Settings of the configuration that name a database by themselves.
const DATABASE_SETTINGS: [&str; 3] = ["DatabaseType", "DatabaseJdbcUrl", "DatabaseHost"];

/// In a pod, its name.
const HOST_NAME: &str = "HOSTNAME";

/// Everything the guard needs to know. Holds secrets, hence no `Debug`.
pub(crate) struct Assignment {
    /// Leader or worker.
    pub(crate) role: Role,
    /// Program and arguments of the child; never empty.
    pub(crate) command: Vec<String>,
    /// Password of the admin port.
    pub(crate) admin_password: String,
    /// Admin port, on loopback.
    pub(crate) admin_port: u16,
    /// Port of the app.
    pub(crate) runtime_port: u16,
    /// Folder with `app` and `runtime`.
    pub(crate) installation: PathBuf,
    /// Folder of the document, and of the files that it names.
    pub(crate) configuration_folder: PathBuf,
    /// The metrics agent of the image, when it has one.
    pub(crate) agent: Option<PathBuf>,
    /// `JAVA_TOOL_OPTIONS` as the container has it.
    pub(crate) java_options: String,
    /// The document of the controller.
    pub(crate) configuration: RuntimeConfiguration,
    /// Keys of the database, from its Secret or the secret store.
    pub(crate) database: BTreeMap<String, String>,
    /// Keys of the file store, from its Secret or the secret store.
    pub(crate) storage: BTreeMap<String, String>,
    /// What the model says of itself.
    pub(crate) metadata: Metadata,
    /// Whose the process is, for its row in the database; earlier releases did not say.
    pub(crate) lease: Option<Told>,
    /// Name of the pod, for people.
    pub(crate) pod: String,
    /// What must never be shown.
    pub(crate) secrets: Secrets,
}

/// Something that is missing or malformed. None of the sentences holds a value of a Secret.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum AssignmentError {
    #[error(
        "{} is not set: a runtime is never started without being told what it is; set it to leader or worker",
        variable::ROLE
    )]
    NoRole,
    #[error("{} is {value:?}, which is neither leader nor worker", variable::ROLE)]
    UnknownRole { value: String },
    #[error(
        "{} is not set: the image does not say how its runtime is started; build it again, or give it the label \
         {COMMAND_LABEL}, or set the variable to a JSON list such as [\"/opt/mendix/app/mxruntime.sh\"]",
        variable::COMMAND
    )]
    NoCommand,
    #[error(
        "{} is not a JSON list of at least one text, such as [\"/opt/mendix/app/mxruntime.sh\"]",
        variable::COMMAND
    )]
    MalformedCommand,
    #[error(
        "{} is not set; the controller sets it from the Secret <app>-m2ee, key adminpassword",
        variable::ADMIN_PASSWORD
    )]
    NoAdminPassword,
    #[error("{name} is {value:?}, which is no port; use a number from 1 to 65535")]
    MalformedPort { name: &'static str, value: String },
    #[error(
        "failed to understand the configuration document (line {line}, column {column}): guard and controller do not fit \
         together; let the controller make the pod again with: kubectl mendix refresh"
    )]
    MalformedDocument { line: usize, column: usize },
    #[error(
        "{} is not understood: guard and controller do not fit together; let the controller make the pod again with: \
         kubectl mendix refresh",
        variable::LEASE
    )]
    MalformedLease,
    #[error(
        "no database is named: neither the database's Secret nor customConfiguration holds its type, host or JDBC URL; \
         see the Secret <app>-database"
    )]
    NoDatabase,
    #[error(transparent)]
    SecretStore(#[from] secret_store::Problem),
}

/// Decides what the guard is to do.
pub(crate) fn assignment(sources: Sources) -> Result<Assignment, AssignmentError> {
    let variables = &sources.variables;
    let configuration = document(&sources.document)?;
    let Stores {
        configuration,
        database,
        storage,
        secrets,
    } = secret_store::merged(configuration, &sources)?;
    let admin_password = given(variables, variable::ADMIN_PASSWORD)
        .ok_or(AssignmentError::NoAdminPassword)?
        .to_owned();
    if database.is_empty()
        && !DATABASE_SETTINGS
            .iter()
            .any(|name| configuration.settings.contains_key(*name))
    {
        return Err(AssignmentError::NoDatabase);
    }
    Ok(Assignment {
        role: role(given(variables, variable::ROLE))?,
        lease: lease(given(variables, variable::LEASE))?,
        pod: given(variables, HOST_NAME).unwrap_or("unknown").to_owned(),
        command: command(given(variables, variable::COMMAND))?,
        admin_port: port(variables, variable::ADMIN_PORT, ADMIN_PORT)?,
        runtime_port: port(variables, variable::RUNTIME_PORT, APP_PORT)?,
        secrets: redaction::secrets(&admin_password, &configuration, &database, &storage).with(secrets),
        admin_password,
        java_options: given(variables, java::VARIABLE).unwrap_or_default().to_owned(),
        configuration,
        configuration_folder: sources.configuration_folder,
        agent: sources.agent,
        installation: sources.installation,
        database,
        storage,
        metadata: sources.metadata,
    })
}

fn given<'a>(variables: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    variables
        .get(name)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
}

fn lease(value: Option<&str>) -> Result<Option<Told>, AssignmentError> {
    let told = value.map(serde_json::from_str).transpose();
    told.map_err(|_| AssignmentError::MalformedLease)
}

/// There is no default: a worker that took itself for a leader would be a second one.
fn role(value: Option<&str>) -> Result<Role, AssignmentError> {
    let value = value.ok_or(AssignmentError::NoRole)?;
    [Role::Leader, Role::Worker]
        .into_iter()
        .find(|role| role.as_str() == value)
        .ok_or_else(|| AssignmentError::UnknownRole {
            value: value.to_owned(),
        })
}

fn command(value: Option<&str>) -> Result<Vec<String>, AssignmentError> {
    let command: Vec<String> = serde_json::from_str(value.ok_or(AssignmentError::NoCommand)?)
        .map_err(|_| AssignmentError::MalformedCommand)?;
    if command.first().is_none_or(String::is_empty) {
        return Err(AssignmentError::MalformedCommand);
    }
    Ok(command)
}

fn port(
    variables: &BTreeMap<String, String>,
    name: &'static str,
    default: i32,
) -> Result<u16, AssignmentError> {
    let value = given(variables, name).map_or_else(|| default.to_string(), ToOwned::to_owned);
    match value.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(AssignmentError::MalformedPort { name, value }),
    }
}

/// The parser's own words may quote what it read, so only the place is told.
fn document(text: &str) -> Result<RuntimeConfiguration, AssignmentError> {
    serde_json::from_str(text).map_err(|error| AssignmentError::MalformedDocument {
        line: error.line(),
        column: error.column(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rstest::rstest;

    pub(crate) const DOCUMENT: &str = r#"{"settings":{},"constants":{},"logLevels":{},"nativeMetrics":false,
        "terminationGracePeriodSeconds":300}"#;

    pub(crate) fn sources() -> Sources {
        let variables = [
            (variable::ROLE, "leader"),
            (variable::COMMAND, r#"["/bin/runtime","-x"]"#),
            (variable::ADMIN_PASSWORD, "admin-secret"),
        ];
        Sources {
            variables: variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            document: DOCUMENT.to_owned(),
            database: [("database-host".to_owned(), "db:5432".to_owned())].into(),
            storage: BTreeMap::new(),
            secret_store: None,
            installation: "/opt/mendix".into(),
            configuration_folder: "/run/mendix/configuration".into(),
            agent: None,
            metadata: Metadata::default(),
        }
    }

    fn with(name: &str, value: &str) -> Sources {
        let mut sources = sources();
        sources.variables.insert(name.to_owned(), value.to_owned());
        sources
    }

    fn refused(sources: Sources) -> AssignmentError {
        assignment(sources).err().expect("refused")
    }

    #[test]
    fn ports_are_those_of_the_contract_when_none_is_given() {
        let made = assignment(sources()).expect("made");
        assert_eq!((made.admin_port, made.runtime_port), (9000, 8080));
        assert_eq!(made.command, ["/bin/runtime", "-x"]);
    }

    #[rstest]
    #[case::no_role(variable::ROLE, "", "never started without being told")]
    #[case::unknown_role(variable::ROLE, "peer", "\"peer\", which is neither")]
    #[case::no_command(variable::COMMAND, "", "build it again")]
    #[case::command_as_text(variable::COMMAND, "/bin/sh", "not a JSON list")]
    #[case::empty_command(variable::COMMAND, "[]", "not a JSON list")]
    #[case::no_password(variable::ADMIN_PASSWORD, "", "<app>-m2ee")]
    #[case::port(variable::ADMIN_PORT, "70000", "M2EE_ADMIN_PORT is \"70000\"")]
    #[case::lease(variable::LEASE, "{}", "MENDIX_LEASE is not understood")]
    #[case::port_zero(variable::RUNTIME_PORT, "0", "M2EE_RUNTIME_PORT is \"0\"")]
    fn what_is_missing_or_malformed_is_named(
        #[case] name: &str,
        #[case] value: &str,
        #[case] sentence: &str,
    ) {
        let error = refused(with(name, value)).to_string();
        assert!(error.contains(sentence), "{error}");
    }

    #[test]
    fn a_malformed_document_is_not_quoted() {
        let document = r#"{"settings":"s-secret"}"#.to_owned();
        let error = refused(Sources {
            document,
            ..sources()
        })
        .to_string();
        assert!(error.contains("line 1") && !error.contains("s-secret"), "{error}");
    }

    #[test]
    fn a_database_must_be_named_somewhere() {
        let nowhere = Sources {
            database: BTreeMap::new(),
            ..sources()
        };
        assert_eq!(refused(nowhere), AssignmentError::NoDatabase);
        let document = DOCUMENT.replace(r#""settings":{}"#, r#""settings":{"DatabaseHost":"db"}"#);
        let in_settings = Sources {
            database: BTreeMap::new(),
            document,
            ..sources()
        };
        assert!(assignment(in_settings).is_ok());
    }
}
