//! Reads what a view is made of. Decides nothing: what could not be read is kept beside what could.

mod environment;

pub use environment::{GatheredEnvironment, Nodes, is_plain};

use crate::cluster::Cluster;
use crate::failure::{Failure, Request, explain};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DynamicObject, ListParams};
use kube::core::{ApiResource, NamespaceResourceScope};
use kube::{Api, Resource};
use mendix_model::crd::storage::Purpose;
use mendix_model::crd::{Build, Endpoint, Environment, MendixApp, Runtime, StorageInstance};
use mendix_model::names;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Resource name of apps, for messages.
pub const APPS: &str = "mendixapps.privatecloud.mendix.com";

/// One app with everything that was made for it. A part that is absent does not exist, or stands in `problems`.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The app.
    pub app: MendixApp,
    /// Its database.
    pub database: Part<StorageInstance>,
    /// Its file store.
    pub files: Part<StorageInstance>,
    /// Its image.
    pub build: Part<Build>,
    /// Its address.
    pub endpoint: Part<Endpoint>,
    /// Its running form.
    pub runtime: Part<Runtime>,
    /// Its environment, which knows why pods wait at the gate.
    pub environment: Part<Environment>,
    /// Its pods, of the runtime and of tasks.
    pub pods: Part<Vec<Pod>>,
    /// Nodes of its pods, while any waits at the gate.
    pub nodes: Nodes,
    /// What could not be read, and why.
    pub problems: Vec<String>,
}

/// One read of one thing.
#[derive(Clone, Debug, Default)]
pub enum Part<T> {
    /// It does not exist.
    #[default]
    Absent,
    /// It could not be read.
    Unknown,
    /// Here it is.
    Found(T),
}

impl<T> Part<T> {
    /// The thing, if there is one.
    pub const fn found(&self) -> Option<&T> {
        match self {
            Self::Found(thing) => Some(thing),
            Self::Absent | Self::Unknown => None,
        }
    }
}

/// All apps that can be read, the environments beside them, and what could not be read.
#[derive(Clone, Debug, Default)]
pub struct GatheredApps {
    /// The apps.
    pub apps: Vec<MendixApp>,
    /// The environments, those of apps too.
    pub environments: Vec<Environment>,
    /// Pods of all environments; absent when no environment needs them.
    pub pods: Part<Vec<Pod>>,
    /// Apps and environments that could not be understood: the lists lack them.
    pub odd: Vec<String>,
    /// What could not be listed beside the apps, and why.
    pub unlisted: Vec<String>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Named {
    /// An app.
    App(Box<Gathered>),
    /// An environment without an app.
    Environment(Box<GatheredEnvironment>),
}

/// Reads the app of a name, else the environment.
///
/// # Errors
/// Neither exists, or what exists cannot be read.
pub async fn named(cluster: &Cluster, name: &str) -> Result<Named, ReadError> {
    if let Some(app) = read_app(cluster, name).await? {
        return Ok(Named::App(Box::new(Box::pin(parts(cluster, app, name)).await)));
    }
    let namespace = cluster.namespace.as_str();
    match environment::environment(cluster, name).await {
        Ok(Some(found)) => Ok(Named::Environment(Box::new(found))),
        Ok(None) => Err(ReadError::lasting(
            Failure::new(format!(
                "there is no MendixApp {name} in namespace {namespace}, and no environment of that name"
            ))
            .hint("kubectl mendix status -A lists those of all namespaces"),
        )),
        Err(error) if error.transient => Err(error),
        // Whoever has only apps must not be sent after a right that changes nothing.
        Err(error) => Err(ReadError::lasting(no_app(name, namespace).hint(format!(
            "whether there is an environment of that name is not known: {error}"
        )))),
    }
}

/// Reads one app and its parts. Only the app itself is needed.
///
/// # Errors
/// The app cannot be read or does not exist.
pub async fn app(cluster: &Cluster, name: &str) -> Result<Gathered, ReadError> {
    match read_app(cluster, name).await? {
        Some(app) => Ok(Box::pin(parts(cluster, app, name)).await),
        None => Err(ReadError::lasting(no_app(name, &cluster.namespace))),
    }
}

async fn parts(cluster: &Cluster, app: MendixApp, name: &str) -> Gathered {
    let namespace = cluster.namespace.as_str();
    let database_name = names::storage_instance(name, Purpose::Database);
    let file_name = names::storage_instance(name, Purpose::File);
    let build_name = names::build(name);
    let (database, files, build, endpoint, runtime, environment, pods) = futures::join!(
        part(cluster, namespace, &database_name),
        part(cluster, namespace, &file_name),
        part(cluster, namespace, &build_name),
        part(cluster, namespace, name),
        part(cluster, namespace, name),
        part(cluster, namespace, name),
        pods(cluster, namespace, name),
    );
    let mut problems = Vec::new();
    let environment = kept(environment, &mut problems);
    let pods = kept(pods, &mut problems);
    Gathered {
        app,
        database: kept(database, &mut problems),
        files: kept(files, &mut problems),
        build: kept(build, &mut problems),
        endpoint: kept(endpoint, &mut problems),
        runtime: kept(runtime, &mut problems),
        nodes: environment::nodes(cluster, environment.found(), pods.found()).await,
        environment,
        pods,
        problems,
    }
}

/// Reads all apps and environments of a namespace, or of all namespaces.
///
/// # Errors
/// The apps cannot be listed. Single ones that cannot be understood are problems, not errors, and so is everything
/// about environments: most people have only apps.
pub async fn apps(cluster: &Cluster, all_namespaces: bool) -> Result<GatheredApps, ReadError> {
    let namespace = (!all_namespaces).then_some(cluster.namespace.as_str());
    let request = Request {
        verb: "list",
        resource: APPS,
        namespace,
    };
    let (apps, beside) = futures::join!(
        listed::<MendixApp>(cluster, namespace),
        environment::environments(cluster, namespace)
    );
    let apps = apps.map_err(|error| ReadError::new(&error, &request))?;
    let mut gathered = beside?;
    gathered.apps = apps.understood;
    gathered.odd.splice(0..0, apps.odd);
    Ok(gathered)
}

/// A list, with sentences about those of its objects that this version does not understand.
struct Listed<K> {
    understood: Vec<K>,
    odd: Vec<String>,
}

/// Untyped at first: one object that is not understood must not hide the others.
async fn listed<K>(cluster: &Cluster, namespace: Option<&str>) -> kube::Result<Listed<K>>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let resource = ApiResource::erase::<K>(&());
    let client = cluster.client.clone();
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    };
    let mut listed = Listed {
        understood: Vec::new(),
        odd: Vec::new(),
    };
    for object in api.list(&ListParams::default()).await?.items {
        let name = object.metadata.name.clone().unwrap_or_default();
        match parsed(object) {
            Ok(object) => listed.understood.push(object),
            Err(error) => {
                let kind = K::kind(&());
                listed
                    .odd
                    .push(format!("failed to understand {kind} {name}: {error}"));
            }
        }
    }
    Ok(listed)
}

