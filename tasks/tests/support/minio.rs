//! A real MinIO in a temporary folder.

use super::certificates::Pair;
use mendix_test_cluster::{Tools, tools};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// The administrator.
pub const USER: &str = "administrator";
pub const PASSWORD: &str = "admin's s3cret";

/// A server that lives as long as this value.
pub struct TestMinio {
    /// `host:port`.
    pub host: String,
    scheme: &'static str,
    process: Child,
    folder: tempfile::TempDir,
}

impl Drop for TestMinio {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl TestMinio {
    /// Starts one.
    pub async fn start() -> Self {
        Self::launch(None).await
    }

    /// Starts one with a certificate.
    pub async fn start_certified(pair: &Pair) -> Self {
        Self::launch(Some(pair)).await
    }

    async fn launch(pair: Option<&Pair>) -> Self {
        super::ensure_cryptography();
        let folder = tempfile::tempdir().expect("folder");
        let host = format!("127.0.0.1:{}", free_port());
        if let Some(pair) = pair {
            let certificates = folder.path().join("certificates");
            std::fs::create_dir(&certificates).expect("folder");
            std::fs::write(certificates.join("public.crt"), &pair.certificate).expect("certificate");
            std::fs::write(certificates.join("private.key"), &pair.key).expect("key");
        }
        let server = Self {
            scheme: if pair.is_some() { "https" } else { "http" },
            process: serve(folder.path(), &host),
            host,
            folder,
        };
        wait_for(&server.host).await;
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.host)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder of the one drive is a bucket.
    pub fn make_bucket(&self, name: &str) {
        std::fs::create_dir(self.data().join(name)).expect("bucket");
    }

    pub fn has_bucket(&self, name: &str) -> bool {
        self.data().join(name).is_dir()
    }

    /// Whether the server keeps a user, and a policy, of this name.
    pub fn has_account(&self, name: &str) -> (bool, bool) {
        let kept = |what: &str| {
            self.data()
                .join(".minio.sys/config/iam")
                .join(what)
                .join(name)
                .is_dir()
        };
        (kept("users"), kept("policies"))
    }
}

fn serve(folder: &Path, host: &str) -> Child {
    let tools = Tools::require(tools::STORES).expect("MinIO");
    std::fs::create_dir_all(folder.join("data")).expect("folder");
    let log = std::fs::File::create(folder.join("log")).expect("log");
    Command::new(tools.program("minio").expect("program"))
        .args(["server", "--quiet", "--address", host, "--certs-dir"])
        .arg(folder.join("certificates"))
        .arg(folder.join("data"))
        .env_clear()
        .envs([
            ("HOME", folder.as_os_str()),
            ("MINIO_ROOT_USER", USER.as_ref()),
            ("MINIO_ROOT_PASSWORD", PASSWORD.as_ref()),
            ("MINIO_BROWSER", "off".as_ref()),
        ])
        .stdout(log.try_clone().expect("log"))
        .stderr(log)
        .spawn()
        .expect("MinIO")
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("port")
        .port()
}

/// Ready is a server once it refuses a stranger: until then it says that it is not.
async fn wait_for(host: &str) {
    let client = reqwest::Client::builder()
        .danger_accept_invalid_certs(true)
        .build()
        .expect("client");
    for _ in 0..600 {
        for scheme in ["http", "https"] {
            let answer = client.get(format!("{scheme}://{host}/")).send().await;
            if answer.is_ok_and(|answer| answer.status() == reqwest::StatusCode::FORBIDDEN) {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("MinIO at {host} was not ready in 30 s");
}
