//! A reverse proxy in front of an app: nginx, configured from the object that leads to the app.

mod configuration;
pub mod site;

use crate::{Product, app::LIMIT};
use anyhow::{Context, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use configuration::{CERTIFICATE, KEY, Places};
use mendix_test_cluster::{Poll, debian, wait_for};
use serde_json::Value;
use site::{Site, Tls};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// A proxy that serves one site. Dropping it ends it.
pub struct Proxy {
    process: Child,
    folder: TempDir,
    /// Where it listens without TLS and with it.
    pub http: SocketAddr,
    pub https: SocketAddr,
}

/// A certificate and its key.
#[derive(Clone)]
pub struct KeyPair {
    pub certificate: String,
    pub key: String,
}

impl Product {
    /// Serves what an Ingress, a Route or an `HTTPRoute` says, as the API server has stored it. `gateway` is the
    /// certificate of the Gateway.
    pub async fn proxy(&self, namespace: &str, object: &Value, gateway: &KeyPair) -> Result<Proxy> {
        debian::install_proxy()?;
        let site = Site::of(object)?;
        let backend = self.backend(namespace, &site)?;
        let pair = match &site.tls {
            None => None,
            Some(Tls::Gateway) => Some(gateway.clone()),
            Some(Tls::Given(certificate, key)) => Some(KeyPair {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            Some(Tls::Secret(name)) => Some(self.key_pair(namespace, name)?),
        };
        Proxy::start(&site, &backend, pair.as_ref()).await
    }

    /// `ADDRESS:PORT` of the Service, as this machine reaches it.
    fn backend(&self, namespace: &str, site: &Site) -> Result<String> {
        let text = self.kubectl(namespace, &["get", "service", &site.service, "-o", "json"])?;
        let service: Value = serde_json::from_str(&text)?;
        let address = service["spec"]["clusterIP"].as_str().context("clusterIP")?;
        let mut ports = service["spec"]["ports"].as_array().into_iter().flatten();
        let number = site.port.parse::<i64>();
        let is_meant =
            |port: &&Value| port["name"] == *site.port || number.as_ref().is_ok_and(|it| port["port"] == *it);
        let port = ports.find(is_meant);
        let port = port.with_context(|| format!("Service {} has no port {}", site.service, site.port))?;
        Ok(format!("{address}:{}", port["port"]))
    }

    fn key_pair(&self, namespace: &str, name: &str) -> Result<KeyPair> {
        let text = self.kubectl(namespace, &["get", "secret", name, "-o", "json"])?;
        let secret: Value = serde_json::from_str(&text)?;
        let value = |key: &str| {
            let text = secret["data"][key]
                .as_str()
                .with_context(|| format!("no {key}"))?;
            anyhow::Ok(String::from_utf8(STANDARD.decode(text)?)?)
        };
        Ok(KeyPair {
            certificate: value("tls.crt")?,
            key: value("tls.key")?,
        })
    }
}

impl Proxy {
    async fn start(site: &Site, backend: &str, pair: Option<&KeyPair>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        if let Some(pair) = pair {
            fs::write(folder.path().join(CERTIFICATE), &pair.certificate)?;
            fs::write(folder.path().join(KEY), &pair.key)?;
        }
        let (http, https) = (free_address()?, free_address()?);
        let places = Places {
            folder: folder.path(),
            http_port: http.port(),
            https_port: https.port(),
            backend,
        };
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration::text(site, &places))?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
        // Else it would look for the log of the system until it has read the file.
        command.arg("-e").arg(folder.path().join("error.log"));
        // Debian keeps it where only administrators look.
        command
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null());
        let process = command.spawn().context("failed to start nginx")?;
        let mut proxy = Self {
            process,
            folder,
            http,
            https,
        };
        proxy.until_it_listens().await?;
        Ok(proxy)
    }

    async fn until_it_listens(&mut self) -> Result<()> {
        let (http, https) = (self.http, self.https);
        let log = self.folder.path().join("error.log");
        let process = &mut self.process;
        wait_for("nginx to listen", LIMIT, move || {
            let listens = TcpStream::connect(http).and_then(|_| TcpStream::connect(https));
            let ended = process.try_wait();
            let log = fs::read_to_string(&log).unwrap_or_default();
            async move {
                if let Some(status) = ended? {
                    bail!("nginx has ended with {status}: {log}");
                }
                Ok(Poll::when(listens.ok().map(drop), || log))
            }
        })
        .await
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody has now; who comes first takes it, and nginx would say so.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
