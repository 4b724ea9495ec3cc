//! The way to the API server.

use crate::environment::Target;
use crate::failure::Failure;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Api, Client, Config};
use mendix_model::crd::MendixApp;
use std::time::Duration;

/// Seconds until an address that does not answer is given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A cluster, and the namespace that is meant.
#[derive(Clone)]
pub struct Cluster {
    /// Talks to the API server.
    pub client: Client,
    /// Namespace of the command.
    pub namespace: String,
    /// The same, when it was said on the command line.
    pub named_namespace: Option<String>,
}

impl Cluster {
    /// Reads the kubeconfig. Nothing is sent yet.
    pub async fn connect(target: &Target) -> anyhow::Result<Self> {
        let mut config = configuration(target).await?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        let namespace = target
            .namespace
            .clone()
            .unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config)
            .map_err(|error| Failure::new(format!("failed to use the kubeconfig: {error}")))?;
        Ok(Self {
            client,
            namespace,
            named_namespace: target.namespace.clone(),
        })
    }

    /// Apps of a namespace.
    pub fn apps(&self, namespace: &str) -> Api<kube::core::DynamicObject> {
        // Untyped: fields that this version does not know must come through as they are.
        let resource = kube::core::ApiResource::erase::<MendixApp>(&());
        Api::namespaced_with(self.client.clone(), namespace, &resource)
    }

    /// Apps of all namespaces.
    pub fn all_apps(&self) -> Api<kube::core::DynamicObject> {
        Api::all_with(
            self.client.clone(),
            &kube::core::ApiResource::erase::<MendixApp>(&()),
        )
    }
}

async fn configuration(target: &Target) -> anyhow::Result<Config> {
    let options = KubeConfigOptions {
        context: target.context.clone(),
        ..KubeConfigOptions::default()
    };
    let read = match &target.kubeconfig {
        Some(file) => Kubeconfig::read_from(file),
        None => Kubeconfig::read(),
    };
    let kubeconfig = match read {
        Ok(kubeconfig) => kubeconfig,
        Err(error) if target.kubeconfig.is_none() && is_absent(&error) => {
            return Config::incluster().map_err(|_| no_kubeconfig().into());
        }
        Err(error) => return Err(unusable(&error).into()),
    };
    let clusters = kubeconfig
        .clusters
        .iter()
        .filter_map(|named| named.cluster.as_ref());
    let proxy_is_named = clusters.into_iter().any(|cluster| cluster.proxy_url.is_some());
    let config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| unusable(&error))?;
    Ok(if proxy_is_named {
        config
    } else {
        with_proxy_where_wanted(config)
    })
}

/// Takes the environment's proxy away where `NO_PROXY` names the API server: the client compares `NO_PROXY` with the
/// address of the proxy itself, and would send everything through it.
fn with_proxy_where_wanted(mut config: Config) -> Config {
    if Matcher::from_env().intercept(&config.cluster_url).is_none() {
        config.proxy_url = None;
    }
    config
}

fn is_absent(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::FindPath => true,
        KubeconfigError::ReadConfig(error, _) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn no_kubeconfig() -> Failure {
    Failure::new("there is no kubeconfig, so the cluster is not known")
        .hint("set KUBECONFIG, or name a file with --kubeconfig; kubectl config view shows what kubectl uses")
}

fn unusable(error: &KubeconfigError) -> Failure {
    let failure = Failure::new(format!("failed to use the kubeconfig: {error}"));
    match error {
        KubeconfigError::CurrentContextNotSet | KubeconfigError::LoadContext(_) => {
            failure.hint("kubectl config get-contexts lists the contexts; name one with --context")
        }
        _ => failure,
    }
}
