use super::{Check, Rule, Severity, Violation};
use crate::crd::MendixApp;

/// A certificate comes from one place, whole (Mendix documentation, "Editing the CR").
pub(super) const RULE: Rule = Rule {
    id: "MX102",
    field: "spec.tls",
    statement: "secretName excludes certificate and key, and those two need one another",
    evidence: "Which certificate the Ingress shows would be a matter of chance, or a certificate would be without \
               its key.",
    remedy: "name a Secret, or give both certificate and key",
    severity: Severity::Refusal,
    check: Check::App(check),
};

fn check(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    let set = |text: Option<&String>| text.is_some_and(|text| !text.is_empty());
    let tls = app.spec.tls.as_ref();
    rule.when(tls.is_some_and(|tls| {
        let (certificate, key) = (set(tls.certificate.as_ref()), set(tls.key.as_ref()));
        certificate != key || (certificate && set(tls.secret_name.as_ref()))
    }))
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::violated;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::both(json!({"secretName": "s", "certificate": "c", "key": "k"}), &["MX102"])]
    #[case::key_alone(json!({"key": "k"}), &["MX102"])]
    #[case::certificate_beside_secret(json!({"secretName": "s", "certificate": "c"}), &["MX102"])]
    #[case::secret(json!({"secretName": "s", "certificate": "", "key": ""}), &[])]
    #[case::pair(json!({"certificate": "c", "key": "k"}), &[])]
    #[case::neither(json!({"enableTLS": true}), &[])]
    fn a_certificate_comes_from_one_place(#[case] tls: Value, #[case] expected: &[&str]) {
        assert_eq!(violated(&json!({"tls": tls})), expected);
    }
}
