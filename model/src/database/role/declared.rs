use k8s_openapi::api::core::v1::EnvVar;

/// A variable as the container's manifest declares it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Declared<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where its value comes from.
    pub value: Value<'a>,
}

/// Where the value of a variable comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Value<'a> {
    /// It stands in the manifest, and is the same at every start of the container.
    Literal(&'a str),
    /// From a Secret, a map, a field of the pod, or another variable: read again at every start of the container, and
    /// may have changed since it was looked at.
    Elsewhere,
}

/// The variables of a container in the order in which one overwrites the other (Kubernetes documentation, "Define
/// Environment Variables for a Container"): `imported` holds the names that come by `envFrom`, and counts less than
/// `env`, of which the last of a name counts.
pub fn declared<'a>(imported: impl IntoIterator<Item = &'a str>, env: &'a [EnvVar]) -> Vec<Declared<'a>> {
    let imported = imported.into_iter().map(|name| Declared {
        name,
        value: Value::Elsewhere,
    });
    let own = env.iter().map(|variable| Declared {
        name: &variable.name,
        value: value(variable),
    });
    imported.chain(own).collect()
}

fn value(variable: &EnvVar) -> Value<'_> {
    let text = variable.value.as_deref().unwrap_or_default();
    if variable.value_from.is_some() || text.contains("$(") {
        Value::Elsewhere
    } else {
        Value::Literal(text)
    }
}

/// The one of a name that counts.
pub(super) fn last<'a>(variables: &[Declared<'a>], name: &str) -> Option<Value<'a>> {
    let mut named = variables.iter().rev().filter(|variable| variable.name == name);
    named.next().map(|variable| variable.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_of_a_name_counts_and_imported_ones_least() {
        let env: Vec<EnvVar> = serde_json::from_value(json!([
            { "name": "A", "value": "1" },
            { "name": "B", "value": "1" },
            { "name": "B", "valueFrom": { "secretKeyRef": { "name": "s", "key": "b" } } },
            { "name": "C", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
            { "name": "C", "value": "2" },
            { "name": "D", "value": "$(A)" },
            { "name": "E" },
        ]))
        .expect("variables");
        let variables = declared(["A", "F"], &env);
        let all = ["A", "B", "C", "D", "E", "F", "G"].map(|name| last(&variables, name));
        let expected = [
            Some(Value::Literal("1")),
            Some(Value::Elsewhere),
            Some(Value::Literal("2")),
            Some(Value::Elsewhere),
            Some(Value::Literal("")),
            Some(Value::Elsewhere),
            None,
        ];
        assert_eq!(all, expected);
    }
}
