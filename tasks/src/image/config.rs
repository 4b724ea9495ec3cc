//! The configuration of an image: that of its base, with changes.
//!
//! Kept as JSON: a typed form would drop what it does not know (Docker's `Healthcheck`, `Shell`), and its hash maps
//! would give another digest each time.

use super::Platform;
use mendix_package::LayerIdentity;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is set on top of the base; what is absent or empty stays as the base has it.
#[derive(Clone, Debug, Default)]
pub struct ConfigChanges {
    /// Entry point. Takes the base's command away, which was meant as arguments of the base's entry point.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments of the entry point.
    pub cmd: Option<Vec<String>>,
    /// User, `name`, `uid` or `uid:gid`.
    pub user: Option<String>,
    /// Working directory.
    pub working_directory: Option<String>,
    /// Environment variables; those of the same name are replaced.
    pub environment: BTreeMap<String, String>,
    /// Labels; those of the same name are replaced.
    pub labels: BTreeMap<String, String>,
    /// Ports: `8080/tcp`.
    pub exposed_ports: Vec<String>,
}

/// The epoch: a real time would make the digest differ from run to run.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// The new configuration. `base` is the base's own, an object.
pub(super) fn compose(
    base: Option<&Value>,
    layers: &[LayerIdentity],
    changes: &ConfigChanges,
    platform: &Platform,
) -> Value {
    let mut config = base
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_else(|| empty(platform));
    // Docker's own records of how the base was made; they would no longer be true.
    config.remove("container");
    config.remove("container_config");
    change_object(&mut config, "config", |settings| {
        set_command(settings, changes);
        set_environment(settings, &changes.environment);
        set_rest(settings, changes);
    });
    append_layers(&mut config, layers);
    Value::Object(config)
}

fn empty(platform: &Platform) -> Map<String, Value> {
    let mut config = Map::new();
    config.insert("created".to_owned(), CREATED.into());
    config.insert("os".to_owned(), platform.os.as_str().into());
    config.insert("architecture".to_owned(), platform.architecture.as_str().into());
    config
}

fn set_command(settings: &mut Map<String, Value>, changes: &ConfigChanges) {
    if let Some(entrypoint) = &changes.entrypoint {
        settings.insert("Entrypoint".to_owned(), json!(entrypoint));
        settings.remove("Cmd");
    }
    if let Some(cmd) = &changes.cmd {
        settings.insert("Cmd".to_owned(), json!(cmd));
    }
}

fn set_environment(settings: &mut Map<String, Value>, variables: &BTreeMap<String, String>) {
    if variables.is_empty() {
        return;
    }
    let mut all = strings(settings.get("Env"));
    all.retain(|entry| !variables.contains_key(entry.split('=').next().unwrap_or_default()));
    all.extend(variables.iter().map(|(name, value)| format!("{name}={value}")));
    settings.insert("Env".to_owned(), json!(all));
}

fn set_rest(settings: &mut Map<String, Value>, changes: &ConfigChanges) {
    for (key, value) in [
        ("User", &changes.user),
        ("WorkingDir", &changes.working_directory),
    ] {
        if let Some(value) = value {
            settings.insert(key.to_owned(), value.as_str().into());
        }
    }
    if !changes.labels.is_empty() {
        let added = changes
            .labels
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().into()));
        change_object(settings, "Labels", |labels| labels.extend(added));
    }
    if !changes.exposed_ports.is_empty() {
        let added = changes.exposed_ports.iter().map(|port| (port.clone(), json!({})));
        change_object(settings, "ExposedPorts", |ports| ports.extend(added));
    }
}

fn append_layers(config: &mut Map<String, Value>, layers: &[LayerIdentity]) {
    change_object(config, "rootfs", |file_system| {
        file_system.insert("type".to_owned(), "layers".into());
        let mut diff_ids = strings(file_system.get("diff_ids"));
        diff_ids.extend(layers.iter().map(|layer| layer.diff_id.clone()));
        file_system.insert("diff_ids".to_owned(), json!(diff_ids));
    });
    let mut history = config
        .get("history")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    history.extend(
        layers
            .iter()
            .map(|_| json!({"created": CREATED, "created_by": "kubectl-mendix"})),
    );
    config.insert("history".to_owned(), Value::Array(history));
}

/// Changes the object under a key; one that is absent, null or something else becomes an object first.
fn change_object(parent: &mut Map<String, Value>, key: &str, change: impl FnOnce(&mut Map<String, Value>)) {
    let mut object = match parent.remove(key) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    change(&mut object);
    parent.insert(key.to_owned(), Value::Object(object));
}

/// The strings of a list; nothing when it is absent or null.
pub(super) fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Entry, write_layer};

    fn layers() -> Vec<LayerIdentity> {
        vec![
            write_layer([Entry::bytes("a", 0o664, "a")])
                .expect("layer")
                .identity,
        ]
    }

    fn base() -> Value {
        json!({
            "os": "linux", "architecture": "arm64", "created": "2024-01-01T00:00:00Z", "container": "0123",
            "config": {"Entrypoint": ["/java"], "Cmd": ["-jar"], "Env": ["A=1", "B=2"], "Labels": null,
                "Healthcheck": {"Test": ["NONE"]}},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:base"]}, "history": [{"created_by": "base"}],
        })
    }

    #[test]
    fn changes_are_laid_over_the_base() {
        let changes = ConfigChanges {
            environment: [("B".to_owned(), "3".to_owned())].into(),
            labels: [("l".to_owned(), "v".to_owned())].into(),
            exposed_ports: vec!["8080/tcp".into()],
            user: Some("1001:0".into()),
            ..ConfigChanges::default()
        };
        let config = compose(Some(&base()), &layers(), &changes, &Platform::linux("amd64"));
        assert_eq!(config["architecture"], "arm64");
        assert_eq!(
            config["config"],
            json!({"Entrypoint": ["/java"], "Cmd": ["-jar"], "Env": ["A=1", "B=3"], "Labels": {"l": "v"},
                "Healthcheck": {"Test": ["NONE"]}, "ExposedPorts": {"8080/tcp": {}}, "User": "1001:0"})
        );
        assert_eq!(config["rootfs"]["diff_ids"][0], "sha256:base");
        assert_eq!(config["rootfs"]["diff_ids"].as_array().map(Vec::len), Some(2));
        assert_eq!(config["history"].as_array().map(Vec::len), Some(2));
        assert_eq!(config.get("container"), None);
    }

    #[test]
    fn a_new_entry_point_takes_the_old_arguments_away() {
        let changes = ConfigChanges {
            entrypoint: Some(vec!["/guard".into()]),
            ..ConfigChanges::default()
        };
        let config = compose(Some(&base()), &[], &changes, &Platform::linux("amd64"));
        assert_eq!(
            (&config["config"]["Entrypoint"], config["config"].get("Cmd")),
            (&json!(["/guard"]), None)
        );
    }

    #[test]
    fn without_a_base_the_configuration_is_complete() {
        let config = compose(
            None,
            &layers(),
            &ConfigChanges::default(),
            &Platform::linux("amd64"),
        );
        assert_eq!(config["os"], "linux");
        assert_eq!(config["rootfs"]["type"], "layers");
        assert_eq!(config["created"], CREATED);
    }
}
