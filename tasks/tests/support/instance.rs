//! A storage instance, as its task pod sees it.

use super::api::TestApi;
use super::postgres::TestPostgres;
use clap::Parser;
use mendix_model::crd::storage::Purpose;
use mendix_tasks::provision::{ProvisionError, Store, StoreTask};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    store: Store,
}

/// The store of a plan with these `args`.
pub fn store(words: &str) -> Store {
    let words = ["task"].into_iter().chain(words.split_whitespace());
    Cli::try_parse_from(words).expect("store").store
}

/// One storage instance, with the folders that a pod would have.
pub struct Instance {
    pub task: StoreTask,
    /// Database and role.
    pub name: String,
    _folder: tempfile::TempDir,
}

pub const SECRET: &str = "shop-database";

impl Instance {
    pub fn new(server: &TestPostgres) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = (std::process::id() << 12) + NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = tempfile::tempdir().expect("folder");
        let uid = format!("{number:08x}-d9cb-469f-a165-70867728950e");
        let task = StoreTask {
            namespace: "team".to_owned(),
            environment: "shop".to_owned(),
            purpose: Purpose::Database,
            instance: SECRET.to_owned(),
            uid: uid.clone(),
            secret_name: SECRET.to_owned(),
            admin_folder: folder.path().join("admin"),
            instance_folder: folder.path().join("instance"),
        };
        let name = format!("team-shop-{}", &uid.replace('-', "")[..20]);
        let instance = Self {
            task,
            name,
            _folder: folder,
        };
        instance.admin(&server.address(), &server.admin.0, &server.admin.1, "postgres");
        instance
    }

    pub fn admin(&self, host: &str, user: &str, password: &str, database: &str) {
        let keys = [
            ("host", host),
            ("username", user),
            ("password", password),
            ("name", database),
        ];
        write_keys(
            &self.task.admin_folder,
            &keys
                .map(|(key, value)| (format!("database-{key}"), value.to_owned()))
                .into(),
        );
    }

    pub async fn provision(&self, api: &TestApi) -> Result<(), ProvisionError> {
        self.provision_by("postgres", api).await
    }

    /// By a plan with these args.
    pub async fn provision_by(&self, args: &str, api: &TestApi) -> Result<(), ProvisionError> {
        store(args).provision(&self.task, api.client()).await
    }

    pub async fn deprovision(&self) -> Result<(), ProvisionError> {
        store("postgres").deprovision(&self.task).await
    }

    /// Whether there is a role and a database of our name.
    pub async fn exists(&self, server: &TestPostgres) -> (bool, bool) {
        let sql = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1), EXISTS (SELECT FROM pg_database WHERE datname = $1)";
        let row = server
            .admin("postgres")
            .await
            .query_one(sql, &[&self.name])
            .await
            .expect("row");
        (row.get(0), row.get(1))
    }

    /// Logs in as the app would, and makes a table.
    pub async fn use_database(&self, server: &TestPostgres, keys: &BTreeMap<String, String>) {
        assert_eq!(keys["database-name"], self.name);
        let app = server
            .connect(
                &keys["database-username"],
                &keys["database-password"],
                &keys["database-name"],
            )
            .await;
        let table = "CREATE TABLE IF NOT EXISTS test (id int)";
        app.expect("login of the app")
            .batch_execute(table)
            .await
            .expect("table of the app");
    }
}

pub fn write_keys(folder: &Path, keys: &BTreeMap<String, String>) {
    std::fs::create_dir_all(folder).expect("folder");
    for (key, value) in keys {
        std::fs::write(folder.join(key), value).expect("key");
    }
}

pub fn sentence(result: Result<(), ProvisionError>) -> String {
    let text = result.expect_err("refused").to_string();
    assert!(text.starts_with("failed to ") && text.contains("; "), "{text}");
    assert!(
        !text.contains("secret\"") && !text.contains("SCRAM") && !text.contains("admin secret"),
        "{text}"
    );
    text
}
