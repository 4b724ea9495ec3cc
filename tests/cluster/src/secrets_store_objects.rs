//! What the Secrets Store CSI driver needs of the API server: its two kinds, the object that tells kubelets how it
//! mounts, and its rights (documentation of the driver: "Installation", "Role Based Access Control", "Concepts").

use crate::{
    api, rights,
    wait::{Poll, wait_for},
};
use anyhow::{Context as _, Result};
use k8s_openapi::{
    api::{
        rbac::v1::{ClusterRole, ClusterRoleBinding},
        storage::v1::CSIDriver,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{Api, Client};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// Name under which volumes ask for the driver.
pub(crate) const DRIVER_NAME: &str = "secrets-store.csi.k8s.io";
/// User that the driver is to the API server.
pub(crate) const USER: &str = "mendix-test:secrets-store";
const GROUP: &str = "secrets-store.csi.x-k8s.io";
const KINDS: [&str; 2] = ["SecretProviderClass", "SecretProviderClassPodStatus"];
const LIMIT: Duration = Duration::from_mins(1);

/// Makes all of them, and waits until the API server serves the kinds: a driver that does not find them ends.
pub(crate) async fn apply(kubeconfig: &Path) -> Result<()> {
    let client = api::client(kubeconfig).await?;
    for kind in [class()?, pod_status()?] {
        api::apply(&Api::all(client.clone()), &kind).await?;
    }
    api::apply(&Api::all(client.clone()), &driver()?).await?;
    api::grant(kubeconfig, rights()).await?;
    served(&client).await
}

async fn served(client: &Client) -> Result<()> {
    wait_for("the kinds of the Secrets Store CSI driver", LIMIT, || async {
        let resources = match client.list_api_group_resources(&format!("{GROUP}/v1")).await {
            Ok(list) => list.resources,
            Err(error) => return Ok(Poll::Pending(error.to_string())),
        };
        let found: Vec<_> = resources.into_iter().map(|resource| resource.kind).collect();
        let all = KINDS.iter().all(|kind| found.iter().any(|it| it == kind));
        Ok(Poll::when(all.then_some(()), || format!("{found:?}")))
    })
    .await
}

/// What a provider is to fetch, and for whom.
fn class() -> Result<CustomResourceDefinition> {
    let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let fields = json!({ "spec": { "type": "object", "properties": {
        "provider": { "type": "string" },
        "parameters": texts,
        "secretObjects": {
            "type": "array",
            "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        },
    }}});
    kind(KINDS[0], "secretproviderclasses", &fields)
}

/// What the driver has mounted into one pod.
fn pod_status() -> Result<CustomResourceDefinition> {
    let text = json!({ "type": "string" });
    let object = json!({ "type": "object", "properties": { "id": text, "version": text } });
    let fields = json!({ "status": { "type": "object", "properties": {
        "mounted": { "type": "boolean" },
        "podName": text,
        "secretProviderClassName": text,
        "targetPath": text,
        "objects": { "type": "array", "items": object },
    }}});
    kind(KINDS[1], "secretproviderclasspodstatuses", &fields)
}

/// Without a subresource of its own the status is written with the rest, as the driver does.
fn kind(kind: &str, plural: &str, fields: &Value) -> Result<CustomResourceDefinition> {
    let version = json!({
        "name": "v1",
        "served": true,
        "storage": true,
        "schema": { "openAPIV3Schema": { "type": "object", "properties": fields } },
    });
    let definition = json!({
        "metadata": { "name": format!("{plural}.{GROUP}") },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": format!("{kind}List"),
                "plural": plural,
                "singular": kind.to_lowercase(),
            },
            "versions": [version],
        },
    });
    serde_json::from_value(definition).with_context(|| format!("failed to define kind {kind}"))
}

/// Its volumes live and die with their pod, and it asks which pod that is.
fn driver() -> Result<CSIDriver> {
    let object = json!({
        "metadata": { "name": DRIVER_NAME },
        "spec": { "attachRequired": false, "podInfoOnMount": true, "volumeLifecycleModes": ["Ephemeral"] },
    });
    serde_json::from_value(object).context("failed to describe the Secrets Store CSI driver")
}

fn rights() -> (ClusterRole, ClusterRoleBinding) {
    let read = ["get", "list", "watch"];
    let write = ["create", "delete", "get", "list", "patch", "update", "watch"];
    let rules = vec![
        rights::rule("", &["pods"], &read),
        rights::rule("", &["events"], &["create", "patch"]),
        rights::rule("storage.k8s.io", &["csidrivers"], &read),
        rights::rule(GROUP, &["secretproviderclasses"], &read),
        rights::rule(GROUP, &["secretproviderclasspodstatuses"], &write),
    ];
    rights::of_user(USER, rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_named_as_their_users_name_them() {
        for (definition, plural, kind) in [
            (class(), "secretproviderclasses", KINDS[0]),
            (pod_status(), "secretproviderclasspodstatuses", KINDS[1]),
        ] {
            let definition = definition.unwrap();
            let name = definition.metadata.name.unwrap();
            assert_eq!(name, format!("{plural}.secrets-store.csi.x-k8s.io"));
            assert_eq!(definition.spec.names.kind, kind);
            assert!(definition.spec.versions[0].subresources.is_none());
        }
    }

    #[test]
    fn the_driver_is_told_the_pod_and_reads_no_secrets() {
        let spec = driver().unwrap().spec;
        assert_eq!(
            (spec.pod_info_on_mount, spec.attach_required),
            (Some(true), Some(false))
        );
        let rules = rights().0.rules.unwrap();
        let resources = rules.iter().flat_map(|rule| rule.resources.iter().flatten());
        assert!(resources.into_iter().all(|resource| resource != "secrets"));
    }
}
