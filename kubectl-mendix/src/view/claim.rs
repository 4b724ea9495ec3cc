//! The claim of a database, as its environment tells it: people who may read apps need not read claims.

use super::Health;
use super::held::OWNER;
use mendix_model::crd::Environment;
use serde::Serialize;

/// The claim of a database.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimView {
    /// Name.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// Adopting, Held, Free, Contested or Suspended.
    pub state: String,
    /// Model of the pods that may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Why no pod of the environment may start, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl ClaimView {
    /// The claim that an environment names, if it names one.
    pub fn new(environment: &Environment) -> Option<Self> {
        let status = environment.status.as_ref()?;
        let held = status.held.iter().flatten();
        let foreign = held.into_iter().any(|held| held.rule == OWNER);
        let state = status.claim_state.clone().unwrap_or_default();
        Some(Self {
            name: status.claim.clone()?,
            health: if foreign { Health::Stalled } else { health(&state) },
            state,
            model: status.model.clone(),
            message: foreign.then(|| "the database belongs to another environment".to_owned()),
        })
    }
}

fn health(state: &str) -> Health {
    match state {
        "Held" => Health::Ready,
        "Adopting" => Health::Progressing,
        "Free" | "Contested" | "Suspended" => Health::Stalled,
        _ => Health::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::claim::ClaimState;
    use mendix_model::crd::environment::HeldPod;
    use mendix_model::crd::{EnvironmentSpec, EnvironmentStatus};
    use rstest::rstest;

    fn environment(state: &str, rule: &str) -> Environment {
        let mut environment = Environment::new("shop", EnvironmentSpec::default());
        environment.status = Some(EnvironmentStatus {
            claim: Some("database-1".to_owned()),
            claim_state: Some(state.to_owned()),
            held: Some(vec![HeldPod {
                rule: rule.to_owned(),
                ..HeldPod::default()
            }]),
            ..EnvironmentStatus::default()
        });
        environment
    }

    #[rstest]
    #[case::in_use(ClaimState::Held, "MX011", Health::Ready)]
    #[case::of_another(ClaimState::Held, "MX001", Health::Stalled)]
    #[case::adopting(ClaimState::Adopting, "MX003", Health::Progressing)]
    #[case::without_owner(ClaimState::Free, "MX002", Health::Stalled)]
    fn a_claim_is_well_while_pods_may_start_under_it(
        #[case] state: ClaimState,
        #[case] rule: &str,
        #[case] health: Health,
    ) {
        // As the controller writes it.
        let state = format!("{state:?}");
        let claim = ClaimView::new(&environment(&state, rule));
        assert_eq!(claim.map(|claim| claim.health), Some(health));
    }

    #[test]
    fn before_the_database_is_known_there_is_none() {
        let environment = Environment::new("shop", EnvironmentSpec::default());
        assert_eq!(ClaimView::new(&environment), None);
    }
}