/// Why what was asked for could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct ReadError {
    /// For people.
    pub failure: Failure,
    /// Asking again may help: the server was away or busy.
    pub transient: bool,
}

impl ReadError {
    /// What an error of the client means, for a request.
    pub(crate) fn new(error: &kube::Error, request: &Request<'_>) -> Self {
        let transient = match error {
            kube::Error::Api(status) => status.code == 429 || status.code >= 500,
            kube::Error::Service(_) | kube::Error::HyperError(_) | kube::Error::ReadEvents(_) => true,
            _ => false,
        };
        Self {
            failure: explain(error, request),
            transient,
        }
    }

    /// A failure that asking again may mend.
    pub(crate) const fn passing(failure: Failure) -> Self {
        Self {
            failure,
            transient: true,
        }
    }

    /// A failure that asking again does not mend.
    const fn lasting(failure: Failure) -> Self {
        Self {
            failure,
            transient: false,
        }
    }
}

fn no_app(name: &str, namespace: &str) -> Failure {
    Failure::new(format!("there is no MendixApp {name} in namespace {namespace}"))
        .hint("kubectl mendix status -A lists the apps of all namespaces")
}

async fn read_app(cluster: &Cluster, name: &str) -> Result<Option<MendixApp>, ReadError> {
    let namespace = cluster.namespace.as_str();
    let request = Request {
        verb: "get",
        resource: APPS,
        namespace: Some(namespace),
    };
    match cluster.apps(namespace).get(name).await {
        Ok(object) => parsed(object).map(Some).map_err(|error| {
            ReadError::lasting(Failure::new(format!(
                "failed to understand MendixApp {name}: {error}"
            )))
        }),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(ReadError::new(&error, &request)),
    }
}

fn is_missing(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status)
        if status.code == 404 && !crate::failure::is_unknown_resource(status))
}

/// Only the path and kind of a mistake are repeated: a value may be a secret.
fn parsed<K>(object: DynamicObject) -> Result<K, kube::core::dynamic::ParseDynamicObjectError>
where
    K: Resource<DynamicType = ()> + DeserializeOwned,
{
    object.try_parse()
}

async fn part<K>(cluster: &Cluster, namespace: &str, name: &str) -> Result<Option<K>, String>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let resource = format!("{}.{}", K::plural(&()), K::group(&()));
    let request = Request {
        verb: "get",
        resource: &resource,
        namespace: Some(namespace),
    };
    Api::<K>::namespaced(cluster.client.clone(), namespace)
        .get_opt(name)
        .await
        .map_err(|error| explain(&error, &request).message)
}

async fn pods(cluster: &Cluster, namespace: &str, environment: &str) -> Result<Option<Vec<Pod>>, String> {
    let selector = format!("{}={environment}", names::ENVIRONMENT_LABEL);
    pods_of(cluster, Some(namespace), &selector).await.map(Some)
}

/// Pods that a selector of labels finds.
async fn pods_of(cluster: &Cluster, namespace: Option<&str>, selector: &str) -> Result<Vec<Pod>, String> {
    let request = Request {
        verb: "list",
        resource: "pods",
        namespace,
    };
    let client = cluster.client.clone();
    let api: Api<Pod> = match namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let list = api.list(&ListParams::default().labels(selector)).await;
    list.map(|list| list.items)
        .map_err(|error| explain(&error, &request).message)
}

fn kept<T>(read: Result<Option<T>, String>, problems: &mut Vec<String>) -> Part<T> {
    match read {
        Ok(Some(thing)) => Part::Found(thing),
        Ok(None) => Part::Absent,
        Err(problem) => {
            problems.push(problem);
            Part::Unknown
        }
    }
}
