//! What a declaration about a database says. Pure.

use crate::failure::Failure;
use jiff::Timestamp;
use mendix_model::crd::DatabaseClaim;
use mendix_model::crd::claim::{ClaimState, Owner};
use mendix_model::crd::environment::{Adopt, Restored};
use serde_json::{Value, json};

/// The part of an environment's spec that declares it. The time tells one declaration from the next, so that each
/// counts once.
pub fn declaration(restored: Option<&str>, now: Timestamp) -> Value {
    let id = now.to_string();
    match restored {
        Some(model) => json!({ "restored": Restored { id, model: model.to_owned() } }),
        None => json!({ "adopt": Adopt { id } }),
    }
}

/// Whether there is anything to take over. Without the right to read the claim nothing is known, and the controller
/// decides.
///
/// # Errors
/// The database belongs to the environment already.
pub fn check(namespace: &str, environment: &str, claim: Option<&DatabaseClaim>) -> Result<(), Failure> {
    let Some(claim) = claim else { return Ok(()) };
    let undisputed = matches!(claim.spec.state, ClaimState::Held | ClaimState::Adopting);
    if undisputed && is_own(&claim.spec.owner, namespace, environment) {
        return Err(Failure::usage(format!(
            "the database of environment {environment} belongs to it already, so there is nothing to take over"
        ))
        .hint(format!(
            "kubectl get environments.guard.kubectl-mendix.io {environment} -n {namespace} -o yaml shows why pods wait"
        ))
        .hint("--restored MODEL says that the database was restored"));
    }
    Ok(())
}

/// The cluster is not compared: a claim out of another one is suspended, and that decides.
fn is_own(owner: &Owner, namespace: &str, environment: &str) -> bool {
    owner.namespace == namespace && owner.environment == environment
}

/// What is asserted, in words, before anybody says yes to it.
pub fn assertion(environment: &str, restored: Option<&str>, claim: Option<&DatabaseClaim>) -> String {
    if let Some(model) = restored {
        return format!(
            "you say that the database of environment {environment} was restored, and is now as model {model} left it. \
             If it is not, that model starts on a newer schema and destroys data."
        );
    }
    let whom = claim.map_or_else(
        || "the environment that it belongs to now".to_owned(),
        |claim| {
            let owner = &claim.spec.owner;
            format!(
                "environment {} of namespace {}",
                owner.environment, owner.namespace
            )
        },
    );
    format!(
        "you say that environment {environment} may have the database from now on, and that nothing of {whom} runs on \
         it any more, in this or any other cluster. If something does, two apps write to one database."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::common::LeaderSelection;
    use rstest::rstest;

    fn claim(environment: &str, state: ClaimState) -> DatabaseClaim {
        let owner = Owner {
            cluster: "c".to_owned(),
            namespace: "prod".to_owned(),
            environment: environment.to_owned(),
        };
        let mut record = mendix_model::crd::DatabaseClaimSpec::born(owner, LeaderSelection::Assigned);
        record.state = state;
        DatabaseClaim::new("database-1", record)
    }

    #[test]
    fn each_declaration_has_an_id_of_its_own() {
        let now = Timestamp::from_second(1_767_225_600).expect("time");
        assert_eq!(
            declaration(None, now),
            json!({"adopt": {"id": "2026-01-01T00:00:00Z"}})
        );
        assert_eq!(
            declaration(Some("m1"), now),
            json!({"restored": {"id": "2026-01-01T00:00:00Z", "model": "m1"}})
        );
    }

    #[rstest]
    #[case::own_and_held("shop", ClaimState::Held, false)]
    #[case::own_and_adopting("shop", ClaimState::Adopting, false)]
    #[case::own_and_suspended("shop", ClaimState::Suspended, true)]
    #[case::own_and_contested("shop", ClaimState::Contested, true)]
    #[case::anothers("crm", ClaimState::Held, true)]
    #[case::free("crm", ClaimState::Free, true)]
    fn only_what_is_anothers_or_disputed_is_taken_over(
        #[case] owner: &str,
        #[case] state: ClaimState,
        #[case] possible: bool,
    ) {
        let claim = claim(owner, state);
        assert_eq!(check("prod", "shop", Some(&claim)).is_ok(), possible);
    }

    #[test]
    fn an_unknown_claim_is_left_to_the_controller() {
        assert_eq!(check("prod", "shop", None), Ok(()));
        assert!(assertion("shop", None, None).contains("the environment that it belongs to now"));
    }

    #[test]
    fn the_present_owner_is_named() {
        let text = assertion("shop", None, Some(&claim("crm", ClaimState::Held)));
        assert!(text.contains("environment crm of namespace prod"), "{text}");
    }
}
