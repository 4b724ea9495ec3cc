//! A storage instance for files, as its task pod and its app see it.

use super::api::{Script, TestApi};
use super::instance::{store, write_keys};
use super::minio::{PASSWORD, TestMinio, USER};
use futures::TryStreamExt as _;
use mendix_model::crd::storage::Purpose;
use mendix_tasks::provision::{ProvisionError, StoreTask};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, RetryConfig};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

pub type Keys = BTreeMap<String, String>;

pub const SECRET: &str = "shop-file";

/// One environment's files, made by a plan with these args.
pub struct Files {
    pub task: StoreTask,
    /// Bucket, folder, account: what is named after the uid.
    pub name: String,
    pub api: TestApi,
    args: String,
    _folder: tempfile::TempDir,
}

impl Files {
    pub async fn new(args: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = (std::process::id() << 12) + NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = tempfile::tempdir().expect("folder");
        let uid = format!("{number:08x}-d9cb-469f-a165-70867728950e");
        Self {
            name: format!("mendix-team-shop-{}", &uid.replace('-', "")[..20]),
            task: StoreTask {
                namespace: "team".to_owned(),
                environment: "shop".to_owned(),
                purpose: Purpose::File,
                instance: SECRET.to_owned(),
                uid,
                secret_name: SECRET.to_owned(),
                admin_folder: folder.path().join("admin"),
                instance_folder: folder.path().join("instance"),
            },
            api: TestApi::start(Script::Create).await,
            args: args.to_owned(),
            _folder: folder,
        }
    }

    /// With an address of a server, as its administrator.
    pub async fn at(server: &TestMinio, args: &str, path: &str) -> Self {
        let files = Self::new(args).await;
        files.admin(&server.url(path), USER, PASSWORD, None);
        files
    }

    pub fn admin(&self, endpoint: &str, user: &str, password: &str, name: Option<&str>) {
        let keys = [
            ("storage-endpoint", Some(endpoint)),
            ("storage-access-key-id", Some(user)),
            ("storage-secret-access-key", Some(password)),
            ("storage-bucket-name", name),
        ];
        self.admin_keys(
            &keys
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)))
                .collect::<Vec<_>>(),
        );
    }

    pub fn admin_keys(&self, keys: &[(&str, &str)]) {
        let keys = keys
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        write_keys(&self.task.admin_folder, &keys.collect());
    }

    /// Makes it; answers what the app gets.
    pub async fn provision(&self) -> Result<Keys, ProvisionError> {
        store(&self.args).provision(&self.task, self.api.client()).await?;
        let keys = self.api.keys(SECRET);
        write_keys(&self.task.instance_folder, &keys);
        Ok(keys)
    }

    pub async fn deprovision(&self) -> Result<(), ProvisionError> {
        store(&self.args).deprovision(&self.task).await
    }

    /// The sentence of a run that is refused.
    pub async fn refused(&self) -> String {
        sentence(self.provision().await)
    }
}

/// What people are told: a sentence without secrets.
pub fn sentence<T: std::fmt::Debug>(result: Result<T, ProvisionError>) -> String {
    let text = result.expect_err("refused").to_string();
    assert!(text.starts_with("failed to ") && text.contains("; "), "{text}");
    assert!(!text.contains("s3cret") && !text.contains("SharedKey"), "{text}");
    text
}

/// The store as the app reaches it.
fn app(keys: &Keys) -> Box<dyn ObjectStore> {
    if keys.contains_key("storage-azure-account-name") {
        Box::new(super::azurite::container(keys))
    } else {
        Box::new(bucket(keys))
    }
}

/// Address and name put together, as the runtime does.
fn bucket(keys: &Keys) -> AmazonS3 {
    AmazonS3Builder::new()
        .with_endpoint(&keys["storage-endpoint"])
        .with_virtual_hosted_style_request(false)
        .with_bucket_name(&keys["storage-bucket-name"])
        .with_region("us-east-1")
        .with_access_key_id(&keys["storage-access-key-id"])
        .with_secret_access_key(&keys["storage-secret-access-key"])
        .with_allow_http(true)
        .with_retry(RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        })
        .build()
        .expect("client")
}

/// Writes a file as the app does.
pub async fn write(keys: &Keys, file: &str) -> object_store::Result<()> {
    app(keys).put(&Path::from(file), "content".into()).await.map(drop)
}

/// Whether the app has a file.
pub async fn has(keys: &Keys, file: &str) -> bool {
    app(keys).get(&Path::from(file)).await.is_ok()
}

/// All files of a bucket, as the administrator sees them.
pub async fn all(server: &TestMinio, bucket: &str) -> Vec<String> {
    let keys = [
        ("storage-endpoint", server.url("")),
        ("storage-bucket-name", bucket.to_owned()),
        ("storage-access-key-id", USER.to_owned()),
        ("storage-secret-access-key", PASSWORD.to_owned()),
    ];
    let keys = keys.map(|(key, value)| (key.to_owned(), value)).into();
    let listed = app(&keys).list(None).map_ok(|file| file.location.to_string());
    let mut found: Vec<_> = listed.try_collect().await.expect("list");
    found.sort();
    found
}
