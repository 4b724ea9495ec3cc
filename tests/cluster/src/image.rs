//! The one image that a new cluster has: the sandbox of every pod, which is also a program to test with.

use crate::{addresses::AddressPlan, command::run, paths::Paths};
use anyhow::{Context as _, Result};
use std::{fs, process::Command};

/// Reference of the image in the cluster's registry. Without arguments it waits for a signal; `serve ADDRESS`,
/// `lookup NAME` and `get URL` are for tests.
pub(crate) fn reference(plan: AddressPlan) -> String {
    format!("{}/mendix-test/pause:1", plan.registry())
}

/// Pushes the image; no container engine is needed for a single static program.
pub(crate) fn push(paths: &Paths, plan: AddressPlan) -> Result<()> {
    let layer = paths.state().join("pause.tar");
    fs::write(&layer, layer_of(&paths.bin().join("pause"))?)
        .with_context(|| format!("failed to write {}", layer.display()))?;
    let crane = |arguments: &[&str]| {
        run(Command::new(paths.bin().join("crane"))
            .args(arguments)
            .env_clear())
    };
    let (file, image) = (layer.display().to_string(), reference(plan));
    let platform = format!("linux/{}", architecture());
    crane(&["append", "--new_layer", &file, "--new_tag", &image])?;
    crane(&[
        "mutate",
        &image,
        "--tag",
        &image,
        "--entrypoint",
        "/pause",
        "--set-platform",
        &platform,
    ])?;
    Ok(())
}

fn layer_of(program: &std::path::Path) -> Result<Vec<u8>> {
    let failed = || format!("failed to pack {}", program.display());
    let content = fs::read(program).with_context(failed)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o755);
    let mut layer = tar::Builder::new(Vec::new());
    layer
        .append_data(&mut header, "pause", content.as_slice())
        .with_context(failed)?;
    layer.into_inner().with_context(failed)
}

/// The machine's architecture in the words of the OCI image specification.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
