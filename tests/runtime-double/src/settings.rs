//! The runtime settings that `update_configuration` sent, and what can be read off them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::register::Role;

/// Settings by name. They are per process: after a restart all of them are sent again.
#[derive(Clone, Debug, Default)]
pub struct Settings(Map<String, Value>);

impl Settings {
    /// Takes over what a request brings; what it leaves out stays as it was.
    pub fn merge(&mut self, changes: &Map<String, Value>) {
        for (name, value) in changes {
            self.0.insert(name.clone(), value.clone());
        }
    }

    /// A setting as text, or nothing when it is missing or empty.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// What the process is in the cluster. A runtime that is told nothing is a leader (Mendix custom settings).
    pub fn role(&self) -> Role {
        match self.text("com.mendix.core.isClusterSlave") {
            Some(text) if text.eq_ignore_ascii_case("true") => Role::Worker,
            _ => Role::Leader,
        }
    }

    /// The names of the constants that have a value.
    pub fn constants(&self) -> BTreeSet<&str> {
        self.0
            .get("MicroflowConstants")
            .and_then(Value::as_object)
            .map(|constants| constants.keys().map(String::as_str).collect())
            .unwrap_or_default()
    }

    /// Whether the app writes its own metrics: `Metrics.Registries` has one of type `prometheus`.
    pub fn has_prometheus(&self) -> bool {
        self.text("Metrics.Registries")
            .is_some_and(|registries| registries.contains("\"prometheus\""))
    }

    /// Of the events of the model, those that this process runs.
    pub fn scheduled_events<'a>(&self, all: impl Iterator<Item = &'a str>) -> Vec<String> {
        let specified = self.text("MyScheduledEvents").unwrap_or_default();
        let specified: BTreeSet<&str> = specified.split(',').map(str::trim).collect();
        let execution = self
            .text("ScheduledEventExecution")
            .unwrap_or_default()
            .to_ascii_uppercase();
        all.filter(|event| match execution.as_str() {
            "ALL" => true,
            "SPECIFIED" => specified.contains(event),
            _ => false,
        })
        .map(str::to_owned)
        .collect()
    }

    /// All settings with what looks like a secret blacked out.
    pub fn redacted(&self) -> Value {
        let secret = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["password", "secret", "key", "jdbcurl", "token"]
                .iter()
                .any(|word| name.contains(word))
        };
        let show = |(name, value): (&String, &Value)| {
            let value = if secret(name) {
                Value::from("***")
            } else {
                value.clone()
            };
            (name.clone(), value)
        };
        Value::Object(self.0.iter().map(show).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(value: &Value) -> Settings {
        let mut settings = Settings::default();
        settings.merge(value.as_object().unwrap());
        settings
    }

    #[test]
    fn a_runtime_that_is_told_nothing_is_a_leader() {
        assert_eq!(settings(&json!({})).role(), Role::Leader);
        assert_eq!(
            settings(&json!({"com.mendix.core.isClusterSlave": "false"})).role(),
            Role::Leader
        );
        assert_eq!(
            settings(&json!({"com.mendix.core.isClusterSlave": "true"})).role(),
            Role::Worker
        );
        assert_eq!(
            settings(&json!({"com.mendix.core.isClusterSlave": true})).role(),
            Role::Worker
        );
    }

    #[test]
    fn events_follow_the_execution_setting() {
        let events = |value: Value| settings(&value).scheduled_events(["M.One", "M.Two"].into_iter());
        assert_eq!(
            events(json!({"ScheduledEventExecution": "ALL"})),
            ["M.One", "M.Two"]
        );
        let specified =
            json!({"ScheduledEventExecution": "SPECIFIED", "MyScheduledEvents": "M.Two, M.Three"});
        assert_eq!(events(specified), ["M.Two"]);
        assert!(events(json!({"ScheduledEventExecution": "NONE"})).is_empty());
        assert!(events(json!({})).is_empty());
    }

    #[test]
    fn metrics_are_on_with_a_prometheus_registry_as_text_or_as_list() {
        assert!(settings(&json!({"Metrics.Registries": "[{\"type\":\"prometheus\"}]"})).has_prometheus());
        assert!(settings(&json!({"Metrics.Registries": [{"type": "prometheus"}]})).has_prometheus());
        assert!(!settings(&json!({"Metrics.Registries": [{"type": "statsd"}]})).has_prometheus());
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = settings(&json!({"DatabasePassword": "hush", "DatabaseName": "app"})).redacted();
        assert_eq!(shown, json!({"DatabasePassword": "***", "DatabaseName": "app"}));
    }
}
