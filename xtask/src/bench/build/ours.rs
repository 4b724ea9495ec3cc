//! One build by the binary of the product, as its pod runs it.

use super::{Bench, Registry, server};
use anyhow::{Context, Result, bail};
use mendix_model::task::{BuildResult, variable};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a build took.
pub(super) struct Ours {
    pub(super) seconds: f64,
    /// Highest resident size, in MiB.
    pub(super) memory: f64,
    /// The image, by digest.
    pub(super) image: String,
}

impl Ours {
    pub(super) fn run(
        bench: &Bench,
        registry: &Registry,
        package: &Path,
        previous: Option<&str>,
    ) -> Result<Self> {
        let message = bench.folder().join("message");
        std::fs::write(&message, "")?;
        let host = &registry.host;
        let mut command = Command::new(&bench.mendix);
        command
            .arg("build")
            .arg("--termination-message")
            .arg(&message)
            .env(variable::SOURCE_URL, server::serve(package)?)
            .env(variable::BASE_IMAGE, format!("{host}/base:1"))
            .env(variable::PUSH_IMAGE, format!("{host}/shop:1"))
            .env(variable::REGISTRY_INSECURE, "true")
            .stderr(Stdio::null());
        if let Some(previous) = previous {
            command.env(variable::PREVIOUS_IMAGE, previous);
        }
        let start = Instant::now();
        let memory = watch(&mut command.spawn().context("failed to start the build")?);
        let seconds = start.elapsed().as_secs_f64();
        let text = std::fs::read_to_string(&message)?;
        let Some(memory) = memory? else {
            bail!("the build failed: {text}")
        };
        let result: BuildResult = serde_json::from_str(&text)?;
        Ok(Self {
            seconds,
            memory,
            image: result.image,
        })
    }
}

/// Waits for a process; answers its highest resident size in MiB, or nothing when it failed.
pub(super) fn watch(process: &mut Child) -> Result<Option<f64>> {
    let mut highest = 0.0_f64;
    loop {
        highest = highest.max(high_water(process.id()).unwrap_or_default());
        if let Some(status) = process.try_wait()? {
            return Ok(status.success().then_some(highest));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn high_water(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib = line.split_whitespace().nth(1)?.parse::<f64>().ok();
    kib.map(|kib| kib / 1024.0)
}
