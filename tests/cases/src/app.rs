//! One app under test.

use crate::{Package, Product, source};
use anyhow::{Context, Result, anyhow, ensure};
use kube::{Api, api::DeleteParams};
use mendix_model::{
    conditions::{Progress, progress},
    crd::MendixApp,
};
use mendix_test_cluster::{Poll, wait_for};
use std::{
    net::IpAddr,
    process::{Command, Output},
    time::Duration,
};

/// Longest time that anything here may take; a limit, never a measurement.
pub const LIMIT: Duration = Duration::from_mins(3);

/// Whether an app's status says that its present spec is done.
pub fn is_ready(app: &MendixApp) -> bool {
    let conditions = app
        .status
        .as_ref()
        .map(|status| status.conditions.as_slice())
        .unwrap_or_default();
    progress(conditions, app.metadata.generation) == Progress::Ready
}

impl Product {
    /// Serves bytes where pods can reach them, and returns the address.
    pub fn source(&self, answer: source::Answer) -> Result<String> {
        let host = self
            .cluster
            .registry()
            .rsplit_once(':')
            .context("registry without a port")?
            .0;
        let address: IpAddr = host.parse().context("the registry's address is no number")?;
        Ok(format!("http://{}/app.mda", source::serve(address, answer)?))
    }

    /// Serves a package of the model where pods can reach it, and returns the address.
    pub fn package(&self, model: &str) -> Result<String> {
        self.source(source::Answer::Bytes(Package::new(model).bytes()?))
    }

    /// Runs `kubectl mendix …` in a namespace; it must end with `code`.
    pub fn mendix_in(&self, namespace: &str, code: i32, arguments: &[&str]) -> Result<Output> {
        let output = self.mendix(&[&["-n", namespace], arguments].concat())?;
        let said = || {
            format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            )
        };
        ensure!(
            output.status.code() == Some(code),
            "kubectl mendix {arguments:?}: {}\n{}",
            output.status,
            said()
        );
        Ok(output)
    }

    /// The apps of a namespace.
    pub fn apps(&self, namespace: &str) -> Api<MendixApp> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Waits until an app's status satisfies `done`; on timeout the last status is in the error.
    pub async fn until(
        &self,
        namespace: &str,
        name: &str,
        what: &str,
        done: impl Fn(&MendixApp) -> bool,
    ) -> Result<MendixApp> {
        wait_for(what, LIMIT, || async {
            let app = self.apps(namespace).get(name).await?;
            Ok(if done(&app) {
                Poll::Ready(app)
            } else {
                Poll::Pending(format!("{:?}", app.status))
            })
        })
        .await
    }

    /// Deletes an app and waits until nothing of it is left.
    pub async fn delete(&self, namespace: &str, name: &str) -> Result<()> {
        let apps = self.apps(namespace);
        apps.delete(name, &DeleteParams::default()).await?;
        wait_for("the app to be gone", LIMIT, || async {
            let left = self.left_of(namespace, name)?;
            Ok(if left.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending(left.join(", "))
            })
        })
        .await
    }

    /// Names of all objects that are named after an app.
    fn left_of(&self, namespace: &str, name: &str) -> Result<Vec<String>> {
        let kinds = "mendixapps,storageinstances,builds,endpoints.privatecloud.mendix.com,runtimes,\
                     deployments,pods,services,ingresses,secrets,poddisruptionbudgets";
        let all = self.run("kubectl", &["-n", namespace, "get", kinds, "-o", "name"])?;
        let prefix = format!("/{name}-");
        let own = format!("/{name}");
        let mine = |line: &&str| line.contains(&prefix) || line.ends_with(&own);
        Ok(all.lines().filter(mine).map(ToOwned::to_owned).collect())
    }

    /// Waits for the app's page: a pod is ready a moment before every node's rules lead to it.
    pub async fn until_page(&self, app: &MendixApp) -> Result<serde_json::Value> {
        wait_for("the app's page", LIMIT, || async {
            Ok(match self.page(app).await {
                Ok(page) => Poll::Ready(page),
                Err(error) => Poll::Pending(format!("{error:#}")),
            })
        })
        .await
    }

    /// What the app answers at its own address.
    pub async fn page(&self, app: &MendixApp) -> Result<serde_json::Value> {
        let url = self.address(app)?;
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()?;
        let response = client
            .get(url)
            .header("accept", "application/json")
            .send()
            .await?;
        ensure!(response.status() == 200, "the app answered {}", response.status());
        Ok(response.json().await?)
    }

    /// Address of the app's Service as this machine reaches it.
    pub fn address(&self, app: &MendixApp) -> Result<String> {
        let name = app.metadata.name.as_deref().context("app without a name")?;
        let namespace = app
            .metadata
            .namespace
            .as_deref()
            .context("app without a namespace")?;
        let arguments = [
            "-n",
            namespace,
            "get",
            "service",
            name,
            "-o",
            "jsonpath={.spec.clusterIP}",
        ];
        let address = self.run("kubectl", &arguments)?;
        if address.is_empty() {
            return Err(anyhow!("service {name} has no address"));
        }
        Ok(format!("http://{address}:8080/"))
    }

    /// Process ids of the controllers that run on this machine's nodes.
    pub fn controllers(&self) -> Result<Vec<u32>> {
        processes("controller")
    }

    /// The same of the webhook.
    pub fn webhooks(&self) -> Result<Vec<u32>> {
        processes("webhook")
    }

    /// Ends every controller process of the cluster with SIGKILL and returns how many there were.
    ///
    /// Deleting a pod would not do: a kubelet asks a process to end first, which is what a crash does not do.
    pub fn kill_controllers(&self) -> Result<usize> {
        let mut killed = 0;
        for process in self.controllers()? {
            let status = Command::new("kill")
                .arg("-KILL")
                .arg(process.to_string())
                .status()?;
            killed += usize::from(status.success());
        }
        Ok(killed)
    }
}

/// Processes of the product's image in this role, of all clusters of this machine.
fn processes(role: &str) -> Result<Vec<u32>> {
    let beginning = format!("/mendix\0{role}\0");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if command.starts_with(beginning.as_bytes()) {
            let name = entry.file_name();
            found.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
    }
    Ok(found)
}
