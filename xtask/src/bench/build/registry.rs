//! `crane registry serve`, empty at its start, on a folder that goes with it.

use super::{Bench, succeed};
use crate::image;
use anyhow::{Context, Result, bail};
use futures::StreamExt as _;
use mendix_tasks::image::{
    ConfigChanges, Credentials, Entry, ImageSpec, Platform, RegistryOptions, fetch_image, parse_reference,
    write_layer,
};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// A registry that lives as long as this value.
pub(super) struct Registry {
    pub(super) host: String,
    process: Child,
    _folder: TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Registry {
    pub(super) fn start(bench: &Bench) -> Result<Self> {
        let folder = tempfile::tempdir_in(bench.folder())?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let host = format!("127.0.0.1:{port}");
        let process = Command::new(&bench.crane)
            .args(["registry", "serve", "--address", &host, "--disk"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start crane registry serve")?;
        let registry = Self {
            host,
            process,
            _folder: folder,
        };
        registry.wait()?;
        Ok(registry)
    }

    fn wait(&self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(&self.host).is_err() {
            if start.elapsed() > Duration::from_secs(20) {
                bail!("the registry at {} did not open its port", self.host);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Pushes a small base image.
    pub(super) async fn push_base(&self) -> Result<()> {
        let layers = vec![write_layer([Entry::bytes("opt/mendix/runtime/x", 0o664, "x")])?];
        image::push_spec(&format!("{}/base:1", self.host), true, |target| ImageSpec {
            target,
            base: None,
            layers,
            config: ConfigChanges {
                entrypoint: Some(vec!["/run".to_owned()]),
                ..ConfigChanges::default()
            },
            platform: Platform::current(),
        })
        .await?;
        Ok(())
    }

    /// The same base for crane, made by crane.
    pub(super) fn push_base_by(&self, bench: &Bench) -> Result<()> {
        let folder = tempfile::tempdir_in(bench.folder())?;
        std::fs::write(folder.path().join("x"), "x")?;
        let archive = folder.path().join("base.tar");
        succeed(
            Command::new("tar")
                .arg("-C")
                .arg(folder.path())
                .arg("-cf")
                .arg(&archive)
                .arg("x"),
        )?;
        let tag = format!("{}/base:1", self.host);
        let mut command = Command::new(&bench.crane);
        command
            .args(["append", "--oci-empty-base", "--insecure", "-t", &tag, "-f"])
            .arg(archive);
        succeed(command.stdout(Stdio::null()).stderr(Stdio::null()))
    }

    /// The bytes of all layers of an image but the base's, one behind the other, as one file.
    pub(super) async fn layers(&self, name: &str, path: &Path) -> Result<PathBuf> {
        let options = RegistryOptions {
            plain_http: vec![self.host.clone()],
            credentials: Credentials::default(),
        };
        let registry = mendix_tasks::image::Registry::new(options)?;
        let reference = parse_reference(name)?;
        let image = fetch_image(&registry, &reference, &Platform::current()).await?;
        let mut file = tokio::fs::File::create(path).await?;
        for layer in &image.manifest.layers[1..] {
            let url = format!(
                "http://{}/v2/{}/blobs/{}",
                self.host,
                reference.repository(),
                layer.digest
            );
            let mut bytes = reqwest::get(url).await?.error_for_status()?.bytes_stream();
            while let Some(some) = bytes.next().await {
                file.write_all(&some?).await?;
            }
        }
        file.flush().await?;
        Ok(path.to_owned())
    }
}
