//! The product as a user has it: the chart installed into a cluster, with images that were built from this tree.

use crate::Platform;
use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
};
use mendix_test_cluster::Cluster;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, PoisonError},
};

/// Namespaces that the installed controller manages, one for each group of cases.
pub const NAMESPACES: &[&str] = &[
    "case-deploy",
    "case-failures",
    "case-settings",
    "case-rollout",
    "case-ten",
    "case-resources",
    "case-plugin",
    "case-registry",
    "case-repair",
    "case-reach",
    "case-balancer",
    "case-endpoints",
    "case-provisioner",
    "case-sample",
    "case-gate",
    "case-direct",
    "case-secret-store",
    "case-uninstall",
    "case-lease",
    "case-moved",
];

/// Namespace of the release.
pub const RELEASE_NAMESPACE: &str = "mendix-system";

/// Clusters, by their kubeconfig, that this process has installed the chart in.
static INSTALLED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The base image that all cases need.
const RUNTIME_BASE: &str = "runtime-base:10.24.0";

/// Variables that say what was prepared before the tests; without them each test process prepares it itself.
const IMAGE: &str = "MENDIX_TEST_IMAGE";
const BASE_IMAGE: &str = "MENDIX_TEST_BASE_IMAGE";
const PLUGIN: &str = "MENDIX_TEST_PLUGIN";

/// A cluster with the product in it.
#[derive(Clone)]
pub struct Product {
    /// The cluster.
    pub cluster: Cluster,
    /// Client of an administrator.
    pub client: Client,
    plugin: PathBuf,
    base_image: String,
}

/// What was built from this tree before the product is installed.
pub struct Prepared {
    /// Image of the product, in the cluster's registry.
    pub image: String,
    /// Base image with a placeholder for the runtime's version.
    pub base_image: String,
    /// The plugin's binary.
    pub plugin: PathBuf,
}

impl Product {
    /// The product in the cluster of this test run.
    pub async fn installed() -> Result<Self> {
        let cluster = Cluster::for_tests()?;
        let prepared = Prepared::of_environment(cluster.registry())?;
        Self::install(cluster, prepared, NAMESPACES).await
    }

    /// The same with the webhook, and with variables of its own. The others do without: what they show must hold while
    /// no webhook answers.
    pub async fn installed_with_webhook(variables: &[(&str, &str)]) -> Result<Self> {
        let cluster = Cluster::for_tests()?;
        let prepared = Prepared::of_environment(cluster.registry())?;
        let mut values = set("webhook.enabled=true");
        for (number, (name, value)) in variables.iter().enumerate() {
            let text = |it: String| ["--set-string".to_owned(), it];
            values.extend(text(format!("webhook.env[{number}].name={name}")));
            values.extend(text(format!("webhook.env[{number}].value={value}")));
        }
        Self::install_with(cluster, prepared, NAMESPACES, &values).await
    }

    /// The product in the cluster of this test run, with a platform in a namespace.
    pub async fn installed_for(namespace: &str) -> Result<Self> {
        let product = Self::installed().await?;
        product.platform(namespace).await?;
        Ok(product)
    }

    /// Makes the namespaces and installs the chart for them, without the webhook.
    pub async fn install(cluster: Cluster, prepared: Prepared, namespaces: &[&str]) -> Result<Self> {
        Self::install_with(cluster, prepared, namespaces, &set("webhook.enabled=false")).await
    }

    /// The same with other values, as Helm takes them on its command line.
    pub async fn install_with(
        cluster: Cluster,
        prepared: Prepared,
        namespaces: &[&str],
        values: &[String],
    ) -> Result<Self> {
        // A process may hold several clients; the first one installs the provider, the others find it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = cluster.client().await?;
        let Prepared {
            image,
            base_image,
            plugin,
        } = prepared;
        let product = Self {
            cluster,
            client,
            plugin,
            base_image,
        };
        for namespace in namespaces {
            product.namespace(namespace).await?;
        }
        product.chart(&image, namespaces, values)?;
        Ok(product)
    }

    /// What another cluster needs to have the product as well: its images, in the registry there.
    pub async fn prepared_for(&self, other: &Cluster) -> Result<Prepared> {
        let registry = self.cluster.registry();
        let own = Prepared::of_environment(registry)?;
        copy_image(&format!("{registry}/{RUNTIME_BASE}"), other).await?;
        Ok(Prepared {
            image: copy_image(&own.image, other).await?,
            base_image: base_image(other.registry()),
            plugin: own.plugin,
        })
    }

    /// Plans, registry and endpoint for the apps of a namespace.
    pub async fn platform(&self, namespace: &str) -> Result<()> {
        let url = self.cluster.postgres_url();
        let (user, password, host) =
            parts(url).context("the database's address has no user, password and host")?;
        let platform = Platform {
            namespace: namespace.to_owned(),
            registry: self.cluster.registry().to_owned(),
            base_image: self.base_image.clone(),
            database_host: host.to_owned(),
            database_user: user.to_owned(),
            database_password: password.to_owned(),
        };
        for object in platform.objects() {
            self.apply(namespace, &object).await?;
        }
        Ok(())
    }

