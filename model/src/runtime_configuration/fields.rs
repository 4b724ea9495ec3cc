//! Fields of a spec that hold JSON or base64, and the sentences for those that do not.

use super::{InvalidField, Kind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A JSON object; empty when the field is.
pub(super) fn json_object(field: &str, text: Option<&str>) -> Result<Map<String, Value>, InvalidField> {
    match text.map(str::trim) {
        None | Some("") => Ok(Map::new()),
        Some(text) => serde_json::from_str(text).map_err(|error| InvalidField {
            kind: Kind::Json,
            field: field.to_owned(),
            // The parser's own words may quote what it read, so only the place is told.
            problem: format!(
                "is not a JSON object (line {}, column {})",
                error.line(),
                error.column()
            ),
        }),
    }
}

/// The portal writes `MicroflowConstants` as a *string* of JSON; people write an object. Both are taken.
pub(super) fn take_constants(
    custom: &mut Map<String, Value>,
) -> Result<BTreeMap<String, String>, InvalidField> {
    let field = "runtime.customConfiguration.MicroflowConstants";
    let constants = match custom.remove("MicroflowConstants") {
        None => return Ok(BTreeMap::new()),
        Some(Value::String(text)) => json_object(field, Some(&text))?,
        Some(Value::Object(constants)) => constants,
        Some(_) => {
            return Err(InvalidField {
                kind: Kind::Json,
                field: field.to_owned(),
                problem: "is neither an object nor a string of one".to_owned(),
            });
        }
    };
    Ok(constants
        .into_iter()
        .map(|(name, value)| (name, plain(value)))
        .collect())
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A password in base64; none when the field is empty.
pub(super) fn password(field: &str, base64: Option<&str>) -> Result<Option<String>, InvalidField> {
    let Some(text) = base64.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let decoded = crate::base64::decode_text(text);
    decoded.map(Some).ok_or_else(|| InvalidField {
        kind: Kind::Base64,
        field: field.to_owned(),
        problem: "is not base64 of a text; use: printf %s 'password' | base64".to_owned(),
    })
}
