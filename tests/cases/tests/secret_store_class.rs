//! An app whose database, files and constants stand in a `SecretProviderClass`, which the Secrets Store CSI driver mounts.
//!
//! The driver is a real one; the store behind it is the class itself, since a store in some cloud cannot be had here.

use anyhow::{Context, Result, ensure};
use mendix_cases::{
    Package, Product,
    app::LIMIT,
    manifest,
    plain::{Database, Summary},
    source::Answer,
    words::in_one_line,
};
use mendix_model::{names, secret_store::database as keys};
use mendix_test_cluster::{Poll, SECRETS_STORE_FILES, SECRETS_STORE_PROVIDER, wait_for};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAMESPACE: &str = "case-secret-store";
/// A constant that the model has no value for: without one from the store the runtime does not start.
const CONSTANT: &str = "Shop.FromStore";
/// The guard's own words, when it refuses.
const OTHER_DATABASE: &str = "name another database than the annotation of the SecretProviderClass";
const SKIPPED: &str = "skipped: it needs an embedded cluster, on whose nodes the driver can be started";

/// What the driver mounts: the documented keys.
struct Store {
    files: BTreeMap<&'static str, String>,
    /// Those of the values that nobody may see.
    secrets: Vec<String>,
    constant: String,
}

impl Store {
    fn of(database: &Database) -> Self {
        let random = || format!("{:032x}", rand::random::<u128>());
        let mut files = database.keys();
        let constant = random();
        let hidden = [
            ("storage-access-key-id", random()),
            ("storage-secret-access-key", random()),
            ("mx-admin-password", random()),
            ("mx-const-Shop.FromStore", constant.clone()),
        ];
        let mut secrets: Vec<_> = hidden.iter().map(|(_, value)| value.clone()).collect();
        secrets.push(files[keys::PASSWORD].clone());
        files.extend(hidden);
        // The runtime double does not look into its file store.
        files.insert("storage-service-name", "com.mendix.storage.s3".to_owned());
        files.insert("storage-endpoint", "https://files.example.com".to_owned());
        files.insert("storage-bucket-name", "shop".to_owned());
        Self {
            files,
            secrets,
            constant,
        }
    }

    /// The class of an app, whose annotation names a database.
    fn class(&self, app: &str, annotated: &Database) -> Result<String> {
        let database = annotated.keys();
        let url = format!(
            "jdbc:postgresql://{}/{}",
            database[keys::HOST],
            database[keys::NAME]
        );
        let class = json!({
            "apiVersion": "secrets-store.csi.x-k8s.io/v1",
            "kind": "SecretProviderClass",
            "metadata": {
                "name": app,
                "annotations": {
                    names::ENVIRONMENT_CLASS_ANNOTATION: "true",
                    names::DATABASE_URL_ANNOTATION: url,
                },
            },
            "spec": {
                "provider": SECRETS_STORE_PROVIDER,
                "parameters": { SECRETS_STORE_FILES: serde_json::to_string(&self.files)? },
            },
        });
        Ok(class.to_string())
    }
}

/// The product on a cluster whose nodes have the driver; nothing where they cannot have it.
async fn product() -> Result<Option<Product>> {
    let product = Product::installed_for(NAMESPACE).await?;
    if !product.cluster.is_embedded() {
        return Ok(None);
    }
    product.cluster.secrets_store_driver()?;
    Ok(Some(product))
}

/// An app without plans.
fn app(product: &Product, name: &str) -> Result<Value> {
    let package = Package::new("A").option("missingConstants", vec![CONSTANT]);
    let mut app = manifest::app(NAMESPACE, name, &product.source(Answer::Bytes(package.bytes()?))?);
    let spec = &mut app["spec"];
    spec["database"] = Value::Null;
    spec["storage"] = Value::Null;
    spec["allowOverrideSecretsWithSecretStoreCSIDriver"] = true.into();
    Ok(app)
}

/// Waits until `kubectl mendix status` tells `words` of an app.
async fn until_told(product: &Product, name: &str, words: &str) -> Result<()> {
    wait_for(&format!("{name}: {words}"), LIMIT, || async {
        let output = product.mendix(&["status", name, "--namespace", NAMESPACE])?;
        let told = in_one_line(&String::from_utf8_lossy(&output.stdout));
        Ok(Poll::when(told.contains(words).then_some(()), || told))
    })
    .await
}

