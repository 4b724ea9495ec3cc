//! One request that changes several things at once, so that one change might hide another.

use crate::attempt::Change::{
    self, EnvironmentOff, FinalizerOff, GateOff, ImageChanged, Reason, RoleChanged,
};
use crate::attempt::Wrong;
use crate::fixture::{ALL, Fixture, User};
use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use mendix_model::names::{ENVIRONMENT_LABEL, GATE};

/// Everything that may be put together. The reason hides nothing from who has not the verb.
const PARTS: [Change; 6] = [
    GateOff,
    FinalizerOff,
    EnvironmentOff,
    RoleChanged,
    ImageChanged,
    Reason("the database is gone"),
];

/// Each way to put two or more of the parts together.
fn combinations() -> Vec<Vec<Change>> {
    let chosen = |number: usize| {
        let parts = PARTS.iter().enumerate();
        parts
            .filter(|(index, _)| number & (1 << index) != 0)
            .map(|(_, part)| *part)
            .collect::<Vec<_>>()
    };
    let all = (0..1 << PARTS.len()).map(chosen);
    all.filter(|parts| parts.len() >= 2).collect()
}

/// Each of these is refused to a user by the rule of one of its parts.
async fn all_are_refused(test: &'static str, user: User, all: Vec<Vec<Change>>) -> Result<()> {
    let fixture = Fixture::new(test).await?;
    let pod = fixture.pod(&ALL).await?;
    let mut wrong = Wrong::default();
    for changes in all {
        let outcome = fixture.attempt(user, &pod, &changes).await?;
        let mut rules = changes.iter().filter_map(|change| change.rule());
        wrong.unless(rules.any(|rule| outcome.is_refused_by(rule)), || {
            format!("{changes:?}: {outcome:?}")
        });
    }
    fixture.remove(&pod).await?;
    wrong.judge()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_hides_another() -> Result<()> {
    all_are_refused("combined", User::Editor, combinations()).await
}

/// Without the reason, an administrator of the cluster is no better off.
#[tokio::test(flavor = "multi_thread")]
async fn not_even_for_an_administrator() -> Result<()> {
    let mut all = combinations();
    all.retain(|changes| !changes.iter().any(|it| matches!(it, Reason(_))));
    all_are_refused("administrator", User::Administrator, all).await
}

/// The whole object at once, as `kubectl replace` and `kubectl edit` of old send it.
#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_pod_keeps_its_gate() -> Result<()> {
    let fixture = Fixture::new("replaced").await?;
    let name = fixture.pod(&ALL).await?;
    let pods = fixture.pods(User::Editor).await?;
    let mut pod: Pod = pods.get(&name).await?;
    pod.metadata
        .labels
        .get_or_insert_default()
        .remove(ENVIRONMENT_LABEL);
    if let Some(gates) = pod.spec.get_or_insert_default().scheduling_gates.as_mut() {
        gates.retain(|gate| gate.name != GATE);
    }
    let parameters = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let error = pods.replace(&name, &parameters, &pod).await.err();
    let words = error.map(|it| it.to_string()).unwrap_or_default();
    assert!(words.contains("MX020: "), "{words}");
    fixture.remove(&name).await
}
