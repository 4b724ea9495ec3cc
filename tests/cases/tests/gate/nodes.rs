//! A node is drained, or lost in one of the ways that Kubernetes knows, and the leader's replacement starts on another.
//!
//! A node that is cut off from the control plane is the worst of them: its pods go on writing to their databases.
//! Kubernetes takes them for gone all the same, each way by a word of its own: a toleration that runs out, a taint, the
//! node's object deleted. The gate takes a word only where the environment says so, and waits for the kubelet's else.

use crate::{
    pair::{Pair, Side},
    pods::replaced,
    spare::{Spare, node_of_leader, with_spare},
};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};
use mendix_cases::{app::LIMIT, plain::Summary};
use mendix_model::crd::{Environment, environment::HeldPod};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

/// Pods leave a lost node soon, as after the usual five minutes.
pub(crate) fn evicted_soon() -> [Value; 2] {
    ["not-ready", "unreachable"].map(|state| {
        json!({
            "key": format!("node.kubernetes.io/{state}"),
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 5,
        })
    })
}

/// Pods stay on a lost node, so that nothing but the fault in question makes them leave.
fn never_evicted() -> [Value; 2] {
    evicted_soon().map(|mut toleration| {
        toleration["tolerationSeconds"] = Value::Null;
        toleration
    })
}

pub(crate) async fn two_lead(side: &Side) -> Result<()> {
    side.until("two leaders", |summary| summary.running().count() == 2)
        .await
}

fn lead_again(summary: &Summary) -> bool {
    summary.processes.len() == 2 && summary.running().count() == 1
}