    /// Applies any object.
    pub async fn apply(&self, namespace: &str, object: &Value) -> Result<DynamicObject> {
        let object: DynamicObject = serde_json::from_value(object.clone())?;
        let types = object.types.clone().context("object without kind")?;
        let (group, version) = types
            .api_version
            .split_once('/')
            .unwrap_or(("", &types.api_version));
        let plural = format!("{}s", types.kind.to_lowercase());
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: types.api_version.clone(),
            kind: types.kind.clone(),
            plural,
        };
        let name = object.metadata.name.clone().context("object without name")?;
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource);
        Ok(api
            .patch(
                &name,
                &PatchParams::apply("cases").force(),
                &Patch::Apply(&object),
            )
            .await?)
    }

    /// Runs `kubectl mendix …` as a user would.
    pub fn mendix(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = self.plugin_command();
        command
            .args(arguments)
            .output()
            .with_context(|| format!("failed to start {}", self.plugin.display()))
    }

    /// The plugin, pointed at the cluster.
    pub fn plugin_command(&self) -> Command {
        let mut command = Command::new(&self.plugin);
        command.env("KUBECONFIG", self.cluster.kubeconfig_path());
        command
    }

    /// One of the cluster's programs, pointed at the cluster.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.cluster.bin_dir().join(program));
        command.env("KUBECONFIG", self.cluster.kubeconfig_path());
        command
    }

    /// Runs one of the cluster's programs, which must succeed, and returns what it printed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(program)
            .args(arguments)
            .output()
            .with_context(|| format!("failed to start {program}"))?;
        if !output.status.success() {
            bail!(
                "{program} {arguments:?} failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A namespace that nothing manages and nothing guards.
    pub async fn open_namespace(&self, name: &str) -> Result<()> {
        self.namespace(name).await
    }

    async fn namespace(&self, name: &str) -> Result<()> {
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                // Whatever the product makes must pass the strictest standard.
                "labels": { "pod-security.kubernetes.io/enforce": "restricted" },
            },
        });
        let api: Api<Namespace> = Api::all(self.client.clone());
        api.patch(
            name,
            &PatchParams::apply("cases").force(),
            &Patch::Apply(&namespace),
        )
        .await?;
        Ok(())
    }

    /// Once a process: tests of one binary start together, and Helm refuses to work on one release twice at a time. The
    /// file is for other processes.
    fn chart(&self, image: &str, namespaces: &[&str], values: &[String]) -> Result<()> {
        let mut done = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = self.cluster.kubeconfig_path().to_path_buf();
        if done.contains(&cluster) {
            return Ok(());
        }
        let lock = std::fs::File::create(std::env::temp_dir().join("kubectl-mendix-cases.lock"))?;
        lock.lock()?;
        let chart = workspace().join("charts/mendix");
        let (chart, image, namespaces) = (
            chart.to_string_lossy(),
            format!("image.reference={image}"),
            format!("namespaces={{{}}}", namespaces.join(",")),
        );
        let mut arguments = vec![
            "upgrade",
            "--install",
            "mendix",
            &chart,
            "--wait",
            "--create-namespace",
        ];
        arguments.extend([
            "--namespace",
            RELEASE_NAMESPACE,
            "--set",
            &image,
            "--set",
            &namespaces,
        ]);
        arguments.extend(["--set", "gate.uninstallPatienceSeconds=20"]);
        arguments.extend(values.iter().map(String::as_str));
        self.run("helm", &arguments)?;
        done.insert(cluster);
        Ok(())
    }

    /// Uninstalls the chart as a user would; the next product of this process installs it again.
    pub fn uninstall(&self) -> Result<()> {
        let mut done = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        done.remove(self.cluster.kubeconfig_path());
        let arguments = ["uninstall", "mendix", "--namespace", RELEASE_NAMESPACE];
        self.run("helm", &arguments).map(drop)
    }
}

impl Prepared {
    /// What the variables of a test run name; what they do not is built now.
    pub(crate) fn of_environment(registry: &str) -> Result<Self> {
        let image = prepared(IMAGE, &["image", "--push", &format!("{registry}/mendix:test")])?;
        prepared(
            BASE_IMAGE,
            &["base-image", "--push", &format!("{registry}/{RUNTIME_BASE}")],
        )?;
        Ok(Self {
            image,
            base_image: base_image(registry),
            plugin: prepared(PLUGIN, &["plugin"])?.into(),
        })
    }
}

/// Admission judges such a request like any other, and nothing comes of it.
pub fn dry_run() -> PostParams {
    PostParams {
        dry_run: true,
        ..PostParams::default()
    }
}

/// Copies an image into another cluster's registry, and returns its name there.
pub async fn copy_image(image: &str, to: &Cluster) -> Result<String> {
    let (_, name) = image.split_once('/').context("an image without a registry")?;
    let copy = format!("{}/{name}", to.registry());
    to.crane(&["copy", "--insecure", image, &copy]).await?;
    Ok(copy)
}

fn set(value: &str) -> Vec<String> {
    vec!["--set".to_owned(), value.to_owned()]
}

/// Name of the base images in a registry.
pub fn base_image(registry: &str) -> String {
    format!("{registry}/runtime-base:{{{{.MxRuntimeVersion}}}}")
}

/// What a variable names, else what `cargo xtask …` prints as its last line.
fn prepared(variable: &str, xtask: &[&str]) -> Result<String> {
    if let Ok(value) = std::env::var(variable) {
        return Ok(value);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .arg("xtask")
        .args(xtask)
        .current_dir(workspace())
        .output()?;
    if !output.status.success() {
        bail!(
            "cargo xtask {xtask:?} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let printed = String::from_utf8(output.stdout)?;
    printed
        .lines()
        .last()
        .map(ToOwned::to_owned)
        .with_context(|| format!("cargo xtask {xtask:?} printed nothing"))
}

/// User, password and `host:port` of a `postgresql://` address.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let (login, rest) = url.split_once("://")?.1.split_once('@')?;
    let (user, password) = login.split_once(':')?;
    Some((user, password, rest.split('/').next()?))
}

pub(crate) fn workspace() -> &'static Path {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.ancestors().nth(2).unwrap_or(folder)
}
