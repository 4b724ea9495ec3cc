use super::Violation;
use crate::crd::MendixApp;

/// MX100: names that start with `mendix-` belong to the product's own objects (Mendix documentation, "Editing the
/// CR"). The API server enforces it too, by a rule in the definition.
pub(super) fn reserved_name(app: &MendixApp) -> Vec<Violation> {
    let name = app.metadata.name.as_deref().unwrap_or_default();
    if !name.starts_with("mendix-") {
        return Vec::new();
    }
    vec![Violation {
        rule: "MX100",
        field: "metadata.name",
        message: "names that start with mendix- are reserved: choose another name".to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use super::reserved_name;
    use crate::crd::{MendixApp, MendixAppSpec};
    use rstest::rstest;

    #[rstest]
    #[case::reserved("mendix-x", 1)]
    #[case::inside("my-mendix-app", 0)]
    #[case::prefix_without_dash("mendixapp", 0)]
    fn only_the_prefix_is_reserved(#[case] name: &str, #[case] expected: usize) {
        assert_eq!(
            reserved_name(&MendixApp::new(name, MendixAppSpec::default())).len(),
            expected
        );
    }
}
