//! Kinds that a cluster need not have: installed while the product runs, and served by nobody but the test.

use anyhow::{Context, Result};
use mendix_cases::Product;
use mendix_test_cluster::tools;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The definitions that this test has brought.
const OURS: &str = "kubectl-mendix.io/test=endpoints";

/// A kind with its definition.
pub(crate) struct Kind {
    /// Name of the definition.
    pub(crate) name: &'static str,
    file: fn() -> Result<PathBuf>,
}

/// Of `OpenShift`, whose definition is nowhere to be had: ours has the documented fields that the product uses.
pub(crate) const ROUTE: Kind = Kind {
    name: "routes.route.openshift.io",
    file: || Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/endpoints/route.yaml")),
};

/// Of the Gateway API, as it is published.
pub(crate) const HTTP_ROUTE: Kind = Kind {
    name: "httproutes.gateway.networking.k8s.io",
    file: || {
        let module = tools::module("gateway-api", "sigs.k8s.io/gateway-api")?;
        Ok(module.join("config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"))
    },
};

/// Takes away what an earlier run has left. Whether the cluster has none of both kinds then.
pub(crate) fn removed(product: &Product) -> Result<bool> {
    product.run("kubectl", &["delete", "crd", "-l", OURS, "--wait"])?;
    let left = product.run("kubectl", &["get", "crd", "-o", "name"])?;
    let others = |kind: &Kind| left.lines().any(|line| line.ends_with(kind.name));
    Ok(![ROUTE, HTTP_ROUTE].iter().any(others))
}

impl Kind {
    pub(crate) fn install(&self, product: &Product) -> Result<()> {
        let file = (self.file)()?;
        product.run("kubectl", &["create", "-f", &file.to_string_lossy()])?;
        product.run("kubectl", &["label", "crd", self.name, OURS])?;
        let arguments = [
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            "crd",
            self.name,
        ];
        product.run("kubectl", &arguments).map(drop)
    }

    /// The object of an app, as it is stored.
    pub(crate) fn object(&self, product: &Product, namespace: &str, app: &str) -> Result<Value> {
        let text = product.kubectl(namespace, &["get", self.name, app, "-o", "json"])?;
        serde_json::from_str(&text).with_context(|| text)
    }

    /// What those who serve a kind write, when they serve an object of it.
    pub(crate) fn serve(&self, product: &Product, namespace: &str, app: &str) -> Result<()> {
        let object = self.object(product, namespace, app)?;
        let status = match self.name {
            name if name == ROUTE.name => json!({ "ingress": [{
                "host": object["spec"]["host"],
                "conditions": [{ "type": "Admitted", "status": "True" }],
            }] }),
            _ => json!({ "parents": [{
                "parentRef": object["spec"]["parentRefs"][0],
                "controllerName": "example.com/gateway",
                "conditions": [accepted(&object, "Accepted"), accepted(&object, "ResolvedRefs")],
            }] }),
        };
        let status = json!({ "status": status }).to_string();
        let patch = [
            "patch",
            self.name,
            app,
            "--subresource=status",
            "--type=merge",
            "-p",
            &status,
        ];
        product.kubectl(namespace, &patch).map(drop)
    }
}

fn accepted(object: &Value, type_: &str) -> Value {
    json!({
        "type": type_, "status": "True", "reason": type_, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": object["metadata"]["generation"],
    })
}
