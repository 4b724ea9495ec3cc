//! Paths of [`Field`](super::Field)s in the `spec` of a resource. Pure.

use serde_json::Value;

/// Whether a spec sets the field, in any item of the lists on the way. Null sets nothing.
pub fn is_set(spec: &Value, path: &str) -> bool {
    match step(path) {
        (None, rest) => items(spec).iter().any(|item| is_set(item, rest)),
        (Some(name), "") => spec.get(name).is_some_and(|value| !value.is_null()),
        (Some(name), rest) => spec.get(name).is_some_and(|value| is_set(value, rest)),
    }
}

/// The spec without the field, in all items of the lists on the way.
pub fn without(spec: &Value, path: &str) -> Value {
    let mut spec = spec.clone();
    remove(&mut spec, path);
    spec
}

fn remove(value: &mut Value, path: &str) {
    match (step(path), value) {
        ((None, rest), Value::Array(items)) => items.iter_mut().for_each(|item| remove(item, rest)),
        ((Some(name), ""), Value::Object(fields)) => drop(fields.remove(name)),
        ((Some(name), rest), Value::Object(fields)) => {
            if let Some(value) = fields.get_mut(name) {
                remove(value, rest);
            }
        }
        _ => {}
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The next name of a path, or nothing for the items of a list; and what is left.
fn step(path: &str) -> (Option<&str>, &str) {
    if let Some(rest) = path.strip_prefix("[]") {
        return (None, rest.trim_start_matches('.'));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    (Some(&path[..end]), path[end..].trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::{is_set, without};
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::top("replicas", true)]
    #[case::below("runtime.dtapMode", true)]
    #[case::list("runtime.variables[].name", true)]
    #[case::one_item_of_a_list("runtime.variables[].value", true)]
    #[case::no_item_of_a_list("runtime.variables[].from", false)]
    #[case::missing("tls.key", false)]
    fn a_field_is_found(#[case] path: &str, #[case] expected: bool) {
        let variables = json!([{"name": "A", "value": "1"}, {"name": "B"}]);
        let spec = json!({"replicas": 1, "runtime": {"dtapMode": "D", "variables": variables}});
        assert_eq!(is_set(&spec, path), expected);
        assert!(!is_set(&without(&spec, path), path));
    }

    #[rstest]
    #[case::top("a", json!({"b": [{"c": 1, "d": 2}]}))]
    #[case::list("b[].c", json!({"a": 1, "b": [{"d": 2}]}))]
    #[case::missing("x.y", json!({"a": 1, "b": [{"c": 1, "d": 2}]}))]
    fn nothing_but_the_field_is_taken_out(#[case] path: &str, #[case] expected: Value) {
        assert_eq!(without(&json!({"a": 1, "b": [{"c": 1, "d": 2}]}), path), expected);
    }
}
