use super::{Check, Rule, Severity, Violation};
use crate::crd::MendixApp;
use serde_json::{Map, Value};

/// Options of the Java machine are no settings of the runtime: there they would be without effect.
pub(super) const RULE: Rule = Rule {
    id: "MX106",
    field: "spec.runtime.customConfiguration",
    statement: "JAVA_TOOL_OPTIONS is a variable and no setting of the runtime",
    evidence: "The Java machine reads its options from its environment at start; as a setting of the runtime the \
               text has no effect at all.",
    remedy: "move it to spec.runtime.environmentVariables",
    severity: Severity::Refusal,
    check: Check::App(check),
};

fn check(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    let runtime = app.spec.runtime.as_ref();
    let text = runtime.and_then(|runtime| runtime.custom_configuration.as_deref());
    let settings: Option<Map<String, Value>> = text.and_then(|text| serde_json::from_str(text).ok());
    let names = settings.iter().flat_map(Map::keys);
    rule.when(
        names
            .into_iter()
            .any(|name| name.eq_ignore_ascii_case("JAVA_TOOL_OPTIONS")),
    )
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::violated;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::setting(r#"{"JAVA_TOOL_OPTIONS":"-Da=b"}"#, &["MX106"])]
    #[case::other(r#"{"A":"JAVA_TOOL_OPTIONS"}"#, &[])]
    fn options_are_no_setting(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(
            violated(&json!({"runtime": {"customConfiguration": text}})),
            expected
        );
    }

    #[test]
    fn as_a_variable_they_are_right() {
        let variables = json!([{"name": "JAVA_TOOL_OPTIONS", "value": "-Da=b"}]);
        assert!(violated(&json!({"runtime": {"environmentVariables": variables}})).is_empty());
    }
}
