//! A real registry: Debian's `docker-registry` in a temporary folder, which no other test has pushed to; where it is not
//! installed, the one of `MENDIX_TEST_REGISTRY`.

use super::certificates::Pair;
use mendix_tasks::image::{Credentials, Registry, RegistryOptions};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A registry that lives as long as this value.
pub struct TestRegistry {
    /// `host:port`.
    pub host: String,
    process: Option<Child>,
    _folder: Option<tempfile::TempDir>,
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl TestRegistry {
    /// The client for it.
    pub fn client(&self) -> Registry {
        Registry::new(self.options()).expect("client")
    }

    pub fn options(&self) -> RegistryOptions {
        RegistryOptions {
            plain_http: vec![self.host.clone()],
            credentials: Credentials::default(),
        }
    }
}

/// The registry of the whole test run.
fn shared() -> Option<TestRegistry> {
    let Ok(host) = std::env::var("MENDIX_TEST_REGISTRY") else {
        println!("skipped: Debian's docker-registry is not installed, and there is no MENDIX_TEST_REGISTRY");
        return None;
    };
    Some(TestRegistry {
        host,
        process: None,
        _folder: None,
    })
}

const PROGRAM: &str = "/usr/bin/docker-registry";

/// Starts or finds a registry; says why when there is none.
pub async fn start() -> Option<TestRegistry> {
    if !Path::new(PROGRAM).is_file() {
        return shared();
    }
    Some(started(None).await)
}

/// Starts a registry with this certificate; says so when there is none to start.
pub async fn start_certified(pair: &Pair) -> Option<TestRegistry> {
    if !Path::new(PROGRAM).is_file() {
        println!("skipped: Debian's docker-registry is not installed");
        return None;
    }
    Some(started(Some(pair)).await)
}

async fn started(pair: Option<&Pair>) -> TestRegistry {
    let folder = tempfile::tempdir().expect("folder");
    let host = format!("127.0.0.1:{}", free_port());
    let place = folder.path().display();
    let tls = pair.map_or_else(String::new, |pair| {
        std::fs::write(folder.path().join("server.pem"), &pair.certificate).expect("certificate");
        std::fs::write(folder.path().join("server.key"), &pair.key).expect("key");
        format!(", tls: {{certificate: {place}/server.pem, key: {place}/server.key}}")
    });
    let config = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {place}}}}}\n\
         http: {{addr: \"{host}\"{tls}}}\n"
    );
    let path = folder.path().join("config.yml");
    std::fs::write(&path, config).expect("config");
    let process = Command::new(PROGRAM)
        .arg("serve")
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("registry");
    let registry = TestRegistry {
        host,
        process: Some(process),
        _folder: Some(folder),
    };
    super::answers(&registry.host).await;
    registry
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("port")
        .port()
}
