//! Requests of somebody else than the cluster's administrator.

use crate::product::RELEASE_NAMESPACE;
use anyhow::Result;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use mendix_test_cluster::Cluster;

/// User name of the controller's account, which the policies let through.
pub fn controller() -> String {
    format!("system:serviceaccount:{RELEASE_NAMESPACE}:mendix-controller")
}

/// A client with the rights of a user, by impersonation: authorisation and admission see the user alone.
pub async fn client_of(cluster: &Cluster, user: &str) -> Result<Client> {
    let file = Kubeconfig::read_from(cluster.kubeconfig_path())?;
    let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    config.auth_info.impersonate = Some(user.to_owned());
    // Taken from HTTPS_PROXY, which is for the outside.
    config.proxy_url = None;
    Ok(Client::try_from(config)?)
}
