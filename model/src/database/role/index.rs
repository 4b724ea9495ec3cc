use super::declared::{Declared, Value, last};

/// Number of the instance; `0` leads.
pub const VARIABLE: &str = "CF_INSTANCE_INDEX";

/// What is wrong with the number of the instance.
pub(super) fn contradiction(leads: bool, variables: &[Declared<'_>], ordinal: Option<u32>) -> Option<String> {
    let (role, number) = if leads {
        ("leader", "\"0\"")
    } else {
        ("worker", "a number above 0, such as \"1\"")
    };
    let cause = match last(variables, VARIABLE) {
        Some(Value::Elsewhere) => "does not stand in the manifest itself",
        Some(Value::Literal(text)) if leads && text == "0" => return None,
        Some(Value::Literal(text)) if !leads && is_above_zero(text) => return None,
        Some(Value::Literal(_)) => "has another value",
        None if of_ordinal(leads, variables, ordinal) => return None,
        None => "is not set",
    };
    Some(format!(
        "variable {VARIABLE} of a {role} {cause}: set it literally to {number}"
    ))
}

/// What the buildpack makes of `01` and the like depends on its release.
fn is_above_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.parse::<u32>().is_ok()
}

/// Whether the buildpack finds the right number in the host name by itself.
fn of_ordinal(leads: bool, variables: &[Declared<'_>], ordinal: Option<u32>) -> bool {
    let own_host_name = last(variables, "HOSTNAME").is_none();
    own_host_name && ordinal.is_some_and(|ordinal| (ordinal == 0) == leads)
}
