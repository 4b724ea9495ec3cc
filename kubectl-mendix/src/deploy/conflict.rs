//! Fields that somebody else set.

use crate::failure::Failure;
use kube::core::Status;
use kube::core::response::StatusCause;

/// Why an apply was refused with 409.
#[derive(Debug, PartialEq)]
pub(super) enum Conflict {
    /// Other managers own fields that we want to set.
    Owners(Failure),
    /// Somebody changed the object since we read it; the API server's words.
    Stale(String),
}

/// Reads a conflict out of an answer of the API server.
pub(super) fn conflict(app: &str, status: &Status) -> Option<Conflict> {
    if status.code != 409 {
        return None;
    }
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let fields: Vec<_> = causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(sentence)
        .collect();
    if fields.is_empty() {
        return Some(Conflict::Stale(status.message.clone()));
    }
    let failure = Failure::new(format!(
        "somebody else set fields of MendixApp {app}: {}",
        fields.join("; ")
    ))
    .hint("change the field where it was set, or take it over with --force-conflicts");
    Some(Conflict::Owners(failure))
}

/// `spec.replicas is set by helm`, of `conflict with "helm" using privatecloud.mendix.com/v1alpha1`.
fn sentence(cause: &StatusCause) -> String {
    let field = cause.field.trim_start_matches('.');
    match cause.message.split('"').nth(1) {
        Some(owner) => format!("{field} is set by {owner}"),
        None => format!("{field}: {}", cause.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::response::StatusDetails;

    fn refused(causes: Vec<StatusCause>) -> Status {
        let details = StatusDetails {
            name: "shop".to_owned(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes,
            retry_after_seconds: 0,
        };
        Status::failure("", "Conflict")
            .with_code(409)
            .with_details(details)
    }

    #[test]
    fn the_owner_of_a_field_is_named() {
        let status = refused(vec![StatusCause {
            reason: "FieldManagerConflict".to_owned(),
            message: r#"conflict with "kubectl-client-side-apply" using privatecloud.mendix.com/v1alpha1"#
                .to_owned(),
            field: ".spec.sourceURL".to_owned(),
        }]);
        let Some(Conflict::Owners(failure)) = conflict("shop", &status) else {
            panic!("no owners")
        };
        assert_eq!(
            failure.message,
            "somebody else set fields of MendixApp shop: spec.sourceURL is set by kubectl-client-side-apply"
        );
    }

    #[test]
    fn without_owners_it_is_a_race() {
        assert_eq!(
            conflict("shop", &refused(vec![])),
            Some(Conflict::Stale(String::new()))
        );
    }
}
