//! Finds the controller that is to get the rights.

use super::rights::Account;
use crate::cluster::Cluster;
use crate::failure::{Failure, Request, explain};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::ListParams;
use kube::{Api, ResourceExt};

/// Labels of the controller's Deployment, as the chart writes them.
const SELECTOR: &str = "app.kubernetes.io/name=mendix,app.kubernetes.io/component=controller";
/// Where the chart is installed when nothing else is said.
const USUAL_NAMESPACE: &str = "mendix-system";

/// The account of the controller: of the one in the named namespace, else of the only one that can be seen.
///
/// # Errors
/// There is none, or there are several.
pub async fn account(cluster: &Cluster, named: Option<&str>) -> anyhow::Result<Account> {
    let deployments = match named {
        Some(namespace) => list(cluster, Some(namespace)).await,
        None => match list(cluster, None).await {
            Err(error) if is_forbidden(&error) => list(cluster, Some(USUAL_NAMESPACE)).await,
            answer => answer,
        },
    };
    let request = Request {
        verb: "list",
        resource: "deployments.apps",
        namespace: named,
    };
    Ok(only(
        &deployments.map_err(|error| explain(&error, &request))?,
        named,
    )?)
}

async fn list(cluster: &Cluster, namespace: Option<&str>) -> Result<Vec<Deployment>, kube::Error> {
    let client = cluster.client.clone();
    let api: Api<Deployment> = match namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let list = api.list(&ListParams::default().labels(SELECTOR)).await?;
    Ok(list.items)
}

fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_forbidden())
}

fn only(deployments: &[Deployment], named: Option<&str>) -> Result<Account, Failure> {
    let mut accounts: Vec<_> = deployments.iter().filter_map(of).collect();
    accounts.sort_unstable();
    accounts.dedup();
    match accounts.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::new(format!(
            "there is no controller{}: without one, guarded pods would wait for ever",
            named.map_or_else(String::new, |namespace| format!(" in namespace {namespace}"))
        ))
        .hint("helm install mendix charts/mendix --namespace mendix-system --create-namespace")
        .hint("--release-namespace names the namespace of one that cannot be seen from here")),
        several => Err(Failure::usage(format!(
            "there are several controllers, in namespaces {}",
            several
                .iter()
                .map(|it| it.namespace.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ))
        .hint("name the one that is to guard the namespace with --release-namespace")),
    }
}

fn of(deployment: &Deployment) -> Option<Account> {
    let template = deployment.spec.as_ref()?.template.spec.as_ref()?;
    Some(Account {
        namespace: deployment.namespace()?,
        name: template.service_account_name.clone()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use serde_json::json;

    fn controller(namespace: &str) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": "c", "namespace": namespace},
            "spec": {"selector": {}, "template": {"spec": {"serviceAccountName": "account", "containers": []}}},
        }))
        .expect("deployment")
    }

    #[test]
    fn the_only_controller_is_taken() {
        let found = only(&[controller("one")], None).expect("account");
        assert_eq!(
            (found.namespace.as_str(), found.name.as_str()),
            ("one", "account")
        );
    }

    #[test]
    fn a_choice_is_left_to_the_user() {
        let failure = only(&[controller("one"), controller("two")], None).expect_err("failure");
        assert_eq!(failure.outcome, Outcome::Usage);
        assert_eq!(
            failure.message,
            "there are several controllers, in namespaces one, two"
        );
        assert_eq!(only(&[], Some("one")).expect_err("failure").hints.len(), 2);
    }
}
