//! Gatekeeper, the peer: built from its module, installed by the chart in it with one replica, and told one constraint.

use crate::image;
use anyhow::{Context, Result};
use mendix_cases::{Product, app::LIMIT};
use mendix_tasks::image::{ConfigChanges, Entry, ImageSpec, Platform, write_layer};
use mendix_test_cluster::{Poll, Tools, tools, wait_for};

const FAMILY: &str = "gatekeeper";
const MODULE: &str = "github.com/open-policy-agent/gatekeeper/v3";
const NAMESPACE: &str = "gatekeeper-system";
/// Template and constraint.
const RULES: &str = include_str!("gatekeeper.yaml");
/// The one replica of the comparison, our image, and none of the chart's hooks, which need images of their own. None is
/// about how requests are judged.
const VALUES: [&str; 6] = [
    "image.release=bench",
    "upgradeCRDs.enabled=false",
    "postInstall.labelNamespace.enabled=false",
    "postInstall.probeWebhook.enabled=false",
    "preUninstall.deleteWebhookConfigurations.enabled=false",
    "replicas=1",
];

/// Installs it, and waits until it has taken the constraint.
pub(super) async fn install(product: &Product) -> Result<()> {
    let repository = format!("{}/bench/gatekeeper", product.cluster.registry());
    push(&format!("{repository}:bench")).await?;
    let chart = tools::module(FAMILY, MODULE)?.join("charts/gatekeeper");
    let chart = chart.to_string_lossy();
    let repository = format!("image.repository={repository}");
    let mut arguments = vec!["upgrade", "--install", "gatekeeper", &chart, "--wait"];
    arguments.extend(["--create-namespace", "--namespace", NAMESPACE]);
    let values = [repository.as_str()].into_iter().chain(VALUES);
    arguments.extend(values.flat_map(|value| ["--set", value]));
    product.run("helm", &arguments)?;
    rules(product).await
}

async fn push(target: &str) -> Result<()> {
    let tools = Tools::require(&[FAMILY])?;
    let program = tools.program(FAMILY)?.to_path_buf();
    let layers = vec![write_layer([Entry::file("manager", 0o775, program)])?];
    let pushed = image::push_spec(target, false, |target| ImageSpec {
        target,
        base: None,
        layers,
        config: ConfigChanges {
            entrypoint: Some(vec!["/manager".to_owned()]),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    });
    pushed.await.map(drop)
}

/// The kind of the constraint comes about by the template.
async fn rules(product: &Product) -> Result<()> {
    let (template, constraint) = RULES.split_once("---").context("template and constraint")?;
    for rule in [template, constraint] {
        wait_for("the constraint to be taken", LIMIT, || async {
            let applied = product.cluster.apply(NAMESPACE, rule).await;
            Ok(match applied {
                Ok(_) => Poll::Ready(()),
                Err(error) => Poll::Pending(format!("{error:#}")),
            })
        })
        .await?;
    }
    Ok(())
}
