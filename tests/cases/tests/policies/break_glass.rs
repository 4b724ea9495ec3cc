//! In an emergency: who has verb `breakglass` and says why may take gate and finalizer off, and nothing else.

use crate::attempt::Change::{EnvironmentOff, FinalizerOff, GateOff, ImageChanged, Reason, RoleChanged};
use crate::attempt::{BREAK_GLASS, Change, Wrong, patch};
use crate::fixture::{Fixture, RUNNING, State, User, WAITING};
use anyhow::Result;
use kube::api::{Patch, PatchParams};

const REASON: Change = Reason("the machine burnt down");

/// Who tries what, and the rule that refuses it; none where it is allowed.
const ATTEMPTS: &[(User, State, &[Change], Option<&str>)] = &[
    (User::Breaker, WAITING, &[GateOff, REASON], None),
    (User::Breaker, RUNNING, &[FinalizerOff, REASON], None),
    // Who may everything may this as well.
    (User::Administrator, WAITING, &[GateOff, REASON], None),
    (User::Administrator, RUNNING, &[FinalizerOff, REASON], None),
    // Without the verb a reason is not enough.
    (User::Editor, WAITING, &[GateOff, REASON], Some("MX020")),
    (User::Editor, RUNNING, &[FinalizerOff, REASON], Some("MX021")),
    // Without a reason the verb is not enough.
    (User::Breaker, WAITING, &[GateOff], Some("MX020")),
    (User::Breaker, RUNNING, &[FinalizerOff], Some("MX021")),
    (User::Breaker, WAITING, &[GateOff, Reason("")], Some("MX020")),
    (
        User::Administrator,
        RUNNING,
        &[FinalizerOff, Reason("")],
        Some("MX021"),
    ),
    // Neither labels nor images, whatever the reason.
    (User::Breaker, WAITING, &[EnvironmentOff, REASON], Some("MX022")),
    (
        User::Breaker,
        WAITING,
        &[GateOff, EnvironmentOff, REASON],
        Some("MX022"),
    ),
    (
        User::Breaker,
        RUNNING,
        &[FinalizerOff, RoleChanged, REASON],
        Some("MX022"),
    ),
    (
        User::Breaker,
        WAITING,
        &[GateOff, ImageChanged, REASON],
        Some("MX023"),
    ),
    (
        User::Administrator,
        RUNNING,
        &[ImageChanged, REASON],
        Some("MX023"),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_verb_and_a_reason() -> Result<()> {
    let fixture = Fixture::new("glass").await?;
    let waiting = fixture.pod(&WAITING).await?;
    let running = fixture.pod(&RUNNING).await?;
    let mut wrong = Wrong::default();
    for (user, state, changes, rule) in ATTEMPTS {
        let pod = if state.gated { &waiting } else { &running };
        let outcome = fixture.attempt(*user, pod, changes).await?;
        let right = rule.map_or(outcome.is_done(), |rule| outcome.is_refused_by(rule));
        wrong.unless(right, || {
            format!("{user:?}, {pod}, {changes:?}, {rule:?}: {outcome:?}")
        });
    }
    fixture.remove(&waiting).await?;
    fixture.remove(&running).await?;
    wrong.judge()
}

/// In earnest: the gate is off, and the reason stays on the pod for who asks later.
#[tokio::test(flavor = "multi_thread")]
async fn the_reason_stays_on_the_pod() -> Result<()> {
    let fixture = Fixture::new("reason").await?;
    let name = fixture.pod(&WAITING).await?;
    let pods = fixture.pods(User::Breaker).await?;
    let change = patch(&[GateOff, REASON]);
    pods.patch(&name, &PatchParams::default(), &Patch::Strategic(change))
        .await?;
    let pod = fixture.pods(User::Administrator).await?.get(&name).await?;
    let gates = pod.spec.and_then(|it| it.scheduling_gates).unwrap_or_default();
    assert!(gates.is_empty(), "{gates:?}");
    let annotations = pod.metadata.annotations.unwrap_or_default();
    assert_eq!(
        annotations.get(BREAK_GLASS).map(String::as_str),
        Some("the machine burnt down")
    );
    fixture.remove(&name).await
}
