//! What the product tells people, wherever it tells it.

use crate::{Product, app::is_ready};
use anyhow::Result;
use kube::api::{Patch, PatchParams};
use mendix_model::{
    conditions::{Progress, progress},
    crd::MendixApp,
};
use serde_json::Value;

/// Exit code of `kubectl mendix status` for an app that is not well.
pub const DEGRADED: i32 = 3;

/// The sentence with which an app's present spec has stopped.
pub fn stalled(app: &MendixApp) -> Option<String> {
    let conditions = &app.status.as_ref()?.conditions;
    match progress(conditions, app.metadata.generation) {
        Progress::Stalled { message, .. } => Some(message),
        _ => None,
    }
}

/// Text with every run of white space as one space: tables break sentences where the terminal ends.
pub fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Product {
    /// Waits until an app is ready.
    pub async fn ready(&self, namespace: &str, name: &str) -> Result<MendixApp> {
        self.until(namespace, name, &format!("{name} to be ready"), is_ready)
            .await
    }

    /// Waits until an app has stopped, and returns the sentence of its status.
    pub async fn stalled(&self, namespace: &str, name: &str) -> Result<String> {
        let what = format!("{name} to be stalled");
        let app = self
            .until(namespace, name, &what, |app| stalled(app).is_some())
            .await?;
        Ok(stalled(&app).unwrap_or_default())
    }

    /// What `kubectl mendix status NAME` prints of an app that is not well.
    pub fn told(&self, namespace: &str, name: &str) -> Result<String> {
        let output = self.mendix_in(namespace, DEGRADED, &["status", name])?;
        Ok(in_one_line(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Changes an app as a user's `kubectl patch` would.
    pub async fn patch(&self, namespace: &str, name: &str, change: &Value) -> Result<MendixApp> {
        let apps = self.apps(namespace);
        Ok(apps
            .patch(name, &PatchParams::default(), &Patch::Merge(change))
            .await?)
    }

    /// `kubectl -n NAMESPACE …`.
    pub fn kubectl(&self, namespace: &str, arguments: &[&str]) -> Result<String> {
        self.run("kubectl", &[&["-n", namespace], arguments].concat())
    }

    /// Everything of a namespace that people without rights on Secrets may read: statuses, events, logs of tasks.
    pub fn traces(&self, namespace: &str) -> Result<String> {
        let kinds = "mendixapps,storageinstances,builds,endpoints.privatecloud.mendix.com,runtimes,pods";
        let statuses = ["get", kinds, "-o", "jsonpath={.items[*].status}"];
        let mut all = self.kubectl(namespace, &statuses)?;
        all += &self.kubectl(namespace, &["get", "events.events.k8s.io", "-o", "yaml"])?;
        for component in ["provisioner", "builder"] {
            let pods = format!("kubectl-mendix.io/component={component}");
            all += &self.kubectl(namespace, &["logs", "--prefix", "--tail=-1", "-l", &pods])?;
        }
        Ok(all)
    }
}
