//! Reads what a view is made of. Decides nothing: what could not be read is kept beside what could.

use crate::cluster::Cluster;
use crate::failure::{Failure, Request, explain};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DynamicObject, ListParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource};
use mendix_model::crd::storage::Purpose;
use mendix_model::crd::{Build, Endpoint, MendixApp, Runtime, StorageInstance};
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
    /// Its pods, of the runtime and of tasks.
    pub pods: Part<Vec<Pod>>,
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

/// All apps that can be read, and what could not be.
#[derive(Clone, Debug, Default)]
pub struct GatheredApps {
    /// The apps.
    pub apps: Vec<MendixApp>,
    /// What could not be read, and why.
    pub problems: Vec<String>,
}

/// Reads one app and its parts. Only the app itself is needed.
///
/// # Errors
/// The app cannot be read or does not exist.
pub async fn app(cluster: &Cluster, name: &str) -> Result<Gathered, ReadError> {
    let app = read_app(cluster, name).await?;
    let namespace = cluster.namespace.as_str();
    let database_name = names::storage_instance(name, Purpose::Database);
    let file_name = names::storage_instance(name, Purpose::File);
    let build_name = names::build(name);
    let (database, files, build, endpoint, runtime, pods) = futures::join!(
        part(cluster, namespace, &database_name),
        part(cluster, namespace, &file_name),
        part(cluster, namespace, &build_name),
        part(cluster, namespace, name),
        part(cluster, namespace, name),
        pods(cluster, namespace, name),
    );
    let mut problems = Vec::new();
    Ok(Gathered {
        app,
        database: kept(database, &mut problems),
        files: kept(files, &mut problems),
        build: kept(build, &mut problems),
        endpoint: kept(endpoint, &mut problems),
        runtime: kept(runtime, &mut problems),
        pods: kept(pods, &mut problems),
        problems,
    })
}

/// Reads all apps of a namespace, or of all namespaces.
///
/// # Errors
/// The list cannot be read. Single apps that cannot be understood are problems, not errors.
pub async fn apps(cluster: &Cluster, all_namespaces: bool) -> Result<GatheredApps, ReadError> {
    let (api, namespace) = if all_namespaces {
        (cluster.all_apps(), None)
    } else {
        (cluster.apps(&cluster.namespace), Some(cluster.namespace.as_str()))
    };
    let request = Request {
        verb: "list",
        resource: APPS,
        namespace,
    };
    let list = api
        .list(&ListParams::default())
        .await
        .map_err(|error| ReadError::new(&error, &request))?;
    let mut gathered = GatheredApps::default();
    for object in list.items {
        let name = object.metadata.name.clone().unwrap_or_default();
        match parsed(object) {
            Ok(app) => gathered.apps.push(app),
            Err(error) => gathered
                .problems
                .push(format!("failed to understand MendixApp {name}: {error}")),
        }
    }
    Ok(gathered)
}

/// Why an app could not be read.
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
}

async fn read_app(cluster: &Cluster, name: &str) -> Result<MendixApp, ReadError> {
    let namespace = cluster.namespace.as_str();
    let request = Request {
        verb: "get",
        resource: APPS,
        namespace: Some(namespace),
    };
    match cluster.apps(namespace).get(name).await {
        Ok(object) => parsed(object).map_err(|error| ReadError {
            failure: Failure::new(format!("failed to understand MendixApp {name}: {error}")),
            transient: false,
        }),
        Err(error) if is_missing(&error) => Err(ReadError {
            failure: Failure::new(format!("there is no MendixApp {name} in namespace {namespace}"))
                .hint("kubectl mendix status -A lists the apps of all namespaces"),
            transient: false,
        }),
        Err(error) => Err(ReadError::new(&error, &request)),
    }
}

fn is_missing(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status)
        if status.code == 404 && !crate::failure::is_unknown_resource(status))
}

/// Only the path and kind of a mistake are repeated: a value may be a secret.
fn parsed(object: DynamicObject) -> Result<MendixApp, kube::core::dynamic::ParseDynamicObjectError> {
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

async fn pods(cluster: &Cluster, namespace: &str, app: &str) -> Result<Option<Vec<Pod>>, String> {
    let request = Request {
        verb: "list",
        resource: "pods",
        namespace: Some(namespace),
    };
    let selector = ListParams::default().labels(&format!("{}={app}", names::ENVIRONMENT_LABEL));
    let list = Api::<Pod>::namespaced(cluster.client.clone(), namespace)
        .list(&selector)
        .await;
    list.map(|list| Some(list.items))
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