fn remove(product: &Product, apps: &[&str]) -> Result<()> {
    for kind in ["mendixapp", "secretproviderclass"] {
        let delete = [&["delete", kind, "--timeout=150s"], apps].concat();
        product.kubectl(NAMESPACE, &delete)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_runs_on_what_the_driver_mounts_and_no_other_app_does() -> Result<()> {
    let Some(product) = product().await? else {
        println!("{SKIPPED}");
        return Ok(());
    };
    let database = Database::create(product.cluster.postgres_url(), "class").await?;
    let store = Store::of(&database);
    for name in ["vault", "twin"] {
        let class = store.class(name, &database)?;
        product.cluster.apply(NAMESPACE, &class).await?;
    }
    product.apply(NAMESPACE, &app(&product, "vault")?).await?;
    product.ready(NAMESPACE, "vault").await?;
    serves_with_the_constant(&product, &store).await?;
    let running = database
        .until("a leader", |summary| summary.running().count() == 1)
        .await?;
    ensure!(!running.is_corrupted(), "{running:#?}");
    no_value_is_told(&product, &store)?;

    // The same files, and the same annotation: one database, two environments.
    product.apply(NAMESPACE, &app(&product, "twin")?).await?;
    until_told(&product, "twin", "MX001").await?;
    remove(&product, &["twin", "vault"])?;
    let after = database.register().await?;
    ensure!(after.max_leaders == 1, "{after:#?}");
    database.remove().await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_name_another_database_than_the_annotation_start_nothing() -> Result<()> {
    let Some(product) = product().await? else {
        println!("{SKIPPED}");
        return Ok(());
    };
    let refused = Refused::start(&product, "stray").await?;
    let class = Store::of(&refused.annotated).class("stray", &refused.annotated)?;
    product.cluster.apply(NAMESPACE, &class).await?;
    // The driver mounts once a pod.
    let pods = format!("{}=stray", names::ENVIRONMENT_LABEL);
    let delete = ["delete", "pods", "--selector", &pods, "--wait=false"];
    product.kubectl(NAMESPACE, &delete)?;
    refused.until_leads(&product, &refused.annotated).await?;
    refused.end(&product, &refused.mounted).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annotation_that_is_put_right_starts_the_app_on_the_database_of_its_files() -> Result<()> {
    let Some(product) = product().await? else {
        println!("{SKIPPED}");
        return Ok(());
    };
    let refused = Refused::start(&product, "moved").await?;
    let class = Store::of(&refused.mounted).class("moved", &refused.mounted)?;
    product.cluster.apply(NAMESPACE, &class).await?;
    refused.until_leads(&product, &refused.mounted).await?;
    refused.end(&product, &refused.annotated).await
}

/// An app whose annotation names one database, and whose files another.
struct Refused {
    name: &'static str,
    annotated: Database,
    mounted: Database,
}

impl Refused {
    /// Waits until the guard has refused it, and nothing has run on either.
    async fn start(product: &Product, name: &'static str) -> Result<Self> {
        let server = product.cluster.postgres_url();
        let refused = Self {
            name,
            annotated: Database::create(server, "annotated").await?,
            mounted: Database::create(server, "mounted").await?,
        };
        let class = Store::of(&refused.mounted).class(name, &refused.annotated)?;
        product.cluster.apply(NAMESPACE, &class).await?;
        product.apply(NAMESPACE, &app(product, name)?).await?;
        until_told(product, name, OTHER_DATABASE).await?;
        for database in [&refused.annotated, &refused.mounted] {
            is_untouched(database).await?;
        }
        Ok(refused)
    }

    async fn until_leads(&self, product: &Product, database: &Database) -> Result<()> {
        product.ready(NAMESPACE, self.name).await?;
        let leads = |summary: &Summary| summary.running().count() == 1;
        database.until("a leader", leads).await.map(drop)
    }

    async fn end(&self, product: &Product, untouched: &Database) -> Result<()> {
        remove(product, &[self.name])?;
        is_untouched(untouched).await?;
        self.annotated.remove().await?;
        self.mounted.remove().await
    }
}

async fn is_untouched(database: &Database) -> Result<()> {
    let register = database.register().await?;
    ensure!(register.processes.is_empty(), "{register:#?}");
    Ok(())
}

/// The runtime double tells what it was configured with.
async fn serves_with_the_constant(product: &Product, store: &Store) -> Result<()> {
    let app = product.apps(NAMESPACE).get("vault").await?;
    product.until_page(&app).await?;
    let url = format!("{}double/configuration", product.address(&app)?);
    let configuration: Value = reqwest::get(url).await?.error_for_status()?.json().await?;
    let constants = &configuration["settings"]["MicroflowConstants"];
    ensure!(constants[CONSTANT] == *store.constant, "{constants}");
    Ok(())
}

/// The status says what was taken from where. The values are in the store and in the pod, and nowhere else: not in what
/// people without rights on Secrets may read, not in the app's log, and not even in a Secret.
fn no_value_is_told(product: &Product, store: &Store) -> Result<()> {
    let traces = product.traces(NAMESPACE)?;
    let source = r#""database-jdbc-url":"SecretProviderClass vault""#;
    ensure!(traces.contains(source), "{traces}");
    let pods = format!("{}=vault", names::ENVIRONMENT_LABEL);
    let log = ["logs", "--all-containers", "--tail=-1", "--selector", &pods];
    let log = product.kubectl(NAMESPACE, &log)?;
    ensure!(log.contains("successfully started"), "{log}");
    let values = "{{range .items}}{{range .data}}{{base64decode .}}{{end}}{{end}}";
    let output = format!("--output=go-template={values}");
    let secrets = product.kubectl(NAMESPACE, &["get", "secrets", &output])?;
    let url = product.cluster.postgres_url();
    let administrator = url.split([':', '@']).nth(2).context("password")?;
    ensure!(secrets.contains(administrator), "the Secrets were not read");
    let [clear, hidden] = [traces + &log, secrets].map(|text| told(&text, &store.secrets));
    ensure!(!clear, "a value is told in a status, an event or a log");
    ensure!(!hidden, "a value has come into a Secret");
    Ok(())
}

fn told(text: &str, secrets: &[String]) -> bool {
    secrets.iter().any(|secret| text.contains(secret))
}
