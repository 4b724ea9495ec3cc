//! What the guard is told: the content of the configuration Secret, made by the controller, read at every start.
//!
//! Credentials of database and file store are not part of it; they are mounted beside it and read by the guard.

mod certificates;
mod fields;
mod metrics;

pub use certificates::CertificateFile;
pub use metrics::{MetricsAgent, merged_metrics};

use crate::crd::Quantity;
use crate::crd::app::RuntimeSettings;
use crate::crd::common::{RuntimeLicense, RuntimeMetricsConfiguration};
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
/// Folder with the keys of the secret store (Mendix documentation, "Retrieve environment-sensitive data from a secret
/// store").
pub const SECRET_STORE_FOLDER: &str = "/mnt/secrets";
/// Folder that the guard is copied into.
pub const GUARD_FOLDER: &str = "/run/mendix/guard";
/// Name of the binary in it.
pub const GUARD_BINARY: &str = "mendix";

/// Variables that the guard reads.
pub mod variable {
    /// `leader` or `worker`; a literal in the pod template, never from a reference. In plain pods their label
    /// [`crate::names::ROLE_LABEL`], which nobody can change.
    pub const ROLE: &str = "MENDIX_ROLE";
    /// What the guard starts as its child: a JSON list.
    pub const COMMAND: &str = "MENDIX_COMMAND";
    /// Claim of the database that the files of the secret store must name; a literal in the pod template.
    pub const DATABASE_CLAIM: &str = "MENDIX_DATABASE_CLAIM";
    /// Namespace of the pod: short names of hosts mean something only in it.
    pub const NAMESPACE: &str = "MENDIX_NAMESPACE";
    /// Name of the pod, where it is told.
    pub const POD: &str = "MENDIX_POD";
    /// Whose the pod is, for its row in the database: a JSON document ([`crate::lease::Told`]); a literal in the pod
    /// template, or in plain pods their annotation [`crate::names::LEASE_ANNOTATION`].
    pub const LEASE: &str = "MENDIX_LEASE";
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
    /// Licence for `set_license`; the key is a secret.
    pub license: Option<License>,
    /// Client certificates, in the order of the runtime's lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_certificates: Vec<CertificateFile>,
    /// Names of the files beside the document with certificates that are trusted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<String>,
    /// MiB of the Java machine's heap; nothing leaves it to the machine.
    pub heap_mebibytes: Option<u64>,
    /// The runtime gives metrics by itself.
    pub native_metrics: bool,
    /// The statistics of the admin port are told as metrics.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compatibility_metrics: bool,
    /// Seconds between two computations of the metrics.
    pub metrics_interval_seconds: Option<u64>,
    /// The metrics agent of the image.
    pub metrics_agent: Option<MetricsAgent>,
    /// Seconds that the app goes on serving after the first signal to stop.
    pub termination_delay_seconds: Option<u64>,
    /// Seconds that the runtime may take to stop before it is killed.
    pub termination_grace_period_seconds: u64,
}

/// An offline licence.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct License {
    /// Licence id.
    pub id: String,
    /// Licence key.
    pub key: String,
}

/// What the configuration Secret holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// The document under [`CONFIGURATION_KEY`].
    pub document: RuntimeConfiguration,
    /// Further files by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// What a field fails to hold; one rule each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A JSON document.
    Json,
    /// Base64.
    Base64,
    /// Any other value.
    Value,
}

/// A field that does not hold what it must.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidField {
    /// What was expected.
    pub kind: Kind,
    /// Path from the app's spec.
    pub field: String,
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
    /// Licence; counts when it has id and key.
    pub license: Option<&'a RuntimeLicense>,
    /// Memory limit of container `mendix`.
    pub memory_limit: Option<&'a Quantity>,
    /// Heap that the app asks for.
    pub heap_limit: Option<&'a Quantity>,
    /// PEM bundle of certificates that are trusted besides the usual ones.
    pub authorities: Option<&'a [u8]>,
    /// Address of the endpoint.
    pub application_root_url: Option<&'a str>,
    /// See [`RuntimeConfiguration::termination_delay_seconds`].
    pub termination_delay_seconds: Option<u64>,
    /// See [`RuntimeConfiguration::termination_grace_period_seconds`].
    pub termination_grace_period_seconds: u64,
}

