//! What the model says of itself: `model/metadata.json` of a deployment package.

use serde::Deserialize;
use serde_json::Value;

/// Path below the app's folder.
pub(crate) const PATH: &str = "model/metadata.json";
/// Name of the administrator when the model names none.
const DEFAULT_ADMINISTRATOR: &str = "MxAdmin";

/// The part of the document that the guard needs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Metadata {
    admin_user: Option<String>,
    /// Constants of the model.
    pub(crate) constants: Vec<Constant>,
}

/// A constant of the model.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Constant {
    /// `Module.Name`.
    pub(crate) name: String,
    #[serde(rename = "Type")]
    kind: Option<String>,
    /// Taken when the configuration gives no value.
    pub(crate) default_value: Option<Value>,
}

impl Metadata {
    /// Name of the app's administrator.
    pub(crate) fn administrator(&self) -> &str {
        self.admin_user
            .as_deref()
            .filter(|name| !name.is_empty())
            .unwrap_or(DEFAULT_ADMINISTRATOR)
    }
}

impl Constant {
    /// The value as the runtime wants it: an integer as a number, all else as it is.
    pub(crate) fn typed(&self, value: Value) -> Value {
        match (&value, self.kind.as_deref()) {
            (Value::String(text), Some("Integer")) => text.trim().parse::<i64>().map_or(value, Value::from),
            _ => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_model_without_names_has_the_usual_administrator() {
        let metadata: Metadata = serde_json::from_str(r#"{"RuntimeVersion":"6.2.0"}"#).expect("valid");
        assert_eq!(metadata.administrator(), "MxAdmin");
    }

    #[rstest]
    #[case::integer("Integer", "12", Value::from(12))]
    #[case::no_integer("Integer", "x", Value::from("x"))]
    #[case::text("String", "12", Value::from("12"))]
    fn integers_become_numbers(#[case] kind: &str, #[case] value: &str, #[case] typed: Value) {
        let text = format!(r#"{{"Name":"A.B","Type":"{kind}"}}"#);
        let constant: Constant = serde_json::from_str(&text).expect("valid");
        assert_eq!(constant.typed(Value::from(value)), typed);
    }
}
