//! From flags and files to what is sent: reads what the decisions need, and makes them.

use super::document::{self, Document};
use super::{flags, plans, send};
use crate::cli::{DeployArguments, SettingArguments};
use crate::cluster::Cluster;
use crate::failure::{Failure, Request, explain};
use kube::Api;
use kube::api::ListParams;
use mendix_model::crd::storage::Purpose;
use mendix_model::crd::{OperatorConfiguration, OperatorConfigurationSpec, StoragePlan};
use mendix_model::{names, rules};
use serde_json::Value;

/// One app, ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What is sent.
    pub document: Document,
    /// Where it goes.
    pub namespace: String,
    /// The app as it was read.
    pub before: Option<Value>,
    /// What was decided for the user, to be said.
    pub notes: Vec<String>,
}

/// The documents that the arguments name; none when the app is described by flags alone.
///
/// # Errors
/// A file cannot be used, or name and files contradict each other.
pub fn documents(arguments: &DeployArguments) -> Result<Vec<Document>, Failure> {
    let mut documents = Vec::new();
    for path in &arguments.filename {
        documents.extend(document::parse(&document::read(path)?, path)?);
    }
    if documents.len() > 1 {
        let several =
            |flag: &str| Failure::usage(format!("{flag} is for one app, but the files hold several"));
        if arguments.name.is_some() {
            return Err(several("NAME"));
        }
        if arguments.source.package.is_some() {
            return Err(several("--package"));
        }
    }
    if let (Some(name), Some(document)) = (&arguments.name, documents.first_mut()) {
        document.name.clone_from(name);
        document.value["metadata"]["name"] = Value::from(name.as_str());
    }
    Ok(documents)
}

/// Reads the app as it is, and puts the wish together: of a file with flags on top, or of flags alone.
///
/// # Errors
/// The cluster cannot be asked, something that a new app needs is not said, or a rule refuses.
pub async fn prepare(
    cluster: &Cluster,
    target: Target<'_>,
    arguments: &DeployArguments,
    source_url: Option<&str>,
) -> anyhow::Result<Prepared> {
    let mut settings = arguments.settings.clone();
    let mut notes = Vec::new();
    let namespace = namespace(target, cluster)?;
    let before = send::live(cluster, &namespace, target.name()).await?;
    let mut document = match (target, &before) {
        (Target::Written(document), _) => document.clone(),
        (Target::Named(_), Some(live)) => send::amendment(live),
        (Target::Named(name), None) => {
            needs_source(arguments)?;
            // What is refused as it is needs no plan, and the refusal says more than that a plan is missing.
            let mut told = Document::empty(name);
            flags::put(&settings, source_url, None, &mut told.value);
            review(&told)?;
            notes = fill_plans(cluster, &namespace, &mut settings).await?;
            Document::empty(name)
        }
    };
    flags::put(&settings, source_url, before.as_ref(), &mut document.value);
    review(&document)?;
    Ok(Prepared {
        document,
        namespace,
        before,
        notes,
    })
}

/// Which app is meant.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// One out of a file.
    Written(&'a Document),
    /// One that flags describe.
    Named(&'a str),
}

impl<'a> Target<'a> {
    /// Name of the app.
    pub fn name(self) -> &'a str {
        match self {
            Self::Written(document) => &document.name,
            Self::Named(name) => name,
        }
    }

    /// Namespace that a file names.
    pub fn namespace(self) -> Option<&'a str> {
        match self {
            Self::Written(document) => document.namespace.as_deref(),
            Self::Named(_) => None,
        }
    }
}

/// Refuses what breaks an invariant, with every rule that is broken.
///
/// # Errors
/// A rule refuses, or the document is not understood.
pub fn review(document: &Document) -> Result<(), Failure> {
    let violations = rules::review(&document.app()?);
    if violations.is_empty() {
        return Ok(());
    }
    let sentences: Vec<_> = violations.iter().map(ToString::to_string).collect();
    Err(Failure::refused(sentences.join("\n")))
}

fn namespace(target: Target<'_>, cluster: &Cluster) -> Result<String, Failure> {
    match (target.namespace(), &cluster.named_namespace) {
        (Some(written), Some(named)) if written != named => Err(Failure::usage(format!(
            "MendixApp {} is written for namespace {written}, but -n names {named}",
            target.name()
        ))),
        (Some(written), _) => Ok(written.to_owned()),
        (None, _) => Ok(cluster.namespace.clone()),
    }
}

fn needs_source(arguments: &DeployArguments) -> Result<(), Failure> {
    let source = &arguments.source;
    if source.source_url.is_some() || source.package.is_some() || source.image.is_some() {
        return Ok(());
    }
    Err(Failure::usage("a new app needs a source").hint("name one with --source-url, --package or --image"))
}

/// Takes the only plan there is for what was not said, and says so.
async fn fill_plans(
    cluster: &Cluster,
    namespace: &str,
    settings: &mut SettingArguments,
) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    if settings.database_plan.is_some() && settings.storage_plan.is_some() {
        return Ok(notes);
    }
    let plans = storage_plans(cluster, namespace).await?;
    let wanted = [
        (Purpose::Database, &mut settings.database_plan),
        (Purpose::File, &mut settings.storage_plan),
    ];
    for (purpose, plan) in wanted {
        if plan.is_none() {
            let only = plans::only_plan(purpose, &plans)?;
            notes.push(format!(
                "taking {} {only}, the only one for purpose {}",
                plans::flag(purpose),
                purpose.as_str()
            ));
            *plan = Some(only);
        }
    }
    Ok(notes)
}

async fn storage_plans(cluster: &Cluster, namespace: &str) -> anyhow::Result<Vec<StoragePlan>> {
    let request = Request {
        verb: "list",
        resource: "storageplans.privatecloud.mendix.com",
        namespace: Some(namespace),
    };
    let plans: Api<StoragePlan> = Api::namespaced(cluster.client.clone(), namespace);
    match plans.list(&ListParams::default()).await {
        Ok(list) => Ok(list.items),
        Err(error) => Err(explain(&error, &request)
            .hint("with --database-plan and --storage-plan nothing has to be listed")
            .into()),
    }
}

/// What the provider of the platform says for a namespace.
///
/// # Errors
/// The cluster cannot be asked.
pub async fn configuration(
    cluster: &Cluster,
    namespace: &str,
) -> anyhow::Result<Option<OperatorConfigurationSpec>> {
    let request = Request {
        verb: "get",
        resource: "operatorconfigurations.privatecloud.mendix.com",
        namespace: Some(namespace),
    };
    let configurations: Api<OperatorConfiguration> = Api::namespaced(cluster.client.clone(), namespace);
    let found = configurations.get_opt(names::OPERATOR_CONFIGURATION).await;
    Ok(found
        .map_err(|error| explain(&error, &request))?
        .map(|configuration| configuration.spec))
}
