//! The way of others: unpack, make an archive, and let crane append it.

use super::ours::watch;
use super::{Bench, Registry, succeed};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// How crane gets the archive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// As a file.
    File,
    /// Through a pipe.
    Stream,
}

/// Seconds, and the memory of crane in MiB.
pub(super) fn run(bench: &Bench, registry: &Registry, package: &Path, way: Way) -> Result<(f64, f64)> {
    let folder = tempfile::tempdir_in(bench.folder())?;
    let app = folder.path().join("opt/mendix/app");
    std::fs::create_dir_all(&app)?;
    let start = Instant::now();
    succeed(Command::new("unzip").arg("-q").arg(package).arg("-d").arg(&app))?;
    let mut append = Command::new(&bench.crane);
    let (base, tag) = (
        format!("{}/base:1", registry.host),
        format!("{}/shop:1", registry.host),
    );
    append.args(["append", "--insecure", "-b", &base, "-t", &tag, "-f"]);
    append.stdout(Stdio::null()).stderr(Stdio::null());
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(folder.path());
    let memory = match way {
        Way::File => {
            let archive = folder.path().join("layer.tar");
            succeed(tar.arg("-cf").arg(&archive).arg("opt"))?;
            watch(&mut append.arg(&archive).spawn().context("failed to start crane")?)?
        }
        Way::Stream => {
            let mut tar = tar
                .args(["-cf", "-", "opt"])
                .stdout(Stdio::piped())
                .spawn()
                .context("failed to start tar")?;
            let archive = tar.stdout.take().context("tar has no output")?;
            let memory = watch(
                &mut append
                    .arg("-")
                    .stdin(archive)
                    .spawn()
                    .context("failed to start crane")?,
            )?;
            tar.wait()?;
            memory
        }
    };
    let Some(memory) = memory else {
        bail!("crane append failed")
    };
    Ok((start.elapsed().as_secs_f64(), memory))
}
