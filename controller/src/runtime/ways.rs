//! The ways on from a rollout that has failed. Pure.

use super::observe::Observed;
use mendix_model::crd::Runtime;
use mendix_model::crd::rollout::{Rollout, RolloutOutcome};
use mendix_model::rollout::undo::{Refusal, target, undo};

/// What to do now, in words that stay the same while nothing changes. Forward is always open; back only where a model
/// succeeded before, and without its backup only while the database has its schema: `kubectl mendix undo` asks the same.
pub(crate) fn ways(runtime: &Runtime, observed: &Observed) -> String {
    let status = observed.environment.as_ref().and_then(|it| it.status.as_ref());
    let rollouts = status
        .and_then(|status| status.rollouts.as_deref())
        .unwrap_or_default();
    let model = &runtime.spec.model;
    if rollouts
        .iter()
        .any(|it| it.wanted.model == *model && has_succeeded(it))
    {
        return "correct what was changed last: this model has run before".to_owned();
    }
    let forward = "deploy a model that is mended";
    let present = rollouts.last().is_some_and(|last| last.wanted.model == *model);
    let Some(to) = target(rollouts, None).ok().filter(|_| present) else {
        return forward.to_owned();
    };
    let schema = status.and_then(|status| status.schema.as_ref());
    let app = &runtime.spec.environment;
    match undo(String::new(), model, to, schema, false) {
        Ok(_) => format!("{forward}, or go back: kubectl mendix undo {app}"),
        Err(Refusal::SchemaMoved(_)) => format!(
            "{forward}, or restore the backup of the database and go back: kubectl mendix undo {app} --restored"
        ),
        Err(_) => forward.to_owned(),
    }
}

const fn has_succeeded(rollout: &Rollout) -> bool {
    matches!(rollout.outcome, RolloutOutcome::Succeeded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::plan::tests::{observed, runtime};
    use mendix_model::crd::{Environment, EnvironmentSpec};
    use rstest::rstest;
    use serde_json::{Value, json};

    fn rollout(number: i64, model: &str, outcome: &str) -> Value {
        json!({
            "number": number, "change": "model", "model": model, "image": "shop@sha256:1", "settings": "1",
            "startedAt": "2026-01-01T00:00:00.000000Z", "outcome": outcome,
        })
    }

    /// What is told of model `one`, after these rollouts, on the schema of this model.
    fn told(rollouts: &[Value], schema: &str) -> String {
        let mut environment = Environment::new("shop", EnvironmentSpec::default());
        let status = json!({ "rollouts": rollouts, "schema": { "model": schema, "state": "maybe" } });
        environment.status = Some(serde_json::from_value(status).expect("a status"));
        let observed = Observed {
            environment: Some(environment),
            ..observed()
        };
        ways(&runtime(), &observed)
    }

    #[rstest]
    #[case::first(&[rollout(1, "one", "failed")], "one", "deploy a model that is mended")]
    #[case::never_started(
        &[rollout(1, "zero", "succeeded"), rollout(2, "one", "failed")], "zero",
        "deploy a model that is mended, or go back: kubectl mendix undo shop"
    )]
    #[case::started(
        &[rollout(1, "zero", "succeeded"), rollout(2, "one", "failed")], "one",
        "deploy a model that is mended, or restore the backup of the database and go back: kubectl mendix undo shop --restored"
    )]
    #[case::settings(
        &[rollout(1, "one", "succeeded"), rollout(2, "one", "failed")], "one",
        "correct what was changed last: this model has run before"
    )]
    fn two_ways_are_open(#[case] rollouts: &[Value], #[case] schema: &str, #[case] expected: &str) {
        assert_eq!(told(rollouts, schema), expected);
    }

    #[test]
    fn where_nothing_is_remembered_the_way_leads_forward() {
        assert_eq!(ways(&runtime(), &observed()), "deploy a model that is mended");
    }
}
