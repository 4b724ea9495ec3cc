//! `cargo xtask demo`: the main job, from an empty machine to a served app.

use crate::{base_image, cargo, image, plugin};
use anyhow::{Context, Result};
use mendix_cases::{Package, Prepared, Product};
use mendix_test_cluster::{Cluster, External, Options};

/// Namespace of the sample app.
const NAMESPACE: &str = "demo";
/// Name of the sample app.
const APP: &str = "sample";
/// Version of the runtime that is played by the double.
const RUNTIME_VERSION: &str = "10.24.0";

/// Makes a Kubernetes, installs the chart, deploys a sample app and prints its address.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Use a cluster that exists instead of making one: the name of a context of your kubeconfig.
    #[arg(long, requires_all = ["registry", "postgres"])]
    context: Option<String>,
    /// Registry that this machine and the cluster's nodes reach, with `--context`.
    #[arg(long, value_name = "REF")]
    registry: Option<String>,
    /// Address of a PostgreSQL server, with user and password of an administrator, with `--context`.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Name of the cluster that is made.
    #[arg(long, default_value = "dev", conflicts_with = "context")]
    name: String,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let cluster = cluster(arguments)?;
    let prepared = prepare(cluster.registry()).await?;
    crate::report("Installing the chart");
    let product = Product::install(cluster, prepared, &[NAMESPACE]).await?;
    crate::report("Setting up plans, registry and endpoint of namespace demo");
    product.platform(NAMESPACE).await?;
    for model in ["first", "second"] {
        deploy(&product, model)?;
    }
    finish(&product, arguments).await
}

fn cluster(arguments: &Arguments) -> Result<Cluster> {
    match (&arguments.context, &arguments.registry, &arguments.postgres) {
        (Some(context), Some(registry), Some(postgres)) => {
            Cluster::external(External::of_context(context, registry, postgres)?)
        }
        _ => Cluster::up(&arguments.name, &Options::default()),
    }
}

async fn prepare(registry: &str) -> Result<Prepared> {
    crate::report("Building the image, the base image and the plugin");
    let image = image::push(&format!("{registry}/mendix:demo"), false).await?;
    base_image::push(&format!("{registry}/runtime-base:{RUNTIME_VERSION}"), false).await?;
    Ok(Prepared {
        image,
        base_image: mendix_cases::base_image(registry),
        plugin: plugin::build()?,
    })
}

/// Deploys a package as a user would; what the plugin shows goes where ours goes.
fn deploy(product: &Product, model: &str) -> Result<()> {
    let package = tempfile::Builder::new()
        .prefix("sample-")
        .suffix(".mda")
        .tempfile()?;
    std::fs::write(
        package.path(),
        Package::new(model)
            .metadata("RuntimeVersion", RUNTIME_VERSION)
            .bytes()?,
    )?;
    crate::report(&format!("Deploying the {model} model of the sample app"));
    let registry = format!("{}/apps/{NAMESPACE}", product.cluster.registry());
    let mut command = product.plugin_command();
    command
        .args(["deploy", APP, "-n", NAMESPACE, "--package"])
        .arg(package.path());
    command.args([
        "--registry",
        &registry,
        "--insecure-registry",
        "--replicas",
        "3",
        "--dtap-mode",
        "D",
        "--wait",
    ]);
    command.args(["--database-plan", "postgres", "--storage-plan", "container"]);
    // The plugin prints the address; the last line of the demo is ours.
    cargo::run(command.stdout(std::process::Stdio::null()))
}

async fn finish(product: &Product, arguments: &Arguments) -> Result<()> {
    cargo::run(
        product
            .plugin_command()
            .args(["status", APP, "-n", NAMESPACE])
            .stdout(std::io::stderr()),
    )?;
    let app = product.apps(NAMESPACE).get(APP).await?;
    if arguments.context.is_some() {
        crate::report("Reach it with: kubectl -n demo port-forward service/sample 8080");
        return crate::print("URL http://localhost:8080/");
    }
    product.page(&app).await.context("the app does not answer")?;
    crate::report(&format!(
        "Try next:\n  eval \"$(cargo xtask cluster env --name {name})\"\n  kubectl mendix status -n {NAMESPACE}\n  \
         kubectl -n {NAMESPACE} scale mendixapp {APP} --replicas 5\n  cargo xtask cluster down --name {name}",
        name = arguments.name,
    ));
    crate::print(&format!("URL {}", product.address(&app)?))
}
