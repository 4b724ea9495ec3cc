//! Flags on top of a document.

use crate::cli::SettingArguments;
use serde_json::{Map, Value, json};

/// Puts the settings on top of a document. What is not said stays out.
///
/// `live`: the app as it is, for lists: an apply replaces a list as a whole, so one more variable needs the others.
pub fn put(
    settings: &SettingArguments,
    source_url: Option<&str>,
    live: Option<&Value>,
    document: &mut Value,
) {
    let text = |value: &Option<String>| value.clone().map(Value::from);
    let wishes = [
        (["sourceURL", ""], source_url.map(Value::from)),
        (["appURL", ""], text(&settings.app_url)),
        (["replicas", ""], settings.replicas.map(Value::from)),
        (["database", "servicePlan"], text(&settings.database_plan)),
        (["storage", "servicePlan"], text(&settings.storage_plan)),
        (["runtime", "dtapMode"], text(&settings.dtap_mode)),
        (
            ["runtime", "environmentVariables"],
            variables(&settings.env, live, document),
        ),
    ];
    for (path, value) in wishes {
        if let Some(value) = value {
            set(document, &path, value);
        }
    }
    for (name, value) in &settings.constant {
        set(
            document,
            &["runtime", "microflowConstants", name],
            Value::from(value.as_str()),
        );
    }
}

/// Sets a field below `spec`, making what is above it.
fn set(document: &mut Value, path: &[&str], value: Value) {
    let steps = std::iter::once("spec").chain(path.iter().copied().filter(|step| !step.is_empty()));
    let mut place = document;
    for step in steps {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[step];
    }
    *place = value;
}

/// The list of environment variables.
const VARIABLES: &str = "/spec/runtime/environmentVariables";

/// All variables: those there are, each once, with the new values.
fn variables(wanted: &[(String, String)], live: Option<&Value>, document: &Value) -> Option<Value> {
    if wanted.is_empty() {
        return None;
    }
    let list = |object: &Value| object.pointer(VARIABLES).and_then(Value::as_array).cloned();
    let mut all = list(document).or_else(|| list(live?)).unwrap_or_default();
    for (name, value) in wanted {
        let variable = json!({"name": name, "value": value});
        match all.iter_mut().find(|existing| existing["name"] == name.as_str()) {
            Some(existing) => *existing = variable,
            None => all.push(variable),
        }
    }
    Some(Value::Array(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn what_is_not_said_stays_out() {
        let mut document = json!({"spec": {}});
        put(&SettingArguments::default(), None, None, &mut document);
        assert_eq!(document, json!({"spec": {}}));
    }

    #[test]
    fn flags_stand_on_top_of_the_document() {
        let mut document = json!({"spec": {"replicas": 1, "runtime": {"microflowConstants": {"A.B": "1"}}}});
        let settings = SettingArguments {
            database_plan: Some("postgres".to_owned()),
            replicas: Some(3),
            dtap_mode: Some("D".to_owned()),
            constant: vec![pair("C.D", "2")],
            env: vec![pair("LANG", "C")],
            ..SettingArguments::default()
        };
        put(
            &settings,
            Some("https://example.com/shop.mda"),
            None,
            &mut document,
        );
        insta::assert_yaml_snapshot!(document, @r#"
        spec:
          database:
            servicePlan: postgres
          replicas: 3
          runtime:
            dtapMode: D
            environmentVariables:
              - name: LANG
                value: C
            microflowConstants:
              A.B: "1"
              C.D: "2"
          sourceURL: "https://example.com/shop.mda"
        "#);
    }

    #[test]
    fn a_variable_is_added_to_those_there_are() {
        let live = json!({"spec": {"runtime": {"environmentVariables": [
            {"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ]}}});
        let mut document = json!({"spec": {}});
        let settings = SettingArguments {
            env: vec![pair("A", "2"), pair("C", "3")],
            ..SettingArguments::default()
        };
        put(&settings, None, Some(&live), &mut document);
        insta::assert_yaml_snapshot!(document, @r#"
        spec:
          runtime:
            environmentVariables:
              - name: A
                value: "2"
              - name: B
                valueFrom:
                  secretKeyRef:
                    key: k
                    name: s
              - name: C
                value: "3"
        "#);
    }

    #[test]
    fn an_empty_place_is_made() {
        let mut document = json!({"spec": {"runtime": null}});
        set(&mut document, &["runtime", "dtapMode"], json!("P"));
        assert_eq!(document["spec"]["runtime"]["dtapMode"], "P");
    }
}
