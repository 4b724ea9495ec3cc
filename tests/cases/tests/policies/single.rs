//! One change at a time: each rule, on each kind of pod, for everybody.

use crate::attempt::Change::{
    self, Disguised, EnvironmentChanged, EnvironmentOff, FinalizerOff, GateOff, ImageChanged, LeaseChanged,
    ModelChanged, OtherLabel, RoleChanged, RoleOff,
};
use crate::attempt::Wrong;
use crate::fixture::{COPY, Fixture, OTHER, RUNNING, STRANGER, State, User, WAITING};
use anyhow::Result;

/// A kind of pod, and the changes of it that nobody but the controller may make.
const REFUSED: &[(State, &[Change])] = &[
    (
        WAITING,
        &[
            GateOff,
            EnvironmentOff,
            EnvironmentChanged,
            RoleOff,
            RoleChanged,
            ImageChanged,
            LeaseChanged,
        ],
    ),
    (
        RUNNING,
        &[
            FinalizerOff,
            EnvironmentOff,
            EnvironmentChanged,
            RoleOff,
            RoleChanged,
            ImageChanged,
            LeaseChanged,
        ],
    ),
    // Neither has a label that a rule could go by.
    (COPY, &[GateOff, EnvironmentChanged, RoleChanged, ImageChanged]),
    (
        STRANGER,
        &[FinalizerOff, EnvironmentChanged, RoleChanged, ImageChanged],
    ),
    // A label that is added to a pod that runs.
    (OTHER, &[EnvironmentChanged, RoleChanged]),
];

/// What the controller does: open, release, pin. And what is none of our business.
const ALLOWED: &[(State, User, &[Change])] = &[
    (WAITING, User::Controller, &[GateOff, ImageChanged, LeaseChanged]),
    (WAITING, User::Controller, &[ImageChanged]),
    (RUNNING, User::Controller, &[FinalizerOff]),
    (STRANGER, User::Controller, &[FinalizerOff]),
    (WAITING, User::Editor, &[OtherLabel]),
    (RUNNING, User::Editor, &[OtherLabel]),
    (OTHER, User::Editor, &[OtherLabel]),
    (OTHER, User::Editor, &[ImageChanged]),
];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_changes_what_keeps_a_pod() -> Result<()> {
    let fixture = Fixture::new("single").await?;
    let mut wrong = Wrong::default();
    for (state, changes) in REFUSED {
        let pod = fixture.pod(state).await?;
        for user in User::OTHERS {
            for change in *changes {
                let outcome = fixture.attempt(user, &pod, &[*change]).await?;
                let rule = change.rule().unwrap_or_default();
                wrong.unless(outcome.is_refused_by(rule), || {
                    format!("{user:?}, {pod}, {change:?}: not refused by {rule}: {outcome:?}")
                });
            }
        }
        fixture.remove(&pod).await?;
    }
    wrong.judge()
}

/// By its label the gate takes a pod of an app of ours for one of that model; by the other it does not see it at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_pod_is_not_given_another_model_or_disguised() -> Result<()> {
    let fixture = Fixture::new("disguise").await?;
    let mut wrong = Wrong::default();
    for state in [WAITING, RUNNING] {
        let pod = fixture.pod(&state).await?;
        for change in [ModelChanged, Disguised] {
            let outcome = fixture.attempt(User::Editor, &pod, &[change]).await?;
            let refused = outcome.is_refused_by(change.rule().unwrap_or_default());
            wrong.unless(refused, || format!("{pod}, {change:?}: {outcome:?}"));
        }
        fixture.remove(&pod).await?;
    }
    wrong.judge()
}

/// Not even the controller: labels never change, and images only at the gate.
#[tokio::test(flavor = "multi_thread")]
async fn the_controller_opens_pins_and_releases_and_no_more() -> Result<()> {
    let fixture = Fixture::new("controller").await?;
    let mut wrong = Wrong::default();
    let pod = fixture.pod(&RUNNING).await?;
    for change in [ImageChanged, EnvironmentOff, RoleChanged] {
        let outcome = fixture.attempt(User::Controller, &pod, &[change]).await?;
        let refused = outcome.is_refused_by(change.rule().unwrap_or_default());
        wrong.unless(refused, || format!("{change:?}: {outcome:?}"));
    }
    fixture.remove(&pod).await?;
    for (state, user, changes) in ALLOWED {
        let pod = fixture.pod(state).await?;
        let outcome = fixture.attempt(*user, &pod, changes).await?;
        wrong.unless(outcome.is_done(), || {
            format!("{user:?}, {pod}, {changes:?}: {outcome:?}")
        });
        fixture.remove(&pod).await?;
    }
    wrong.judge()
}
