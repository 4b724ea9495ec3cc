//! `kubectl mendix rebase`: another base image under apps, without their packages.

use super::deploy;
use crate::cli::{DeployArguments, RebaseArguments, SourceArguments};
use crate::cluster::Cluster;
use crate::deploy::package::{self, IMAGE};
use crate::deploy::prepare::configuration;
use crate::environment::Environment;
use crate::failure::{Failure, Request, explain};
use crate::outcome::Outcome;
use kube::Api;
use kube::api::ListParams;
use mendix_model::crd::{MendixApp, OperatorConfigurationSpec};

/// Puts the images of apps on another base, and makes them what the apps run.
///
/// # Errors
/// An app cannot be read, its image cannot be rebased, or the API server refuses.
pub async fn rebase(arguments: &RebaseArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    let cluster = Cluster::connect(&environment.target).await?;
    let configured = configuration(&cluster, &cluster.namespace).await?;
    for app in apps(&cluster, arguments.name.as_deref()).await? {
        let name = app.metadata.name.as_deref().unwrap_or_default();
        match present(&app, arguments.replace_source) {
            Ok(image) => one(name, image, configured.as_ref(), arguments, environment).await?,
            Err(reason) if arguments.all => environment.warn(&format!("{name} stays as it is: {reason}")),
            Err(reason) => return Err(Failure::new(format!("{name} cannot be rebased: {reason}")).into()),
        }
    }
    Ok(Outcome::Done)
}

async fn apps(cluster: &Cluster, name: Option<&str>) -> Result<Vec<MendixApp>, Failure> {
    let request = |verb| Request {
        verb,
        resource: "mendixapps.privatecloud.mendix.com",
        namespace: Some(&cluster.namespace),
    };
    let api: Api<MendixApp> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let Some(name) = name else {
        let all = api.list(&ListParams::default()).await;
        return Ok(all.map_err(|error| explain(&error, &request("list")))?.items);
    };
    let app = api.get(name).await;
    Ok(vec![app.map_err(|error| explain(&error, &request("get")))?])
}

/// The image that an app runs; or why its base cannot be changed.
fn present(app: &MendixApp, replace_source: bool) -> Result<&str, &'static str> {
    let source = app.spec.source_url.as_deref().unwrap_or_default();
    if !source.starts_with(IMAGE) && !replace_source {
        return Err(
            "its source is a package, which the cluster would build again; say --replace-source to let the image be its \
             source from now on",
        );
    }
    let image = app.status.as_ref().and_then(|status| status.image.as_deref());
    image.ok_or("it has no image yet; wait until it is built")
}

async fn one(
    name: &str,
    image: &str,
    configured: Option<&OperatorConfigurationSpec>,
    arguments: &RebaseArguments,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let flags = arguments.source();
    let places = package::places(name, &flags, configured, (environment.now)())?;
    let rebased = package::rebase(image, places, &flags, environment).await?;
    if rebased.ends_with(image) {
        environment.note(&format!("{name} has this base already"));
        return Ok(());
    }
    let change = DeployArguments {
        name: Some(name.to_owned()),
        source: SourceArguments {
            image: Some(rebased),
            ..SourceArguments::default()
        },
        wait: arguments.wait,
        ..DeployArguments::default()
    };
    Box::pin(deploy::deploy(&change, environment)).await.map(drop)
}