/// Makes document and files. Precedence: `microflowConstants` over `customConfiguration`; an `ApplicationRootUrl` in
/// `customConfiguration` over `applicationRootUrl` over the endpoint's.
///
/// # Errors
/// Every field that does not hold what it must.
pub fn configuration(input: &Input<'_>) -> Result<Content, Vec<InvalidField>> {
    let empty = RuntimeSettings::default();
    let settings = input.settings.unwrap_or(&empty);
    let mut problems = Problems::default();
    let custom = fields::json_object(
        "runtime.customConfiguration",
        settings.custom_configuration.as_deref(),
    );
    let mut custom = problems.keep(custom);
    let mut constants = problems.keep(fields::take_constants(&mut custom));
    constants.extend(settings.microflow_constants.clone().unwrap_or_default());
    let jetty = problems.keep(fields::json_object(
        "runtime.jettyOptions",
        settings.jetty_options.as_deref(),
    ));
    let administrator = fields::password("runtime.mxAdminPassword", settings.mx_admin_password.as_deref());
    let debugger = fields::password("runtime.debuggerPassword", settings.debugger_password.as_deref());
    let certificates = settings.client_certificates.as_deref().unwrap_or_default();
    let (client_certificates, mut files) = problems.keep_all(certificates::client_certificates(certificates));
    let trusted = input
        .authorities
        .map_or_else(|| Ok(BTreeMap::new()), certificates::authorities);
    let trusted = problems.keep(trusted);
    let mode = problems.keep(metrics::mode(input.metrics));
    let (metrics_agent, agent_files) = problems.keep_all(metrics::agent(input.metrics));
    let document = RuntimeConfiguration {
        settings: with_defaults(custom, settings, input.application_root_url),
        constants,
        jetty_options: Some(Value::Object(jetty)).filter(|options| *options != Value::Object(Map::new())),
        log_level: settings.log_autosubscribe_level.clone(),
        log_format: input.log_format.map(ToOwned::to_owned),
        log_levels: settings.log_levels.clone().unwrap_or_default(),
        admin_user_password: problems.keep(administrator),
        debugger_password: problems.keep(debugger),
        license: license(input.license),
        client_certificates,
        authorities: trusted.keys().cloned().collect(),
        heap_mebibytes: problems.keep(crate::jvm_memory::heap(input.memory_limit, input.heap_limit)),
        native_metrics: mode == metrics::Mode::Native,
        compatibility_metrics: mode == metrics::Mode::Compatibility,
        metrics_interval_seconds: problems.keep(metrics::interval(input.metrics)),
        metrics_agent,
        termination_delay_seconds: input.termination_delay_seconds,
        termination_grace_period_seconds: input.termination_grace_period_seconds,
    };
    files.extend(trusted);
    files.extend(agent_files);
    problems.none().map(|()| Content { document, files })
}

/// Collects what is wrong, so that all of it is told at once.
#[derive(Default)]
struct Problems(Vec<InvalidField>);

impl Problems {
    fn keep<T: Default>(&mut self, result: Result<T, InvalidField>) -> T {
        self.keep_all(result.map_err(|problem| vec![problem]))
    }

    fn keep_all<T: Default>(&mut self, result: Result<T, Vec<InvalidField>>) -> T {
        result
            .map_err(|problems| self.0.extend(problems))
            .unwrap_or_default()
    }

    fn none(self) -> Result<(), Vec<InvalidField>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

/// A licence with a part missing is none: `runtimeLicense: {}` is what installers write.
fn license(given: Option<&RuntimeLicense>) -> Option<License> {
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Some(License {
        id: set(&given?.id)?,
        key: set(&given?.key)?,
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
mod tests;
