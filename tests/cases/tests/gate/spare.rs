//! The node that faults are given to: the cluster's last one, which `cargo xtask ci` keeps free of other tests' pods.

use crate::pair::{Pair, Side};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Node;
use kube::{Api, ResourceExt, api::PostParams};
use mendix_cases::app::LIMIT;
use mendix_model::names::ENVIRONMENT_TOLERATION;
use mendix_test_cluster::{Cluster, Cut, Poll, SPARE_TAINT, wait_for};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    sync::atomic::{AtomicBool, Ordering},
};
use tokio::sync::{Mutex, MutexGuard};

/// The taint by which people say that a node is off (Kubernetes documentation, "Non-graceful node shutdown").
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// Said where the rows cannot be run.
const SKIPPED: &str =
    "skipped: it needs an embedded cluster of two nodes; set MENDIX_TEST_KUBECONFIG to the kubeconfig of one";

/// Rows of this file's users come one after the other: there is one such node.
static TAKEN: Mutex<()> = Mutex::const_new(());

/// The node, for one row.
pub(crate) struct Spare {
    cluster: Cluster,
    nodes: Api<Node>,
    number: u8,
    /// The node's object before anything happened to it.
    before: Node,
    is_off: AtomicBool,
    /// Labels to take away.
    labels: Mutex<Vec<&'static str>>,
    _taken: MutexGuard<'static, ()>,
}

/// Runs a row on the node and brings the node back, whatever came of the row. Where there is none, the row is skipped.
pub(crate) async fn with_spare(row: impl AsyncFnOnce(&Spare) -> Result<()>) -> Result<()> {
    let Some(spare) = Spare::take().await? else {
        return Ok(());
    };
    let ended = row(&spare).await;
    let back = spare.bring_back().await;
    ended.and(back)
}

impl Spare {
    async fn take() -> Result<Option<Self>> {
        let taken = TAKEN.lock().await;
        let cluster = Cluster::for_tests()?;
        let number = cluster.node_count();
        if number < 2 {
            let _ = writeln!(std::io::stderr().lock(), "{SKIPPED}");
            return Ok(None);
        }
        let nodes: Api<Node> = Api::all(cluster.client().await?);
        let before = nodes.get(&format!("node{number}")).await?;
        Ok(Some(Self {
            cluster,
            nodes,
            number,
            before,
            is_off: AtomicBool::new(false),
            labels: Mutex::default(),
            _taken: taken,
        }))
    }

    pub(crate) fn name(&self) -> String {
        self.before.name_any()
    }

    /// Starts a leader on the node on both sides of a pair.
    pub(crate) async fn pair(&self, name: &str, tolerations: &[Value]) -> Result<Pair> {
        let pair = Pair::new(name).await?;
        pair.both(async |side| self.start(side, tolerations).await)
            .await?;
        Ok(pair)
    }

    /// Starts a leader on the node. Its replacements go elsewhere when the node takes none.
    pub(crate) async fn start(&self, side: &Side, tolerations: &[Value]) -> Result<()> {
        let mut leader = side.environment.leader();
        leader["spec"]["strategy"] = json!({ "type": "Recreate" });
        let pod = &mut leader["spec"]["template"]["spec"];
        pod["affinity"] = prefers(&self.name());
        let spare = json!({ "key": SPARE_TAINT, "operator": "Exists" });
        pod["tolerations"] = [&[spare], tolerations].concat().into();
        side.apply(&leader).await?;
        side.until("a leader", |summary| summary.running().count() == 1)
            .await?;
        let node = node_of_leader(side).await?;
        ensure!(node == self.name(), "the leader runs on {node}");
        Ok(())
    }

    /// All pods that start meanwhile start on the node: an app of ours cannot ask for it.
    pub(crate) async fn alone(&self) -> Result<()> {
        self.kubectl(&["taint", "nodes", &self.name(), &format!("{SPARE_TAINT}-")])
            .await?;
        self.kubectl(&["cordon", "--selector", &self.others()]).await
    }

    /// The node is spare again.
    pub(crate) async fn not_alone(&self) -> Result<()> {
        self.kubectl(&["uncordon", "--selector", &self.others()]).await?;
        self.cluster.keep_spare(self.number).await
    }

    /// Pods of an environment may start on the node too, and no others.
    pub(crate) async fn lend(&self, environment: &str) -> Result<()> {
        let (name, taint) = (
            self.name(),
            format!("{ENVIRONMENT_TOLERATION}={environment}:NoSchedule"),
        );
        // Both for a moment: nobody else is to slip in.
        self.kubectl(&["taint", "nodes", &name, &taint]).await?;
        self.kubectl(&["taint", "nodes", &name, &format!("{SPARE_TAINT}-")])
            .await
    }

    /// Gives nodes a label, which is taken from all of them in the end.
    pub(crate) async fn label(&self, nodes: &str, label: &'static str) -> Result<()> {
        self.labels.lock().await.push(label);
        self.kubectl(&["label", "nodes", nodes, &format!("{label}="), "--overwrite"])
            .await
    }

    /// Selects all other nodes.
    fn others(&self) -> String {
        format!("kubernetes.io/hostname!={}", self.name())
    }

    /// Cuts the node off from the control plane: its pods reach their databases as before.
    pub(crate) fn cut(&self) -> Result<()> {
        self.cluster.partition(self.number, Cut::ControlPlane)
    }

