use super::declared::{Declared, Value, last};
use crate::database::text;
use crate::database::variables::CUSTOM;
use serde_json::{Map, Value as Json};

/// Variables that set a setting of the runtime, dots written as `_`.
pub(super) const PREFIX: &str = "MXRUNTIME_";
const SETTING: &str = "com.mendix.core.isClusterSlave";
const VARIABLE: &str = "MXRUNTIME_com_mendix_core_isClusterSlave";

/// What is wrong with the settings that overwrite what the buildpack tells the runtime.
pub(super) fn contradiction(leads: bool, variables: &[Declared<'_>]) -> Option<String> {
    let direct = direct(variables);
    direct
        .iter()
        .find_map(|(name, value)| of_variable(leads, name, *value))
        .or_else(|| of_custom(leads, last(variables, CUSTOM)?, !direct.is_empty()))
}

/// The variables that set it, under whatever spelling.
fn direct<'a>(variables: &[Declared<'a>]) -> Vec<(&'a str, Value<'a>)> {
    let sets = |name: &str| {
        let setting = name.strip_prefix(PREFIX).map(|setting| setting.replace('_', "."));
        setting.is_some_and(|setting| setting.eq_ignore_ascii_case(SETTING))
    };
    let named = variables
        .iter()
        .map(|variable| variable.name)
        .filter(|name| sets(name));
    named
        .filter_map(|name| Some((name, last(variables, name)?)))
        .collect()
}

fn of_variable(leads: bool, name: &str, value: Value<'_>) -> Option<String> {
    let (role, wanted) = words(leads);
    let cause = match value {
        Value::Literal(text) if text.eq_ignore_ascii_case(wanted) => return None,
        Value::Literal(_) => "has another value",
        Value::Elsewhere => "does not stand in the manifest itself",
    };
    Some(format!(
        "variable {name} of a {role} {cause}: remove it, or set it literally to \"{wanted}\""
    ))
}

/// `overwritten`: a variable of its own, which counts more, says the same as the role.
fn of_custom(leads: bool, value: Value<'_>, overwritten: bool) -> Option<String> {
    let (role, wanted) = words(leads);
    let Value::Literal(settings) = value else {
        return (!overwritten).then(|| {
            format!(
                "variable {CUSTOM} of a {role} does not stand in the manifest itself and may say who leads: set \
                 {VARIABLE} literally to \"{wanted}\", which counts more"
            )
        });
    };
    let settings = text::present(settings)?;
    let Ok(settings) = serde_json::from_str::<Map<String, Json>>(settings) else {
        return Some(format!(
            "variable {CUSTOM} of a {role} is not a JSON object: correct it"
        ));
    };
    let mut stated = settings
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(SETTING));
    let wrong = stated.any(|(_, value)| !says(value, wanted));
    wrong.then(|| {
        format!(
            "setting {SETTING} in variable {CUSTOM} contradicts role {role}: remove it, or set it to {wanted}"
        )
    })
}

/// The word of the role, and that of the setting.
const fn words(leads: bool) -> (&'static str, &'static str) {
    if leads {
        ("leader", "false")
    } else {
        ("worker", "true")
    }
}

fn says(value: &Json, wanted: &str) -> bool {
    match value {
        Json::Bool(value) => value.to_string() == wanted,
        Json::String(text) => text.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}