/// The replacement starts elsewhere at once; the old one still ends.
#[tokio::test(flavor = "multi_thread")]
async fn drained_to_another_node() -> Result<()> {
    with_spare(async |node| {
        let pair = node.pair("gate-away", &[]).await?;
        // Both have the same labels, so one drain moves both.
        node.drain(&pair.open.leader_pods()).await?;
        pair.both(replaced).await?;
        pair.both(async |side| {
            let other = node_of_leader(side).await?;
            ensure!(other != node.name(), "the replacement runs on the drained node");
            Ok(())
        })
        .await?;
        pair.judge().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: a minute, until the node counts as lost"]
async fn node_cut_off() -> Result<()> {
    with_spare(async |node| {
        let pair = node.pair("gate-cut", &evicted_soon()).await?;
        node.cut()?;
        two_lead(&pair.open).await?;
        pair.guarded.until_held("MX011").await?;
        node.mend()?;
        pair.both(replaced).await?;
        pair.judge().await
    })
    .await
}

/// Nobody but a person can know it, and says so.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: a minute, until the node counts as lost"]
async fn node_cut_off_then_switched_off_and_fenced() -> Result<()> {
    with_spare(async |node| {
        let pair = node.pair("gate-fence", &evicted_soon()).await?;
        // Refused by an invariant, for the node reports.
        let refused = ["fence", &node.name(), "--yes"];
        pair.guarded
            .product
            .mendix_in(pair.guarded.namespace, 4, &refused)?;
        node.cut()?;
        two_lead(&pair.open).await?;
        pair.guarded.until_held("MX011").await?;
        node.power_off()?;
        held_anew(&pair.guarded).await?;
        fence(&pair.guarded, &node.name())?;
        pair.guarded.until("a leader elsewhere", lead_again).await?;
        node.power_on().await?;
        pair.both(async |side| side.until_pods(1).await).await?;
        pair.judge().await
    })
    .await
}

/// What was said of the node counts for the pods of that time, not for those that started there since.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: two minutes, until the node counts as lost, twice"]
async fn node_cut_off_that_was_fenced_once() -> Result<()> {
    with_spare(async |node| {
        let pair = node.pair("gate-again", &evicted_soon()).await?;
        node.power_off()?;
        pair.both(Side::until_leaving).await?;
        fence(&pair.guarded, &node.name())?;
        pair.both(async |side| side.until("a leader elsewhere", lead_again).await)
            .await?;
        node.power_on().await?;
        // The scheduler may like another node better than the one that the pods prefer.
        node.alone().await?;
        pair.both(async |side| {
            side.until_pods(1).await?;
            side.kubectl(&["delete", "pods", "-l", &side.leader_pods(), "--wait=false"])?;
            side.until("a third leader alone", |summary| {
                summary.processes.len() == 3 && summary.running().count() == 1
            })
            .await?;
            let back = node_of_leader(side).await?;
            ensure!(back == node.name(), "the third leader runs on {back}");
            Ok(())
        })
        .await?;
        node.not_alone().await?;
        node.cut()?;
        pair.both(Side::until_leaving).await?;
        two_lead(&pair.open).await?;
        pair.guarded.until_held("MX011").await?;
        node.mend()?;
        pair.both(replaced).await?;
        pair.judge().await
    })
    .await
}

/// The old leader writes again as soon as the cable is mended, before its kubelet hears that it is to end.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: a minute, until the node counts as lost"]
async fn node_cut_off_from_everything() -> Result<()> {
    with_spare(async |node| {
        let pair = node.pair("gate-cable", &evicted_soon()).await?;
        node.cut_cable()?;
        pair.open.until("a leader elsewhere", lead_again).await?;
        pair.guarded.until_held("MX011").await?;
        node.mend()?;
        pair.open
            .until("two leaders", |summary| summary.max_leaders == 2)
            .await?;
        pair.both(replaced).await?;
        pair.judge().await
    })
    .await
}

/// A node that runs, cut off from the control plane, is taken for off: its leader is called failed, and runs all the same.
async fn taken_for_off(name: &str, word: impl AsyncFnOnce(&Spare) -> Result<()>) -> Result<()> {
    with_spare(async |node| {
        let pair = node.pair(name, &never_evicted()).await?;
        node.cut()?;
        word(node).await?;
        two_lead(&pair.open).await?;
        until_failed(&pair.guarded).await?;
        held_anew(&pair.guarded).await?;
        node.bring_back().await?;
        pair.both(replaced).await?;
        pair.judge().await
    })
    .await
}

/// Force-deletes the pods of a node that is only cut off.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: a minute, until the node counts as lost"]
async fn out_of_service_taint_on_a_node_that_runs() -> Result<()> {
    taken_for_off("gate-taint", async |node| {
        node.until_lost().await?;
        node.taint().await
    })
    .await
}

/// The control plane deletes the pods of a node that it does not know, and never asks the kubelet.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: a minute, until the pods of the deleted node are deleted"]
async fn object_of_a_node_that_runs_deleted() -> Result<()> {
    taken_for_off("gate-unknown", async |node| node.delete().await).await
}

/// A node that is really off: each environment goes on at the word that it trusts, and not before. Without the gate
/// nothing is harmed either, so there is one side only.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: two minutes, until the node counts as lost and its pods are deleted"]
async fn node_switched_off() -> Result<()> {
    with_spare(async |node| {
        let words = [
            ("gate-by-taint", "outOfServiceTaint"),
            ("gate-by-object", "nodeDeleted"),
            ("gate-by-word", "manual"),
        ];
        let mut sides = Vec::new();
        for (name, fencing) in words {
            let Pair { guarded, open, .. } = Pair::new(name).await?;
            open.database.remove().await?;
            node.start(&guarded, &evicted_soon()).await?;
            trust(&guarded, fencing)?;
            sides.push(guarded);
        }
        let [by_taint, by_object, by_word] = sides.as_slice() else {
            return Ok(());
        };
        node.power_off()?;
        for side in &sides {
            side.until_leaving().await?;
            side.until_held("MX011").await?;
        }
        node.taint().await?;
        by_taint.until("a leader elsewhere", lead_again).await?;
        held_anew(by_object).await?;
        node.delete().await?;
        by_object.until("a leader elsewhere", lead_again).await?;
        held_anew(by_word).await?;
        fence(by_word, &node.name())?;
        by_word.until("a leader elsewhere", lead_again).await?;
        node.bring_back().await?;
        for side in &sides {
            side.until_pods(1).await?;
            let summary = side.database.register().await?;
            ensure!(lead_again(&summary) && !summary.is_corrupted(), "{summary:#?}");
            side.clear()?;
            side.database.remove().await?;
        }
        Ok(())
    })
    .await
}

/// What proves to an environment that the pods of a lost node have ended.
fn trust(side: &Side, fencing: &str) -> Result<()> {
    let patch = json!({ "spec": { "fencing": fencing } }).to_string();
    let environment = &side.environment.name;
    let kind = "environments.guard.kubectl-mendix.io";
    side.kubectl(&["patch", kind, environment, "--type=merge", "--patch", &patch])?;
    Ok(())
}

fn fence(side: &Side, node: &str) -> Result<()> {
    let arguments = ["fence", node, "--yes"];
    side.product.mendix_in(side.namespace, 0, &arguments).map(drop)
}

/// Waits until the control plane calls the leader's pod failed. Its process runs all the same, alone.
async fn until_failed(side: &Side) -> Result<()> {
    wait_for("the old pod to be called failed", LIMIT, || async {
        let summary = side.database.register().await?;
        ensure!(!summary.is_corrupted(), "the gate did not hold: {summary:#?}");
        let phases: Vec<_> = leaders(side)
            .await?
            .into_iter()
            .filter_map(|pod| pod.status?.phase)
            .collect();
        let failed = phases.iter().any(|phase| phase == "Failed");
        Ok(Poll::when(failed.then_some(()), || format!("{phases:?}")))
    })
    .await
}

/// Exchanges the pod that waits at the gate, and waits until the new one is held. That is judged after all that has
/// happened so far: the controller sees the pods' changes in their order.
async fn held_anew(side: &Side) -> Result<()> {
    let waiting = leaders(side).await?.into_iter().find(is_gated);
    let waiting = waiting.context("no pod waits at the gate")?.name_any();
    side.kubectl(&["delete", "pod", &waiting])?;
    let environments: Api<Environment> = Api::namespaced(side.product.client.clone(), side.namespace);
    wait_for("another pod that is held", LIMIT, || async {
        let environment = environments.get(&side.environment.name).await?;
        let held = environment
            .status
            .and_then(|status| status.held)
            .unwrap_or_default();
        let another = |held: &HeldPod| held.rule == "MX011" && held.pod != waiting;
        Ok(Poll::when(held.iter().any(another).then_some(()), || {
            format!("{held:?}")
        }))
    })
    .await
}

async fn leaders(side: &Side) -> Result<Vec<Pod>> {
    let labels = ListParams::default().labels(&side.leader_pods());
    Ok(side.pods().list(&labels).await?.items)
}

fn is_gated(pod: &Pod) -> bool {
    let gates = pod.spec.as_ref().and_then(|spec| spec.scheduling_gates.as_ref());
    gates.is_some_and(|gates| !gates.is_empty())
}
