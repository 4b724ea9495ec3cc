use super::{Check, Rule, Severity, Violation};
use crate::crd::MendixApp;

/// Names that start with `mendix-` belong to the product's own objects (Mendix documentation, "Editing the CR"). The
/// API server enforces it too, by a rule in the definition.
pub(super) const RULE: Rule = Rule {
    id: "MX100",
    field: "metadata.name",
    statement: "names that start with mendix- are reserved",
    evidence: "Objects of the operator itself have such names, and an app's would take their place (Mendix \
               documentation, \"Editing the CR\").",
    remedy: "choose another name",
    severity: Severity::Refusal,
    check: Check::App(check),
};

fn check(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    let name = app.metadata.name.as_deref().unwrap_or_default();
    rule.when(name.starts_with("mendix-"))
}

#[cfg(test)]
mod tests {
    use super::{RULE, check};
    use crate::crd::{MendixApp, MendixAppSpec};
    use rstest::rstest;

    #[rstest]
    #[case::reserved("mendix-x", 1)]
    #[case::inside("my-mendix-app", 0)]
    #[case::prefix_without_dash("mendixapp", 0)]
    fn only_the_prefix_is_reserved(#[case] name: &str, #[case] expected: usize) {
        let app = MendixApp::new(name, MendixAppSpec::default());
        assert_eq!(check(&RULE, &app).len(), expected);
    }
}
