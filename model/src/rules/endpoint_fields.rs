use super::{Check, Rule, Severity, Violation};
use crate::crd::MendixApp;
use crate::endpoint;

/// Host, path and path type have forms that Ingress, Route and `HTTPRoute` share.
pub(super) const RULE: Rule = Rule {
    id: "MX110",
    field: "spec.appURL",
    statement: "appURL is a host name, ingressPath a path with a slash at its start, ingressPathType a type of paths",
    evidence: "The API server refuses an Ingress or a route with anything else, so that nothing would lead to the app.",
    remedy: "write the field in the form that the message names",
    severity: Severity::Refusal,
    check: Check::App(check),
};

fn check(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    let spec = &app.spec;
    let type_ = set(spec.ingress_path_type.as_ref());
    let problems = [
        (
            "spec.appURL",
            set(spec.app_url.as_ref()).and_then(|it| endpoint::host(it).err()),
        ),
        (
            "spec.ingressPath",
            set(spec.ingress_path.as_ref()).and_then(|it| endpoint::path(it, type_).err()),
        ),
        (
            "spec.ingressPathType",
            type_.and_then(|it| endpoint::path_type(it).err()),
        ),
    ];
    let found = problems
        .into_iter()
        .filter_map(|(field, problem)| Some((field, problem?)));
    found
        .map(|(field, message)| Violation {
            rule: rule.id,
            severity: rule.severity,
            field: field.to_owned(),
            message,
        })
        .collect()
}

/// An empty field says nothing.
fn set(field: Option<&String>) -> Option<&str> {
    field.map(|text| text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::violated;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::host(json!({"appURL": "my_shop.example.com"}), &["MX110"])]
    #[case::wildcard(json!({"appURL": "*.example.com"}), &["MX110"])]
    #[case::path(json!({"ingressPath": "shop"}), &["MX110"])]
    #[case::path_type(json!({"ingressPathType": "Regex"}), &["MX110"])]
    #[case::two(json!({"appURL": "a b", "ingressPath": "shop"}), &["MX110", "MX110"])]
    #[case::fine(json!({"appURL": "https://shop.example.com/", "ingressPath": "/(.*)"}), &[])]
    #[case::exact(json!({"ingressPath": "//shop", "ingressPathType": "Exact"}), &["MX110"])]
    #[case::empty(json!({"appURL": "", "ingressPath": "", "ingressPathType": " "}), &[])]
    fn each_field_has_its_form(#[case] spec: Value, #[case] expected: &[&str]) {
        assert_eq!(violated(&spec), expected);
    }
}
