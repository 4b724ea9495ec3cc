//! `kubectl mendix deploy`: prepare all, then send, then follow.

use crate::cli::{DeployArguments, DryRun};
use crate::cluster::Cluster;
use crate::deploy::document::Document;
use crate::deploy::prepare::{Prepared, Target, configuration, documents, prepare, review};
use crate::deploy::send::{Manner, SendError, Sent, send};
use crate::deploy::{flags, package, wait};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::{OutputFormat, app_name, json, yaml};
use anyhow::bail;
use serde_json::{Value, json};
use std::io::Write as _;

/// How often a change is put together again after somebody else changed the app in between.
const ATTEMPTS: usize = 5;

/// Creates or changes apps.
///
/// # Errors
/// The arguments or files cannot be used, a rule or the API server refuses, or an app does not become ready.
pub async fn deploy(arguments: &DeployArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    check_format(arguments.output)?;
    let documents = documents(arguments)?;
    if arguments.dry_run == Some(DryRun::Client) {
        return show(documents, arguments, environment);
    }
    let cluster = Cluster::connect(&environment.target).await?;
    let targets = targets(&documents, arguments);
    // All are prepared before the first is sent: a mistake in the last one must not leave half of them changed.
    let mut earlier = None;
    for target in &targets {
        let prepared = prepare(&cluster, *target, arguments, plain_source(arguments).as_deref()).await?;
        prepared.notes.iter().for_each(|note| environment.note(note));
        earlier = prepared.before;
    }
    let source = source(&cluster, &targets, arguments, earlier.as_ref(), environment).await?;
    let mut all = Vec::new();
    for target in targets {
        let (prepared, sent) = send_fresh(&cluster, target, arguments, source.as_deref()).await?;
        announce(&sent, arguments, environment)?;
        all.push((prepared, sent));
    }
    Box::pin(finish(&cluster, all, arguments, environment)).await
}

fn check_format(format: Option<OutputFormat>) -> Result<(), Failure> {
    match format {
        Some(OutputFormat::Table | OutputFormat::Wide) => {
            Err(Failure::usage("deploy prints json, yaml or name")
                .hint("kubectl mendix status prints tables"))
        }
        _ => Ok(()),
    }
}

/// What the arguments name. Without files clap has made sure that there is a name.
pub(super) fn targets<'a>(documents: &'a [Document], arguments: &'a DeployArguments) -> Vec<Target<'a>> {
    if documents.is_empty() {
        return arguments.name.iter().map(|name| Target::Named(name)).collect();
    }
    documents.iter().map(Target::Written).collect()
}

/// `--dry-run=client`: no cluster is asked, so what only it knows stays out.
fn show(
    mut documents: Vec<Document>,
    arguments: &DeployArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    if documents.is_empty() {
        documents.extend(arguments.name.iter().map(|name| Document::empty(name)));
    }
    let source = plain_source(arguments);
    for document in &mut documents {
        flags::put(&arguments.settings, source.as_deref(), None, &mut document.value);
        review(document)?;
    }
    if arguments.output.is_none() {
        for document in &documents {
            writeln!(
                environment.out.writer,
                "{} checked (client dry run)",
                app_name(&document.name)
            )?;
        }
    }
    print(
        &documents
            .into_iter()
            .map(|document| document.value)
            .collect::<Vec<_>>(),
        arguments.output,
        environment,
    )?;
    Ok(Outcome::Done)
}

/// The source, where nothing has to be built for it.
pub(super) fn plain_source(arguments: &DeployArguments) -> Option<String> {
    let source = &arguments.source;
    let image = || {
        source
            .image
            .as_ref()
            .map(|image| format!("oci-image://{}", image.trim_start_matches("oci-image://")))
    };
    source.source_url.clone().or_else(image)
}

