//! The chart in a cluster. The release has a namespace of its own and leaves the definitions to the product's release.

use crate::render::chart;
use anyhow::{Context, Result, bail};
use mendix_test_cluster::{Cluster, Poll, wait_for, with_namespace};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

const LIMIT: Duration = Duration::from_mins(1);

/// A release in a namespace of its own; both have the same name.
#[derive(Clone)]
struct Release {
    cluster: Cluster,
    name: String,
}

impl Release {
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.cluster.bin_dir().join(program));
        command
            .env("KUBECONFIG", self.cluster.kubeconfig_path())
            .args(["--namespace", &self.name])
            .args(arguments);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(program, arguments)
            .output()
            .with_context(|| format!("failed to start {program}"))?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// `helm install` or `helm upgrade`. The image is never pulled: nothing here needs it to run.
    fn helm(&self, verb: &str, values: &[&str]) -> Result<String> {
        let chart = chart();
        let mut arguments = vec![verb, &self.name, chart.to_str().context("path")?];
        let fixed = [
            "image.reference=registry.invalid/mendix:0",
            "crds.install=false",
            "controller.nodeSelector.no=node",
            "webhook.nodeSelector.no=node",
        ];
        arguments.extend(fixed.iter().chain(values).flat_map(|value| ["--set", *value]));
        self.run("helm", &arguments)
    }

    /// Without the hook, which needs the image.
    fn uninstall(&self) -> Result<()> {
        self.run("helm", &["uninstall", &self.name, "--no-hooks"])
            .map(drop)
    }

    /// Every object of the namespace that lives on when nothing is done, as `kind/name`.
    fn objects(&self) -> Result<BTreeSet<String>> {
        let kinds = self.run(
            "kubectl",
            &["api-resources", "--namespaced", "--verbs=list", "--output=name"],
        )?;
        let kinds: Vec<_> = kinds.lines().filter(|kind| !kind.starts_with("events")).collect();
        let listed = self.run(
            "kubectl",
            &["get", &kinds.join(","), "--output=name", "--ignore-not-found"],
        )?;
        Ok(listed.lines().map(ToOwned::to_owned).collect())
    }

    /// What the API server says when a task pod's account creates a Secret.
    fn created_by_provisioner(&self, pod: &str, secret: &Value) -> Result<()> {
        let user = format!(
            "--as=system:serviceaccount:{}:mendix-storage-provisioner",
            self.name
        );
        let extra = format!("--as-user-extra=authentication.kubernetes.io/pod-name={pod}");
        let mut command = self.command(
            "kubectl",
            &["create", "--dry-run=server", "-f", "-", &user, &extra],
        );
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        child
            .stdin
            .take()
            .context("stdin")?
            .write_all(secret.to_string().as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

async fn with_release<Body, Run>(body: Body)
where
    Body: FnOnce(Release) -> Run + Send + 'static,
    Run: Future<Output = Result<()>> + Send + 'static,
{
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cluster = Cluster::for_tests().unwrap();
    let client = cluster.client().await.unwrap();
    with_namespace(client, |name| body(Release { cluster, name }))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uninstall_leaves_the_namespace_as_it_was() {
    with_release(|release| async move {
        let before = release.objects()?;
        release.helm("install", &["controller.podLabels.a=b"])?;
        release.helm("upgrade", &["controller.logLevel=debug"])?;
        let installed = release.objects()?;
        assert!(
            installed.contains("lease.coordination.k8s.io/mendix-controller"),
            "{installed:?}"
        );
        release.uninstall()?;
        wait_for("the namespace as it was", LIMIT, || async {
            let left: Vec<_> = release.objects()?.difference(&before).cloned().collect();
            Ok(Poll::when(left.is_empty().then_some(()), || {
                format!("left: {left:?}")
            }))
        })
        .await
    })
    .await;
}

fn secret(labels: &Value, owner: &Value, kind: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {
            "name": "shop-database",
            "labels": labels,
            "ownerReferences": [owner],
        },
    })
}

fn owner(kind: &str, name: &str) -> Value {
    json!({"apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": kind, "name": name, "uid": "1"})
}

/// The pod, the Secret, and what is said about it.
fn refused() -> Vec<(&'static str, Value, &'static str)> {
    let labels = json!({"kubectl-mendix.io/storage-instance": "shop-database", "kubectl-mendix.io/environment": "shop"});
    let other = json!({"kubectl-mendix.io/storage-instance": "x", "kubectl-mendix.io/environment": "shop"});
    let nobody = json!({"kubectl-mendix.io/storage-instance": "shop-database"});
    let own = owner("StorageInstance", "shop-database");
    vec![
        (
            "other-database",
            secret(&labels, &own, "Opaque"),
            "of the name of its own pod",
        ),
        (
            "shop-database",
            secret(&labels, &own, "example.com/token"),
            "of type Opaque only",
        ),
        (
            "shop-database",
            secret(&other, &own, "Opaque"),
            "needs label kubectl-mendix.io/storage-instance",
        ),
        (
            "shop-database",
            secret(&nobody, &own, "Opaque"),
            "needs label kubectl-mendix.io/environment",
        ),
        (
            "shop-database",
            secret(&labels, &owner("MendixApp", "shop-database"), "Opaque"),
            "needs one owner reference",
        ),
        (
            "shop-database",
            secret(&labels, &owner("StorageInstance", "x"), "Opaque"),
            "needs one owner reference",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provisioner_creates_the_secret_of_its_own_storage_instance_only() {
    with_release(|release| async move {
        release.helm("install", &[])?;
        let labels = json!({"kubectl-mendix.io/storage-instance": "shop-database", "kubectl-mendix.io/environment": "shop"});
        let right = secret(&labels, &owner("StorageInstance", "shop-database"), "Opaque");
        for (pod, wrong, sentence) in refused() {
            // A fresh policy takes a moment to act, and so do fresh rights.
            wait_for("the refusal", LIMIT, || async {
                let said = release.created_by_provisioner(pod, &wrong).err().map(|error| error.to_string());
                let said = said.unwrap_or_else(|| "created".to_owned());
                Ok(Poll::when(said.contains(sentence).then_some(()), || said))
            })
            .await?;
        }
        release.created_by_provisioner("shop-database", &right)?;
        release.uninstall()
    })
    .await;
}
