//! Runs `helm template` and parses what it makes.

use anyhow::{Context, Result, bail};
use k8s_openapi::{Resource, serde::de::DeserializeOwned};
use mendix_test_cluster::tools::Tools;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

pub(super) const IMAGE: &str = "image.reference=registry.example.com/mendix:0.1.0";
pub(super) const NAMESPACES: &str = "namespaces={team-a,team-b}";
/// Everything that a value can switch on.
pub(super) const EVERYTHING: &[&str] = &[
    IMAGE,
    NAMESPACES,
    "imagePullSecrets={registry}",
    "webhook.networkPolicy=true",
];

/// `MENDIX_TEST_HELM`, else the one on `PATH`, else the one that is built for the test clusters.
pub(super) fn helm() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("MENDIX_TEST_HELM") {
        return Ok(path.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&folders)
        .map(|folder| folder.join("helm"))
        .find(|path| path.is_file())
    {
        Some(path) => Ok(path),
        None => Tools::require(&["helm"])?.program("helm").map(Path::to_path_buf),
    }
}

pub(super) fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/mendix")
}

/// What the chart makes of some values, as text; what Helm says, when it refuses.
pub(super) fn template(values: &[&str]) -> Result<String> {
    let mut command = Command::new(helm()?);
    command
        .args(["template", "mendix"])
        .arg(chart())
        .args(["--namespace", "mendix-system"]);
    command.args(values.iter().flat_map(|value| ["--set", value]));
    let output = command.output().context("failed to start helm")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The same, parsed.
pub(super) fn objects(values: &[&str]) -> Result<Vec<Value>> {
    let text = template(values)?;
    let documents = text
        .split("\n---\n")
        .filter(|part| part.lines().any(|line| line.starts_with("kind:")));
    documents
        .map(|part| serde_saphyr::from_str(part).with_context(|| part.to_owned()))
        .collect()
}

pub(super) fn of_kind<T: Resource + DeserializeOwned>(objects: &[Value]) -> Vec<T> {
    let chosen = objects.iter().filter(|object| object["kind"] == T::KIND);
    let parsed: Vec<T> = chosen
        .map(|object| serde_json::from_value(object.clone()).unwrap())
        .collect();
    assert!(!parsed.is_empty(), "the chart makes no {}", T::KIND);
    parsed
}
