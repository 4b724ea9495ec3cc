//! The cluster's client programs, run from tests.

use crate::{cluster::Cluster, command::checked};
use anyhow::{Context as _, Result};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt as _, process::Command};

const PROXY_VARIABLES: [&str; 4] = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];

impl Cluster {
    /// Runs `kubectl` with these arguments and returns what it prints.
    ///
    /// # Errors
    /// With what it says, when it fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.program("kubectl", arguments, "").await
    }

    /// Runs `kubectl apply -f -` on `manifest`, in `namespace`.
    ///
    /// # Errors
    /// With what it says, when it fails.
    pub async fn apply(&self, namespace: &str, manifest: &str) -> Result<String> {
        self.program(
            "kubectl",
            &["apply", "--namespace", namespace, "--filename", "-"],
            manifest,
        )
        .await
    }

    /// Runs `helm` with these arguments and returns what it prints.
    ///
    /// # Errors
    /// With what it says, when it fails.
    pub async fn helm(&self, arguments: &[&str]) -> Result<String> {
        self.program("helm", arguments, "").await
    }

    /// Runs `crane` with these arguments and returns what it prints.
    ///
    /// # Errors
    /// With what it says, when it fails.
    pub async fn crane(&self, arguments: &[&str]) -> Result<String> {
        self.program("crane", arguments, "").await
    }

    async fn program(&self, name: &str, arguments: &[&str], input: &str) -> Result<String> {
        let shown = format!("{name} {}", arguments.join(" "));
        let context = || format!("failed to start `{shown}`");
        let mut command = Command::new(self.bin_dir().join(name));
        if self.is_embedded() {
            // A proxy is for the outside: none reaches a cluster on this machine.
            for variable in PROXY_VARIABLES {
                command.env_remove(variable);
            }
        }
        let mut child = command
            .args(arguments)
            .env("KUBECONFIG", self.kubeconfig_path())
            .env("PATH", self.path_variable()?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(context)?;
        if let Some(mut pipe) = child.stdin.take() {
            // A program that ends without reading says why by its status.
            let _ = pipe.write_all(input.as_bytes()).await;
        }
        checked(&shown, child.wait_with_output().await.with_context(context)?)
    }
}
