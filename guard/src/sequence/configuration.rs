//! The runtime's settings, made from what the guard is told.

use super::certificates;
use crate::assignment::Assignment;
use mendix_model::runtime_configuration::role_settings;
use mendix_model::secret_store::{database_settings, storage_defaults, storage_settings};
use serde_json::{Map, Value, json};

/// Setting that makes the runtime give metrics (Mendix documentation, "Metrics").
const METRICS: &str = "Metrics.Registries";
/// How often they are computed: the documented default interval of the operator.
const METRICS_STEP: &str = "1m";

/// Parameters of `update_configuration`. Later ones win, and the order is the safety of it: the environment's own
/// database over every setting, so that the runtime connects to the database that was judged, and last of all the
/// worker flag, so that nothing a user can write turns a worker into a leader.
pub(super) fn configuration(assignment: &Assignment) -> Map<String, Value> {
    let mut all = Map::from_iter([
        path_setting(assignment, "BasePath", "app"),
        path_setting(assignment, "RuntimePath", "runtime"),
    ]);
    all.extend(certificates::settings(assignment));
    if assignment.configuration.native_metrics {
        let interval = assignment.configuration.metrics_interval_seconds;
        let step = interval.map_or_else(|| METRICS_STEP.to_owned(), |seconds| format!("{seconds}s"));
        let registry = json!([{"type": "prometheus", "settings": {"step": step}}]);
        all.insert(METRICS.to_owned(), registry);
    }
    all.extend(assignment.configuration.settings.clone());
    all.insert(
        "MicroflowConstants".to_owned(),
        Value::Object(constants(assignment)),
    );
    if !assignment.database.is_empty() {
        // Not only overwritten: a JDBC URL beside the host of a Secret would win over it inside the runtime.
        all.retain(|name, _| !names_database(name));
    }
    all.extend(database_settings(&assignment.database));
    all.extend(storage_settings(&assignment.storage));
    for (name, value) in storage_defaults(&assignment.storage) {
        all.entry(name).or_insert(value);
    }
    let role = role_settings(assignment.role);
    all.retain(|name, _| !role.keys().any(|flag| flag.eq_ignore_ascii_case(name)));
    all.extend(role);
    all
}

fn path_setting(assignment: &Assignment, name: &str, folder: &str) -> (String, Value) {
    (
        name.to_owned(),
        Value::from(assignment.installation.join(folder).to_string_lossy()),
    )
}

fn names_database(setting: &str) -> bool {
    [
        "DatabaseType",
        "DatabaseJdbcUrl",
        "DatabaseHost",
        "DatabaseName",
        "DatabaseUserName",
        "DatabasePassword",
    ]
    .iter()
    .any(|name| name.eq_ignore_ascii_case(setting))
}

/// The configured constants, and the model's own defaults for the others.
fn constants(assignment: &Assignment) -> Map<String, Value> {
    let configured = &assignment.configuration.constants;
    let mut all: Map<String, Value> = configured
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    for constant in &assignment.metadata.constants {
        let value = all
            .remove(&constant.name)
            .or_else(|| constant.default_value.clone());
        if let Some(value) = value {
            all.insert(constant.name.clone(), constant.typed(value));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{assigned_to, document};
    use super::*;
    use mendix_model::names::Role;

    #[test]
    fn nothing_a_user_writes_turns_a_worker_into_a_leader() {
        let settings = r#"{"com.mendix.core.isClusterSlave":"false","com.mendix.core.ISCLUSTERSLAVE":false}"#;
        let sent = configuration(&assigned_to(Role::Worker, &document(settings, "")));
        let flags: Vec<_> = sent
            .iter()
            .filter(|(name, _)| name.to_lowercase().contains("clusterslave"))
            .collect();
        assert_eq!(
            flags,
            [(&"com.mendix.core.isClusterSlave".to_owned(), &Value::from("true"))]
        );
    }

    #[test]
    fn the_database_is_the_one_of_the_secret() {
        let settings = r#"{"DatabaseJdbcUrl":"jdbc:elsewhere","DatabaseHost":"elsewhere","Other":"kept"}"#;
        let sent = configuration(&assigned_to(Role::Leader, &document(settings, "")));
        assert_eq!(sent["DatabaseHost"], "db:5432");
        assert_eq!(sent["Other"], "kept");
        assert!(!sent.contains_key("DatabaseJdbcUrl"));
    }

    #[test]
    fn the_region_of_the_files_is_told_unless_a_setting_says_it() {
        let region = |settings: &str| {
            let mut assignment = assigned_to(Role::Leader, &document(settings, ""));
            assignment.storage = [
                ("storage-service-name", "com.mendix.storage.s3"),
                ("storage-endpoint", "https://files.s3.eu-west-1.amazonaws.com"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
            configuration(&assignment)["com.mendix.storage.s3.Region"].clone()
        };
        assert_eq!(region("{}"), "eu-west-1");
        assert_eq!(region(r#"{"com.mendix.storage.s3.Region":"own"}"#), "own");
    }

    #[test]
    fn metrics_are_switched_on_unless_a_setting_says_how() {
        let off = configuration(&assigned_to(Role::Leader, &document("{}", "")));
        assert!(!off.contains_key(METRICS));
        let on = |settings: &str| {
            let document =
                document(settings, "").replace(r#""nativeMetrics":false"#, r#""nativeMetrics":true"#);
            configuration(&assigned_to(Role::Leader, &document))
        };
        assert_eq!(on("{}")[METRICS][0]["type"], "prometheus");
        assert_eq!(on(r#"{"Metrics.Registries":"own"}"#)[METRICS], "own");
        assert_eq!(on("{}")[METRICS][0]["settings"]["step"], "1m");
    }

    #[test]
    fn metrics_are_computed_as_often_as_configured() {
        let document = document("{}", r#","metricsIntervalSeconds":30"#)
            .replace(r#""nativeMetrics":false"#, r#""nativeMetrics":true"#);
        let sent = configuration(&assigned_to(Role::Leader, &document));
        assert_eq!(sent[METRICS][0]["settings"]["step"], "30s");
    }

    #[test]
    fn paths_are_below_the_installation() {
        let sent = configuration(&assigned_to(Role::Leader, &document("{}", "")));
        assert_eq!(
            (&sent["BasePath"], &sent["RuntimePath"]),
            (&"/opt/mendix/app".into(), &"/opt/mendix/runtime".into())
        );
    }

    #[test]
    fn defaults_of_the_model_fill_the_gaps() {
        let mut assignment = assigned_to(Role::Leader, &document("{}", ""));
        let text = r#"{"Constants":[{"Name":"A.Given","Type":"Integer","DefaultValue":"1"},
            {"Name":"A.Default","Type":"String","DefaultValue":"d"},{"Name":"A.None","Type":"String"}]}"#;
        assignment.metadata = serde_json::from_str(text).expect("valid");
        assert_eq!(
            Value::Object(constants(&assignment)),
            json!({"A.Given": 7, "A.Default": "d"})
        );
    }
}
