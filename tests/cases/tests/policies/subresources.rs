//! The same changes through the subresources of a pod, each of which keeps some parts of what it is sent.

use crate::attempt::Change::{EnvironmentOff, FinalizerOff, GateOff, ImageChanged, RoleChanged};
use crate::attempt::{Wrong, attempt, patch};
use crate::fixture::{ALL, Fixture, OTHER, RUNNING, User, WAITING, container};
use anyhow::Result;
use serde_json::{Value, json};

const SUBRESOURCES: [&str; 3] = ["status", "ephemeralcontainers", "resize"];

/// What a subresource does not throw away, a rule refuses.
#[tokio::test(flavor = "multi_thread")]
async fn no_subresource_is_a_way_around() -> Result<()> {
    let fixture = Fixture::new("through").await?;
    let name = fixture.pod(&ALL).await?;
    let mut wrong = Wrong::default();
    for user in User::OTHERS {
        let pods = fixture.pods(user).await?;
        let before = pods.get(&name).await?;
        for through in SUBRESOURCES {
            for change in [GateOff, FinalizerOff, EnvironmentOff, RoleChanged, ImageChanged] {
                let outcome = attempt(&pods, &name, Some(through), &patch(&[change])).await?;
                let refused = outcome.is_refused_by(change.rule().unwrap_or_default());
                wrong.unless(refused || outcome.keeps(&before), || {
                    format!("{user:?}, {through}, {change:?}: {outcome:?}")
                });
            }
        }
    }
    fixture.remove(&name).await?;
    wrong.judge()
}

/// Through this one labels and finalizers do change.
#[tokio::test(flavor = "multi_thread")]
async fn the_status_takes_neither_finalizer_nor_label_off() -> Result<()> {
    let fixture = Fixture::new("status").await?;
    let name = fixture.pod(&RUNNING).await?;
    let pods = fixture.pods(User::Editor).await?;
    let mut wrong = Wrong::default();
    for change in [FinalizerOff, EnvironmentOff, RoleChanged] {
        let outcome = attempt(&pods, &name, Some("status"), &patch(&[change])).await?;
        let refused = outcome.is_refused_by(change.rule().unwrap_or_default());
        wrong.unless(refused, || format!("{change:?}: {outcome:?}"));
    }
    fixture.remove(&name).await?;
    wrong.judge()
}

fn ephemeral(image: &str) -> Value {
    json!({ "spec": { "ephemeralContainers": [container("again", image)] } })
}

/// References to images, and whether they name the repository of the app, whatever follows it.
const IMAGES: [(&str, bool); 6] = [
    ("registry.example.com:5000/shop:1", true),
    ("registry.example.com:5000/shop:2", true),
    ("registry.example.com:5000/shop", true),
    (
        "registry.example.com:5000/shop@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        true,
    ),
    ("registry.example.com:5000/tools:1", false),
    ("tools.example.com/shop:1", false),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_ephemeral_container_has_the_image_of_the_app() -> Result<()> {
    let fixture = Fixture::new("ephemeral").await?;
    let pods = fixture.pods(User::Editor).await?;
    let mut wrong = Wrong::default();
    for (state, guarded) in [(RUNNING, true), (WAITING, true), (OTHER, false)] {
        let name = fixture.pod(&state).await?;
        for (image, of_app) in IMAGES {
            let outcome = attempt(&pods, &name, Some("ephemeralcontainers"), &ephemeral(image)).await?;
            let right = if guarded && of_app {
                outcome.is_refused_by("MX024")
            } else {
                outcome.is_done()
            };
            wrong.unless(right, || format!("{name}, {image}: {outcome:?}"));
        }
        fixture.remove(&name).await?;
    }
    wrong.judge()
}
