//! Private Mendix Platform in direct mode: a client of the resources that is no part of the product. It has the rights
//! that its documentation asks for (quick start of Private Mendix Platform), and no other.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{
    core::v1::{Namespace, Pod, Secret},
    rbac::v1::{ClusterRole, ClusterRoleBinding},
};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use mendix_cases::{
    Product,
    app::{LIMIT, is_ready},
    manifest,
    plain::client_of,
};
use mendix_model::crd::{MendixApp, StoragePlan};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

const NAMESPACE: &str = "case-direct";
/// Account and role.
const NAME: &str = "case-direct";

fn rules() -> Value {
    json!([
        { "apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"] },
        { "apiGroups": ["privatecloud.mendix.com"], "resources": ["storageplans"], "verbs": ["list"] },
        { "apiGroups": ["privatecloud.mendix.com"], "resources": ["mendixapps"], "verbs": ["*"] },
    ])
}

/// A client of the account, with its rights in the whole cluster.
async fn account(product: &Product) -> Result<Client> {
    let group = "rbac.authorization.k8s.io";
    let role = json!({
        "apiVersion": format!("{group}/v1"), "kind": "ClusterRole", "metadata": { "name": NAME }, "rules": rules(),
    });
    let binding = json!({
        "apiVersion": format!("{group}/v1"), "kind": "ClusterRoleBinding", "metadata": { "name": NAME },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": NAME },
        "subjects": [{ "kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE }],
    });
    let (params, client) = (PatchParams::apply("cases").force(), product.client.clone());
    let roles: Api<ClusterRole> = Api::all(client.clone());
    roles.patch(NAME, &params, &Patch::Apply(&role)).await?;
    let bindings: Api<ClusterRoleBinding> = Api::all(client);
    bindings.patch(NAME, &params, &Patch::Apply(&binding)).await?;
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": NAME, "namespace": NAMESPACE },
    });
    product.apply(NAMESPACE, &account).await?;
    client_of(
        &product.cluster,
        &format!("system:serviceaccount:{NAMESPACE}:{NAME}"),
    )
    .await
}

/// The plans of a namespace, found among those of all. Fresh rights take a moment.
async fn plans(client: &Client) -> Result<Vec<StoragePlan>> {
    let plans: Api<StoragePlan> = Api::all(client.clone());
    let all = wait_for("the rights", LIMIT, || async {
        Ok(match plans.list(&ListParams::default()).await {
            Ok(list) => Poll::Ready(list.items),
            Err(error) => Poll::Pending(error.to_string()),
        })
    });
    let mut all = all.await?;
    all.retain(|plan| plan.metadata.namespace.as_deref() == Some(NAMESPACE));
    Ok(all)
}

async fn until(apps: &Api<MendixApp>, what: &str, done: impl Fn(&MendixApp) -> bool) -> Result<MendixApp> {
    wait_for(what, LIMIT, || async {
        let app = apps.get("shop").await?;
        Ok(if done(&app) {
            Poll::Ready(app)
        } else {
            Poll::Pending(format!("{:?}", app.status))
        })
    })
    .await
}

fn stopped(app: &MendixApp) -> bool {
    let status = app.status.clone().unwrap_or_default();
    is_ready(app) && status.app_state.as_deref() == Some("Stopped")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_lists_plans_and_looks_after_apps_with_its_rights_alone() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    let client = account(&product).await?;

    let plans: Vec<_> = plans(&client)
        .await?
        .into_iter()
        .map(|plan| plan.metadata.name)
        .collect();
    for expected in ["postgres", "memory", "container"] {
        ensure!(
            plans.contains(&Some(expected.to_owned())),
            "{expected} is not in {plans:?}"
        );
    }
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespaces = namespaces.list(&ListParams::default()).await?;
    ensure!(
        namespaces
            .items
            .iter()
            .any(|it| it.metadata.name.as_deref() == Some(NAMESPACE))
    );

    let apps: Api<MendixApp> = Api::namespaced(client.clone(), NAMESPACE);
    let app = serde_json::from_value(manifest::app(NAMESPACE, "shop", &product.package("A")?))?;
    apps.create(&PostParams::default(), &app).await?;
    let app = until(&apps, "the app", is_ready).await?;
    let status = app.status.context("status")?;
    assert_eq!(status.mendix_app_state.as_deref(), Some("Ready"));
    assert_eq!(status.app_state.as_deref(), Some("Started"));

    let change = json!({ "spec": { "replicas": 0 } });
    apps.patch("shop", &PatchParams::default(), &Patch::Merge(&change))
        .await?;
    until(&apps, "no pods", stopped).await?;

    apps.delete("shop", &DeleteParams::default()).await?;
    wait_for("the app to be gone", LIMIT, || async {
        let left = apps.get_opt("shop").await?;
        Ok(Poll::when(left.is_none().then_some(()), || format!("{left:?}")))
    })
    .await?;
    no_more(&client).await
}

/// The rights are not larger than they are said to be, or this test would show nothing.
async fn no_more(client: &Client) -> Result<()> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), NAMESPACE);
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
    let plans: Api<StoragePlan> = Api::namespaced(client.clone(), NAMESPACE);
    let refused = [
        secrets.list(&ListParams::default()).await.err(),
        pods.list(&ListParams::default()).await.err(),
        plans.get("memory").await.err(),
    ];
    for error in refused {
        let error = error.context("a right too many")?.to_string();
        ensure!(error.contains("is forbidden"), "{error}");
    }
    Ok(())
}
