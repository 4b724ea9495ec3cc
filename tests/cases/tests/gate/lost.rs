//! The record of a database goes, and with it who may run on it.

use crate::pair::{Pair, Side};
use anyhow::{Context, Result};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, PostParams, Preconditions},
};
use mendix_cases::{
    app::LIMIT,
    plain::{client_of, controller},
};
use mendix_model::crd::{DatabaseClaim, Environment, claim::ClaimState};
use mendix_test_cluster::{Poll, wait_for};

/// Neither an administrator nor the controller may delete a claim under which pods run. Should one be lost all the same,
/// it is made again with the pods that run.
#[tokio::test(flavor = "multi_thread")]
async fn claim_deleted_by_hand() -> Result<()> {
    let pair = Pair::with_leader("gate-lost", "Recreate").await?;
    let name = claim(&pair.guarded).await?;
    let delete = ["delete", "databaseclaim", &name];
    pair.guarded.refused("MX025", &delete)?;
    let as_controller = format!("--as={}", controller());
    pair.guarded
        .refused("MX026", &[&delete[..], &[&as_controller]].concat())?;
    let client = client_of(&pair.guarded.product.cluster, &controller()).await?;
    lose(&client, &name).await?;
    pair.both(async |side| side.kubectl(&["scale", &side.leader(), "--replicas=2"]).map(drop))
        .await?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    until_made_again(&client, &name).await?;
    pair.guarded.until_held("MX011").await?;
    pair.judge().await
}

/// Name of the environment's claim.
async fn claim(side: &Side) -> Result<String> {
    let environments: Api<Environment> = Api::namespaced(side.product.client.clone(), side.namespace);
    let status = environments.get(&side.environment.name).await?.status;
    status
        .and_then(|it| it.claim)
        .context("the environment names no claim")
}

/// Takes the record away with the controller's own rights, as a restore of the cluster's store would. The controller
/// enters the pods anew as soon as it sees them missing, so it takes several tries.
async fn lose(client: &Client, name: &str) -> Result<()> {
    let claims: Api<DatabaseClaim> = Api::all(client.clone());
    wait_for("the claim to be lost", LIMIT, || async {
        Ok(match lose_once(&claims, name).await {
            Ok(()) => Poll::Ready(()),
            Err(error) => Poll::Pending(error.to_string()),
        })
    })
    .await
}

async fn lose_once(claims: &Api<DatabaseClaim>, name: &str) -> kube::Result<()> {
    let mut claim = claims.get(name).await?;
    claim.spec.opened.clear();
    claim.metadata.finalizers = None;
    let emptied = claims.replace(name, &PostParams::default(), &claim).await?;
    let same = DeleteParams::default().preconditions(Preconditions {
        uid: emptied.uid(),
        resource_version: emptied.resource_version(),
    });
    claims.delete(name, &same).await.map(drop)
}

/// Waits until the claim is there and its one leader known.
async fn until_made_again(client: &Client, name: &str) -> Result<()> {
    let claims: Api<DatabaseClaim> = Api::all(client.clone());
    wait_for("the claim to be made again", LIMIT, || async {
        let spec = claims.get_opt(name).await?.map(|claim| claim.spec);
        let known = spec
            .as_ref()
            .filter(|it| it.state == ClaimState::Held && it.opened.len() == 1);
        Ok(Poll::when(known.map(drop), || format!("{spec:?}")))
    })
    .await
}
