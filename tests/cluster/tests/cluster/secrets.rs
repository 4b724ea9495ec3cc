//! Files of a secret store, which the Secrets Store CSI driver mounts into pods.

use crate::LIMIT;
use anyhow::Result;
use mendix_test_cluster::{Cluster, Poll, SECRETS_STORE_FILES, SECRETS_STORE_PROVIDER, wait_for};
use serde_json::json;
use std::fs;

const FILE: &str = "word";
const CONTENT: &str = "from the store";

/// A pod on each node has the file of a class.
pub(crate) async fn are_mounted(cluster: &Cluster, namespace: &str) -> Result<()> {
    cluster.secrets_store_driver()?;
    let files = json!({ FILE: CONTENT }).to_string();
    let class = json!({
        "apiVersion": "secrets-store.csi.x-k8s.io/v1",
        "kind": "SecretProviderClass",
        "metadata": { "name": "words" },
        "spec": { "provider": SECRETS_STORE_PROVIDER, "parameters": { SECRETS_STORE_FILES: files } },
    });
    cluster.apply(namespace, &class.to_string()).await?;
    cluster.apply(namespace, &readers(&cluster.test_image()?)).await?;
    until_mounted(&[CONTENT, CONTENT]).await
}

/// With the pods go their files, also from a node that was without power meanwhile: it has its driver again.
pub(crate) async fn are_unmounted(cluster: &Cluster, namespace: &str) -> Result<()> {
    let delete = ["delete", "daemonset", "reader", "--namespace", namespace];
    cluster.kubectl(&delete).await?;
    until_mounted(&[]).await
}

fn readers(image: &str) -> String {
    let volume = json!({ "name": "words", "csi": {
        "driver": "secrets-store.csi.k8s.io",
        "readOnly": true,
        "volumeAttributes": { "secretProviderClass": "words" },
    }});
    let mount = json!({ "name": "words", "mountPath": "/words" });
    json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": { "name": "reader" },
        "spec": {
            "selector": { "matchLabels": { "app": "reader" } },
            "template": {
                "metadata": { "labels": { "app": "reader" } },
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{ "name": "main", "image": image, "volumeMounts": [mount] }],
                    "volumes": [volume],
                },
            },
        },
    })
    .to_string()
}

async fn until_mounted(expected: &[&str]) -> Result<()> {
    wait_for("the files of the class", LIMIT, || async {
        let found = mounted();
        Ok(Poll::when((found == expected).then_some(()), || {
            format!("{found:?}")
        }))
    })
    .await
}

/// Contents of the file in each of the cluster's mounts of a driver.
fn mounted() -> Vec<String> {
    let table = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let points = table.lines().filter_map(|line| line.split(' ').nth(1));
    points
        .filter(|point| point.contains("/clusters/itest/") && point.contains("/kubernetes.io~csi/"))
        .map(|point| fs::read_to_string(format!("{point}/{FILE}")).unwrap_or_default())
        .collect()
}
