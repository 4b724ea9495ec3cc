//! Pods that run nothing, in the states that the policies tell apart, and the people who change them.

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    api::{DeleteParams, PostParams},
};
use mendix_cases::{
    Product,
    plain::{client_of, controller},
};
use mendix_model::names::{ACTIVE_FINALIZER, ENVIRONMENT_LABEL, GATE, ROLE_LABEL};
use serde_json::{Value, json};

/// A namespace that nothing manages and nothing guards: no controller touches its pods, and the policies on changes of
/// pods hold in it as everywhere.
pub(crate) const NAMESPACE: &str = "case-policies";
/// Image of every pod's one container.
pub(crate) const IMAGE: &str = "registry.example.com:5000/shop:1";
/// May change pods, like people who look after apps.
const EDITOR: &str = "case-editor";
/// May do so as well, and break the glass.
const BREAKER: &str = "case-breaker";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// Administrator of the cluster, who may everything.
    Administrator,
    Editor,
    Breaker,
    Controller,
}

impl User {
    /// Everybody who is not the controller.
    pub(crate) const OTHERS: [Self; 3] = [Self::Administrator, Self::Editor, Self::Breaker];
}

/// The cluster with the policies, the users and the namespace.
pub(crate) struct Fixture {
    pub(crate) product: Product,
    /// Ends the names of this test's pods.
    pub(crate) test: &'static str,
}

impl Fixture {
    pub(crate) async fn new(test: &'static str) -> Result<Self> {
        let product = Product::installed().await?;
        product.open_namespace(NAMESPACE).await?;
        for object in rights() {
            product.apply(NAMESPACE, &object).await?;
        }
        Ok(Self { product, test })
    }

    pub(crate) async fn client(&self, user: User) -> Result<Client> {
        let cluster = &self.product.cluster;
        Ok(match user {
            User::Administrator => self.product.client.clone(),
            User::Editor => client_of(cluster, EDITOR).await?,
            User::Breaker => client_of(cluster, BREAKER).await?,
            User::Controller => client_of(cluster, &controller()).await?,
        })
    }

    pub(crate) async fn pods(&self, user: User) -> Result<Api<Pod>> {
        Ok(Api::namespaced(self.client(user).await?, NAMESPACE))
    }

    /// Makes a pod in a state, and returns its name.
    pub(crate) async fn pod(&self, state: &State) -> Result<String> {
        let name = format!("{}-{}", state.name, self.test);
        self.remove(&name).await?;
        let pods = self.pods(User::Administrator).await?;
        let pod = serde_json::from_value(state.pod(&name))?;
        pods.create(&PostParams::default(), &pod).await?;
        Ok(name)
    }

    /// Takes a pod away with the controller's rights: nobody else gets it past the finalizer.
    pub(crate) async fn remove(&self, name: &str) -> Result<()> {
        let pods = self.pods(User::Controller).await?;
        if pods.get_opt(name).await?.is_none() {
            return Ok(());
        }
        let without = json!({ "metadata": { "finalizers": null } });
        let patch = kube::api::Patch::Merge(without);
        pods.patch(name, &kube::api::PatchParams::default(), &patch)
            .await?;
        pods.delete(name, &DeleteParams::default()).await?;
        Ok(())
    }
}

/// A pod as the policies see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) name: &'static str,
    pub(crate) labelled: bool,
    pub(crate) gated: bool,
    pub(crate) active: bool,
}

/// Waits at the gate.
pub(crate) const WAITING: State = State {
    name: "waiting",
    labelled: true,
    gated: true,
    active: false,
};
/// Was let start.
pub(crate) const RUNNING: State = State {
    name: "running",
    labelled: true,
    gated: false,
    active: true,
};
/// A copy that lost its labels.
pub(crate) const COPY: State = State {
    name: "copy",
    labelled: false,
    gated: true,
    active: false,
};
/// Was found running without our labels.
pub(crate) const STRANGER: State = State {
    name: "stranger",
    labelled: false,
    gated: false,
    active: true,
};
/// None of ours.
pub(crate) const OTHER: State = State {
    name: "other",
    labelled: false,
    gated: false,
    active: false,
};
/// Everything at once, so that one request can change everything at once.
pub(crate) const ALL: State = State {
    name: "all",
    labelled: true,
    gated: true,
    active: true,
};

impl State {
    fn pod(&self, name: &str) -> Value {
        let mut pod = pod(name);
        if self.labelled {
            pod["metadata"]["labels"] = json!({ ENVIRONMENT_LABEL: "shop", ROLE_LABEL: "leader" });
        }
        if self.gated {
            pod["spec"]["schedulingGates"] = json!([{ "name": GATE }]);
        }
        if self.active {
            pod["metadata"]["finalizers"] = json!([ACTIVE_FINALIZER]);
        }
        pod
    }
}

/// A pod that fits on no node.
pub(crate) fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": {
            "nodeSelector": { "case": "nowhere" },
            "terminationGracePeriodSeconds": 0,
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [container("app", IMAGE)],
        },
    })
}

/// A container that Pod Security level `restricted` lets in.
pub(crate) fn container(name: &str, image: &str) -> Value {
    json!({
        "name": name,
        "image": image,
        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
    })
}

fn rights() -> Vec<Value> {
    let pods = json!({
        "apiGroups": [""],
        "resources": ["pods", "pods/status", "pods/ephemeralcontainers", "pods/resize"],
        "verbs": ["get", "create", "update", "patch", "delete"],
    });
    let glass = json!({
        "apiGroups": ["guard.kubectl-mendix.io"],
        "resources": ["environments"],
        "verbs": ["breakglass"],
    });
    [(EDITOR, vec![pods.clone()]), (BREAKER, vec![pods, glass])]
        .into_iter()
        .flat_map(|(user, rules)| [role(user, &rules), binding(user)])
        .collect()
}

fn role(user: &str, rules: &[Value]) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": { "name": user, "namespace": NAMESPACE },
        "rules": rules,
    })
}

fn binding(user: &str) -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": { "name": user, "namespace": NAMESPACE },
        "roleRef": { "apiGroup": group, "kind": "Role", "name": user },
        "subjects": [{ "kind": "User", "name": user, "apiGroup": group }],
    })
}