/// The source; a local package becomes an image for it. `earlier`: the app as it was read; a package is for one app.
async fn source(
    cluster: &Cluster,
    targets: &[Target<'_>],
    arguments: &DeployArguments,
    earlier: Option<&Value>,
    environment: &mut Environment,
) -> anyhow::Result<Option<String>> {
    let (Some(file), Some(target)) = (&arguments.source.package, targets.first()) else {
        return Ok(plain_source(arguments));
    };
    let flags = &arguments.source;
    let namespace = target.namespace().unwrap_or(&cluster.namespace);
    let needs_configuration = flags.registry.is_none() || flags.base_image.is_none();
    let configured = if needs_configuration {
        configuration(cluster, namespace).await?
    } else {
        None
    };
    let places = package::places(target.name(), flags, configured.as_ref(), (environment.now)())?;
    let earlier = earlier.and_then(|app| app["spec"]["sourceURL"].as_str());
    package::publish(file, places, flags, earlier, environment)
        .await
        .map(Some)
}

/// Prepares and sends, and again when somebody else changed the app in between.
pub(super) async fn send_fresh(
    cluster: &Cluster,
    target: Target<'_>,
    arguments: &DeployArguments,
    source: Option<&str>,
) -> anyhow::Result<(Prepared, Sent)> {
    let manner = Manner {
        dry_run: arguments.dry_run == Some(DryRun::Server),
        force: arguments.force_conflicts,
    };
    let mut words = String::new();
    for _ in 0..ATTEMPTS {
        let prepared = prepare(cluster, target, arguments, source).await?;
        match send(cluster, &prepared, manner).await {
            Ok(sent) => return Ok((prepared, sent)),
            Err(SendError::Stale(said)) => words = said,
            Err(SendError::Failed(error)) => return Err(error),
        }
    }
    bail!(
        "failed to change MendixApp {}: somebody else changes it at the same time: {words}",
        target.name()
    )
}

/// `mendixapp.privatecloud.mendix.com/shop created`: a result, unless the URL or a document is to be it.
fn announce(sent: &Sent, arguments: &DeployArguments, environment: &mut Environment) -> anyhow::Result<()> {
    if arguments.output.is_some() {
        return Ok(());
    }
    let suffix = if arguments.dry_run.is_some() {
        " (server dry run)"
    } else {
        ""
    };
    let name = sent.object["metadata"]["name"].as_str().unwrap_or_default();
    let line = format!("{} {}{suffix}", app_name(name), sent.change.as_str());
    if arguments.wait {
        environment.note(&line);
    } else {
        writeln!(environment.out.writer, "{line}")?;
    }
    Ok(())
}

async fn finish(
    cluster: &Cluster,
    all: Vec<(Prepared, Sent)>,
    arguments: &DeployArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    let mut objects = Vec::new();
    for (prepared, sent) in all {
        if !arguments.wait {
            objects.push(sent.object);
            continue;
        }
        let cluster = Cluster {
            namespace: prepared.namespace,
            ..cluster.clone()
        };
        let name = &prepared.document.name;
        let view = wait::wait(
            &cluster,
            name,
            environment.timeout.unwrap_or(wait::WAIT),
            environment,
        )
        .await?;
        if arguments.output.is_some() {
            objects.extend(crate::deploy::send::live(&cluster, &cluster.namespace, name).await?);
        } else if let Some(url) = view.summary.url {
            tell_url(&url, environment)?;
        }
    }
    print(&objects, arguments.output, environment)?;
    Ok(Outcome::Done)
}

fn tell_url(url: &str, environment: &mut Environment) -> anyhow::Result<()> {
    if environment.events {
        environment.event("url", &url);
        return Ok(());
    }
    Ok(writeln!(environment.out.writer, "{url}")?)
}

/// One document for one object; a list for several, so that JSON stays one document.
fn print(
    objects: &[Value],
    format: Option<OutputFormat>,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let objects: Vec<_> = objects.iter().cloned().map(tidy).collect();
    let out = &mut environment.out.writer;
    match (format, objects.as_slice()) {
        (Some(OutputFormat::Json), [object]) => json(object, out),
        (Some(OutputFormat::Json), objects) => json(
            &json!({"apiVersion": "v1", "kind": "List", "items": objects}),
            out,
        ),
        (Some(OutputFormat::Yaml), objects) => {
            for (index, object) in objects.iter().enumerate() {
                if index > 0 {
                    writeln!(out, "---")?;
                }
                yaml(object, out)?;
            }
            Ok(())
        }
        (Some(OutputFormat::Name), objects) => {
            for object in objects {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                writeln!(out, "{}", app_name(name))?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Without the API server's own notes, which kubectl hides too.
fn tidy(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}
