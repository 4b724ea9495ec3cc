//! A real Azurite in a temporary folder.

use super::files::{Files, Keys};
use super::minio::free_port;
use mendix_test_cluster::tools;
use object_store::RetryConfig;
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use std::process::{Child, Command, Stdio};

/// The account.
pub const ACCOUNT: &str = "team";
/// Its key: "the key's s3cret", in base64.
pub const KEY: &str = "dGhlIGtleSdzIHMzY3JldA==";

/// A server that lives as long as this value.
pub struct TestAzurite {
    /// `host:port`.
    pub host: String,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Drop for TestAzurite {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl TestAzurite {
    pub async fn start() -> Self {
        super::ensure_cryptography();
        let program = tools::node_program("azurite", "azurite-blob").expect("Azurite");
        let (folder, port) = (tempfile::tempdir().expect("folder"), free_port());
        let process = Command::new(program)
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck"])
            .args([
                "--blobHost",
                "127.0.0.1",
                "--blobPort",
                &port.to_string(),
                "--location",
            ])
            .arg(folder.path())
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{KEY}"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Azurite");
        let host = format!("127.0.0.1:{port}");
        super::answers(&host).await;
        Self {
            host,
            process,
            _folder: folder,
        }
    }

    /// Address of the account, or of something below it.
    pub fn url(&self) -> String {
        format!("http://{}/{ACCOUNT}", self.host)
    }

    /// A plan for this server.
    pub async fn plan(&self, args: &str, container: Option<&str>) -> Files {
        let files = Files::new(args).await;
        self.admin(&files, ACCOUNT, KEY, container);
        files
    }

    pub fn admin(&self, files: &Files, account: &str, key: &str, container: Option<&str>) {
        let (url, mut keys) = (self.url(), vec![]);
        keys.extend([
            ("storage-azure-account-name", account),
            ("storage-azure-account-key", key),
        ]);
        keys.push(("storage-azure-blob-endpoint", &url));
        keys.extend(container.map(|name| ("storage-azure-container", name)));
        files.admin_keys(&keys);
    }
}

/// The container as the app reaches it.
pub fn container(keys: &Keys) -> MicrosoftAzure {
    MicrosoftAzureBuilder::new()
        .with_endpoint(keys["storage-azure-blob-endpoint"].clone())
        .with_account(&keys["storage-azure-account-name"])
        .with_access_key(&keys["storage-azure-account-key"])
        .with_container_name(&keys["storage-azure-container"])
        .with_allow_http(true)
        .with_retry(RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        })
        .build()
        .expect("client")
}
