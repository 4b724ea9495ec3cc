use super::{Check, Rule, Severity, Violation};
use crate::crd::MendixApp;
use crate::runtime_configuration::{self, Input, Kind};

/// Settings, Jetty options and agent documents are texts that hold JSON.
pub(super) const JSON: Rule = Rule {
    id: "MX103",
    field: "spec.runtime.customConfiguration",
    statement: "fields that hold a JSON document hold a JSON object",
    evidence: "The runtime takes the text as it is and fails at its start, or starts without the settings.",
    remedy: "correct the document at the line and column that the message names",
    severity: Severity::Refusal,
    check: Check::App(json),
};

/// Passwords and certificates are given as base64.
pub(super) const BASE64: Rule = Rule {
    id: "MX104",
    field: "spec.runtime.mxAdminPassword",
    statement: "passwords and certificates are base64",
    evidence: "The official resources hold these in base64: anything else decodes to another password, or to none.",
    remedy: "encode them: printf %s 'password' | base64",
    severity: Severity::Refusal,
    check: Check::App(base64),
};

/// Other fields whose form the API server does not know.
pub(super) const VALUE: Rule = Rule {
    id: "MX105",
    field: "spec.jvmMemorySettings.heapLimit",
    statement: "memory is a quantity below the limit, an interval an ISO 8601 duration, a metrics mode one of the two",
    evidence: "A value that cannot be read would be left out, and the app would run with another one than was asked \
               for.",
    remedy: "write the value in the form that the message names",
    severity: Severity::Refusal,
    check: Check::App(value),
};

fn json(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    of_kind(rule, app, Kind::Json)
}

fn base64(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    of_kind(rule, app, Kind::Base64)
}

fn value(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    of_kind(rule, app, Kind::Value)
}

/// What makes the configuration also finds what is wrong in it, so that both never differ.
fn of_kind(rule: &Rule, app: &MendixApp, kind: Kind) -> Vec<Violation> {
    let spec = &app.spec;
    let limits = spec.resources.as_ref().and_then(|it| it.limits.as_ref());
    let input = Input {
        settings: spec.runtime.as_ref(),
        metrics: spec.runtime_metrics_configuration.as_ref(),
        memory_limit: limits.and_then(|limits| limits.get("memory")),
        heap_limit: spec
            .jvm_memory_settings
            .as_ref()
            .and_then(|it| it.heap_limit.as_ref()),
        ..Input::default()
    };
    let problems = runtime_configuration::configuration(&input)
        .err()
        .unwrap_or_default();
    problems
        .into_iter()
        .filter(|problem| problem.kind == kind)
        .map(|problem| Violation {
            rule: rule.id,
            severity: rule.severity,
            field: format!("spec.{}", problem.field),
            message: problem.problem,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::violated;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::custom(json!({"runtime": {"customConfiguration": "{"}}), &["MX103"])]
    #[case::jetty(json!({"runtime": {"jettyOptions": "[]"}}), &["MX103"])]
    #[case::agent(json!({"runtimeMetricsConfiguration": {"mode": "native", "mxAgentConfig": "x"}}), &["MX103"])]
    #[case::administrator(json!({"runtime": {"mxAdminPassword": "word!"}}), &["MX104"])]
    #[case::debugger(json!({"runtime": {"debuggerPassword": "word!"}}), &["MX104"])]
    #[case::certificate(json!({"runtime": {"clientCertificates": [{"key": "cDEy"}]}}), &["MX104"])]
    #[case::heap(json!({"jvmMemorySettings": {"heapLimit": "much"}}), &["MX105"])]
    #[case::heap_above_limit(json!({"jvmMemorySettings": {"heapLimit": "2Gi"}, "resources": {"limits": {"memory": "1Gi"}}}), &["MX105"])]
    #[case::interval(json!({"runtimeMetricsConfiguration": {"mode": "native", "interval": "60"}}), &["MX105"])]
    #[case::mode(json!({"runtimeMetricsConfiguration": {"mode": "prometheus"}}), &["MX105"])]
    #[case::mode_of_the_namespace(json!({"runtimeMetricsConfiguration": {"mode": ""}}), &[])]
    #[case::two(json!({"runtime": {"customConfiguration": "{", "mxAdminPassword": "word!"}}), &["MX103", "MX104"])]
    #[case::empty(json!({"runtime": {"customConfiguration": "", "mxAdminPassword": "", "jettyOptions": ""}}), &[])]
    fn each_kind_has_its_rule(#[case] spec: Value, #[case] expected: &[&str]) {
        assert_eq!(violated(&spec), expected);
    }
}
