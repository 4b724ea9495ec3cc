//! Errors as a person needs them: what failed, why, what to do.

use crate::outcome::Outcome;
use kube::core::Status;
use mendix_model::rules::RULES;
use std::error::Error;

/// Why a command failed, and what to do about it. Never holds a secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Decides the exit code.
    pub outcome: Outcome,
    /// What failed and why.
    pub message: String,
    /// What to do, one step each.
    pub hints: Vec<String>,
}

impl Failure {
    /// Something failed.
    pub fn new(message: impl Into<String>) -> Self {
        Self::with(Outcome::Failed, message)
    }

    /// Something else than the arguments must be said.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::with(Outcome::Usage, message)
    }

    /// It would break an invariant.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::with(Outcome::Refused, message)
    }

    /// It is not so yet, or not in time.
    pub fn degraded(message: impl Into<String>) -> Self {
        Self::with(Outcome::Degraded, message)
    }

    fn with(outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            outcome,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// A request, for messages.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `get`, `list`, `patch`.
    pub verb: &'a str,
    /// Plural with group, as RBAC writes it: `mendixapps.privatecloud.mendix.com`.
    pub resource: &'a str,
    /// Namespace; all when absent.
    pub namespace: Option<&'a str>,
}

impl Request<'_> {
    fn scope(&self) -> String {
        match self.namespace {
            Some(namespace) => format!("in namespace {namespace}"),
            None => "in all namespaces".to_owned(),
        }
    }

    fn can_i(&self) -> String {
        let scope = self
            .namespace
            .map_or_else(|| "-A".to_owned(), |namespace| format!("-n {namespace}"));
        format!("kubectl auth can-i {} {} {scope}", self.verb, self.resource)
    }
}

/// Says what an error of the client means.
pub fn explain(error: &kube::Error, request: &Request<'_>) -> Failure {
    let Request { verb, resource, .. } = request;
    match error {
        kube::Error::Api(status) => explain_status(status, request),
        kube::Error::Auth(error) => Failure::new(format!("failed to log in to the cluster: {error}"))
            .hint("log in again, or name another context with --context"),
        kube::Error::Service(_) | kube::Error::HyperError(_) => {
            Failure::new(format!("failed to reach the API server: {}", root_cause(error)))
                .hint("kubectl cluster-info shows the address; --context NAME takes another cluster")
        }
        kube::Error::SerdeError(error) => Failure::new(format!(
            "failed to {verb} {resource}: the answer of the API server cannot be read: {error}"
        )),
        other => Failure::new(format!("failed to {verb} {resource}: {other}")),
    }
}

fn explain_status(status: &Status, request: &Request<'_>) -> Failure {
    let Request { verb, resource, .. } = request;
    if let Some(refusal) = refusal(status) {
        return Failure::refused(refusal);
    }
    let scope = request.scope();
    let failed = format!("failed to {verb} {resource} {scope}");
    match status.code {
        401 => Failure::new("the API server does not accept your credentials")
            .hint("log in again, or name another context with --context"),
        403 if status.reason == "Forbidden" => Failure::new(format!("{failed}: {}", status.message))
            .hint(format!("ask for the right that this shows: {}", request.can_i())),
        404 if is_unknown_resource(status) => not_installed(),
        404 if is_namespace(status) => Failure::new(format!("{failed}: {}", status.message))
            .hint("kubectl get namespaces lists those there are"),
        _ => Failure::new(format!("{failed}: {}", status.message)),
    }
}

/// The API server does not know the kind: an object that is missing would be named.
pub fn is_unknown_resource(status: &Status) -> bool {
    status.code == 404
        && status
            .details
            .as_ref()
            .is_none_or(|details| details.name.is_empty())
}

fn is_namespace(status: &Status) -> bool {
    status
        .details
        .as_ref()
        .is_some_and(|details| details.kind == "namespaces")
}

fn not_installed() -> Failure {
    Failure::new("the CRDs of kubectl-mendix are not installed in this cluster")
        .hint("helm install mendix charts/mendix --namespace mendix-system --create-namespace")
}

