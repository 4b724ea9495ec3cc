//! Who writes database claims.

use crate::attempt::Wrong;
use crate::fixture::{Fixture, User};
use anyhow::Result;
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use mendix_model::crd::{
    DatabaseClaim,
    claim::{DatabaseClaimSpec, Opened, Owner, Role},
    common::LeaderSelection,
};
use serde_json::{Value, json};

/// Of an environment that does not exist, so no controller comes by.
fn claim(name: &str, opened: bool) -> DatabaseClaim {
    let owner = Owner {
        cluster: "case".to_owned(),
        namespace: "case-policies".to_owned(),
        environment: name.to_owned(),
    };
    let mut spec = DatabaseClaimSpec::born(owner, LeaderSelection::Assigned);
    let pod = Opened {
        uid: "0".to_owned(),
        name: "pod".to_owned(),
        role: Role::Leader,
        model: None,
    };
    spec.opened = opened.then_some(pod).into_iter().collect();
    let mut claim = DatabaseClaim::new(name, spec);
    claim.metadata.labels = Some([("case".to_owned(), name.to_owned())].into());
    claim
}

async fn claims(fixture: &Fixture, user: User) -> Result<Api<DatabaseClaim>> {
    Ok(Api::all(fixture.client(user).await?))
}

/// Makes a claim as the controller does.
async fn make(fixture: &Fixture, name: &str, opened: bool) -> Result<()> {
    remove(fixture, name).await?;
    let claims = claims(fixture, User::Controller).await?;
    claims
        .create(&PostParams::default(), &claim(name, opened))
        .await?;
    Ok(())
}

async fn remove(fixture: &Fixture, name: &str) -> Result<()> {
    let claims = claims(fixture, User::Controller).await?;
    let Some(mut found) = claims.get_opt(name).await? else {
        return Ok(());
    };
    found.spec.opened.clear();
    claims.replace(name, &PostParams::default(), &found).await?;
    claims.delete(name, &DeleteParams::default()).await?;
    Ok(())
}

fn words<T>(answer: kube::Result<T>) -> String {
    answer.map_or_else(|error| error.to_string(), |_| "done".to_owned())
}

const DRY_PATCH: fn() -> PatchParams = || PatchParams {
    dry_run: true,
    ..PatchParams::default()
};
const DRY: fn() -> DeleteParams = || DeleteParams {
    dry_run: true,
    ..DeleteParams::default()
};

/// Every part of a claim that somebody might want to put right by hand.
fn edits() -> Vec<Value> {
    vec![
        json!({ "metadata": { "finalizers": null } }),
        json!({ "metadata": { "labels": null } }),
        json!({ "spec": { "opened": [] } }),
        json!({ "spec": { "owner": { "environment": "another" } } }),
        json!({ "spec": { "state": "free" } }),
        json!({ "metadata": { "finalizers": null }, "spec": { "opened": [], "state": "held" } }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_controller_writes_a_claim() -> Result<()> {
    let fixture = Fixture::new("claims").await?;
    let name = "case-policies-written";
    make(&fixture, name, true).await?;
    let claims = claims(&fixture, User::Administrator).await?;
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let mut answers = vec![
        words(claims.create(&dry, &claim("case-policies-new", false)).await),
        words(claims.delete(name, &DRY()).await),
        words(
            claims
                .delete_collection(&DRY(), &ListParams::default().labels(&format!("case={name}")))
                .await,
        ),
    ];
    for edit in edits() {
        answers.push(words(claims.patch(name, &DRY_PATCH(), &Patch::Merge(edit)).await));
    }
    let mut wrong = Wrong::default();
    for (number, answer) in answers.iter().enumerate() {
        wrong.unless(answer.contains("MX025: "), || format!("{number}: {answer}"));
    }
    remove(&fixture, name).await?;
    wrong.judge()
}

/// The controller frees a claim only when nothing may run under it.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_with_pods_stays() -> Result<()> {
    let fixture = Fixture::new("kept").await?;
    let claims = claims(&fixture, User::Controller).await?;
    let [used, idle] = ["case-policies-used", "case-policies-idle"];
    make(&fixture, used, true).await?;
    make(&fixture, idle, false).await?;
    let refused = words(claims.delete(used, &DRY()).await);
    let allowed = words(claims.delete(idle, &DRY()).await);
    remove(&fixture, used).await?;
    remove(&fixture, idle).await?;
    assert!(refused.contains("MX026: "), "{refused}");
    assert_eq!(allowed, "done");
    Ok(())
}