    /// Cuts the node off wholly: its pods do not reach their databases either.
    pub(crate) fn cut_cable(&self) -> Result<()> {
        self.cluster.partition(self.number, Cut::Everything)
    }

    pub(crate) fn mend(&self) -> Result<()> {
        self.cluster.heal(self.number)
    }

    pub(crate) fn power_off(&self) -> Result<()> {
        self.is_off.store(true, Ordering::Relaxed);
        self.cluster.power_off(self.number)
    }

    /// Gives power to the node, and to nothing that ran on it: its pods have to be wanted still.
    pub(crate) async fn power_on(&self) -> Result<()> {
        self.cluster.power_on(self.number)?;
        self.is_off.store(false, Ordering::Relaxed);
        self.until_ready().await
    }

    /// Says that the node is off, in Kubernetes' own way.
    pub(crate) async fn taint(&self) -> Result<()> {
        let taint = format!("{OUT_OF_SERVICE}=nodeshutdown:NoExecute");
        self.kubectl(&["taint", "nodes", &self.name(), &taint]).await
    }

    /// Deletes the node's object. A kubelet that runs makes no new one.
    pub(crate) async fn delete(&self) -> Result<()> {
        self.kubectl(&["delete", "node", &self.name(), "--wait=false"])
            .await
    }

    /// Moves the pods with these labels off the node, and waits until they have ended. The node takes no others.
    pub(crate) async fn drain(&self, labels: &str) -> Result<()> {
        let selector = format!("--pod-selector={labels}");
        let arguments = [
            "drain",
            &self.name(),
            &selector,
            "--delete-emptydir-data",
            "--timeout=120s",
        ];
        self.kubectl(&arguments).await
    }

    /// Waits until the cluster takes the node for lost.
    pub(crate) async fn until_lost(&self) -> Result<()> {
        self.until("a lost node", |node| !is_ready(node)).await
    }

    async fn until_ready(&self) -> Result<()> {
        self.until("a node that takes pods", |node| {
            is_ready(node) && taints(node).all(is_spare)
        })
        .await
    }

    async fn until(&self, what: &str, done: impl Fn(&Node) -> bool) -> Result<()> {
        wait_for(what, LIMIT, || async {
            let node = self.nodes.get_opt(&self.name()).await?;
            let found = node.as_ref().is_some_and(&done).then_some(());
            Ok(Poll::when(found, || format!("{:?}", node.map(|node| node.spec))))
        })
        .await
    }

    /// Undoes every fault. A row may have ended at any point, so each is looked for.
    pub(crate) async fn bring_back(&self) -> Result<()> {
        self.mend()?;
        if self.is_off.swap(false, Ordering::Relaxed) {
            self.cluster.power_on(self.number)?;
        }
        self.restore().await?;
        self.until_ready().await
    }

    /// The node's object as it was, but for what is the kubelet's and the control plane's.
    async fn restore(&self) -> Result<()> {
        let Some(now) = self.nodes.get_opt(&self.name()).await? else {
            let made = self
                .nodes
                .create(&PostParams::default(), &anew(&self.before))
                .await?;
            return self.restore_marks(&made).await;
        };
        self.restore_marks(&now).await
    }

    async fn restore_marks(&self, now: &Node) -> Result<()> {
        let name = self.name();
        if taints(now).any(|key| key == OUT_OF_SERVICE) {
            self.kubectl(&["taint", "nodes", &name, &format!("{OUT_OF_SERVICE}-")])
                .await?;
        }
        if taints(&self.before).any(is_spare) {
            self.cluster.keep_spare(self.number).await?;
        }
        if taints(now).any(|key| key == ENVIRONMENT_TOLERATION) {
            self.kubectl(&["taint", "nodes", &name, &format!("{ENVIRONMENT_TOLERATION}-")])
                .await?;
        }
        for label in self.labels.lock().await.drain(..) {
            self.kubectl(&["label", "nodes", "--all", &format!("{label}-")])
                .await?;
        }
        self.kubectl(&["uncordon", "--selector", "kubernetes.io/hostname"])
            .await
    }

    async fn kubectl(&self, arguments: &[&str]) -> Result<()> {
        self.cluster.kubectl(arguments).await.map(drop)
    }
}

/// Name of the node of a leader.
pub(crate) async fn node_of_leader(side: &Side) -> Result<String> {
    let spec = side.leader_object().await?.spec;
    spec.and_then(|spec| spec.node_name)
        .context("the leader is on no node")
}

/// Not more than a preference, or a replacement would have nowhere to go.
pub(crate) fn prefers(node: &str) -> Value {
    let name = json!({ "key": "kubernetes.io/hostname", "operator": "In", "values": [node] });
    json!({ "nodeAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [
        { "weight": 100, "preference": { "matchExpressions": [name] } },
    ] } })
}

fn anew(before: &Node) -> Node {
    let mut node = before.clone();
    node.metadata.uid = None;
    node.metadata.resource_version = None;
    node.metadata.creation_timestamp = None;
    node.metadata.managed_fields = None;
    node
}

fn is_ready(node: &Node) -> bool {
    let status = node.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn taints(node: &Node) -> impl Iterator<Item = &str> {
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
    taints.into_iter().flatten().map(|taint| taint.key.as_str())
}

fn is_spare(key: &str) -> bool {
    key == SPARE_TAINT
}