/// The sentences of invariants in a refusal of the API server: of rules in a definition, of a policy or of a
/// webhook. Each wraps the sentence in words of its own; the rule's id (MX and three digits) marks it.
fn refusal(status: &Status) -> Option<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let sentences: Vec<_> = causes.filter_map(|cause| sentence(&cause.message)).collect();
    if sentences.is_empty() {
        return sentence(&status.message);
    }
    Some(sentences.join("\n"))
}

/// `MX100 metadata.name: names that …`, of a message that holds the id anywhere.
fn sentence(message: &str) -> Option<String> {
    let start = rule_position(message)?;
    let rule = &message[start..start + 5];
    let sentence = unwrapped(message).replace(&format!(" ({rule})"), "");
    if sentence.starts_with(&format!("{rule} ")) {
        // A webhook of ours, which says the field itself.
        return Some(sentence);
    }
    let sentence = sentence.strip_prefix(rule).unwrap_or(&sentence);
    let sentence = sentence.trim_start_matches([':', ' ']);
    Some(match RULES.iter().find(|known| known.id == rule) {
        Some(known) => format!("{rule} {}: {sentence}", known.field),
        None => format!("{rule}: {sentence}"),
    })
}

fn rule_position(message: &str) -> Option<usize> {
    message
        .match_indices("MX")
        .map(|(start, _)| start)
        .find(|&start| {
            let digits = message.as_bytes().get(start + 2..start + 5);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        })
}

/// Without the words that the API server puts before a sentence of ours.
fn unwrapped(message: &str) -> &str {
    // API servers before 1.36 write the second form.
    const WRAPPINGS: [&str; 4] = [
        "Invalid value: ",
        "Invalid value: \"object\": ",
        "denied the request: ",
        "denied request: ",
    ];
    WRAPPINGS
        .iter()
        .filter_map(|wrapping| message.rsplit_once(wrapping))
        .map(|(_, sentence)| sentence)
        .min_by_key(|sentence| sentence.len())
        .unwrap_or(message)
}

fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const LIST: Request<'static> = Request {
        verb: "list",
        resource: "mendixapps.privatecloud.mendix.com",
        namespace: Some("prod"),
    };

    #[rstest]
    #[case::definition(
        r#"MendixApp.privatecloud.mendix.com "mendix-x" is invalid: <nil>: Invalid value: "object": names that start with mendix- are reserved (MX100): choose another name"#,
        "MX100 metadata.name: names that start with mendix- are reserved: choose another name"
    )]
    #[case::definition_of_1_36(
        r#"MendixApp.privatecloud.mendix.com "mendix-x" is invalid: <nil>: Invalid value: names that start with mendix- are reserved (MX100): choose another name"#,
        "MX100 metadata.name: names that start with mendix- are reserved: choose another name"
    )]
    #[case::webhook(
        r#"admission webhook "apps.kubectl-mendix.io" denied the request: MX001 spec.database: shared"#,
        "MX001 spec.database: shared"
    )]
    #[case::policy(
        r"ValidatingAdmissionPolicy 'p' with binding 'b' denied request: only the controller opens the gate (MX010)",
        "MX010: only the controller opens the gate"
    )]
    fn refusals_read_the_same_wherever_they_come_from(#[case] message: &str, #[case] expected: &str) {
        let status = Status::failure(message, "Invalid").with_code(422);
        let failure = explain_status(&status, &LIST);
        assert_eq!(
            (failure.outcome, failure.message.as_str()),
            (Outcome::Refused, expected)
        );
    }

    #[test]
    fn a_missing_right_is_named() {
        let status = Status::failure("nope", "Forbidden").with_code(403);
        let failure = explain_status(&status, &LIST);
        assert_eq!(
            failure.hints,
            [
                "ask for the right that this shows: kubectl auth can-i list mendixapps.privatecloud.mendix.com -n prod"
            ]
        );
    }

    #[test]
    fn an_unknown_path_means_that_nothing_is_installed() {
        let status = Status::failure("404 page not found", "").with_code(404);
        assert_eq!(explain_status(&status, &LIST), not_installed());
    }

    #[test]
    fn mx_without_digits_is_no_rule() {
        assert_eq!(sentence("MX is short for Mendix, and MX12 for nothing"), None);
    }
}
