//! The objects of an app as people write them by hand: Deployments of leader and workers, a `StatefulSet`, a Secret.

use super::Style;
use mendix_model::names::{APP_PORT, ENVIRONMENT_LABEL, ROLE_LABEL};
use serde_json::{Value, json};

/// The container that runs the app.
pub const CONTAINER: &str = "app";

/// One app and what its manifests have in common.
#[derive(Clone, Debug)]
pub struct Environment {
    pub namespace: String,
    pub name: String,
    pub style: Style,
    /// Image of all pods.
    pub image: String,
    /// Whether pods carry the labels that put them under the gate.
    pub labelled: bool,
    /// How long a pod may take to end, in seconds.
    pub grace: u32,
}

impl Environment {
    /// An environment whose pods carry the labels.
    pub fn new(namespace: &str, name: &str, style: Style, image: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            style,
            image: image.to_owned(),
            labelled: true,
            grace: 30,
        }
    }

    /// The same without the labels.
    #[must_use]
    pub fn unlabelled(self) -> Self {
        Self {
            labelled: false,
            ..self
        }
    }

    /// `NAME-database`: the Secret that names the database by its URL, in the variables of the style.
    pub fn secret(&self, database: &str) -> Value {
        let content = match self.style {
            Style::Buildpack => json!({ "endpoint": database }),
            Style::Portable => json!({
                "RUNTIME_PARAMS_DATABASETYPE": "PostgreSQL",
                "RUNTIME_PARAMS_DATABASEJDBCURL": database,
            }),
        };
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": self.secret_name(), "namespace": self.namespace },
            "stringData": content,
        })
    }

    /// Deployment `NAME-leader` with one pod that leads.
    pub fn leader(&self) -> Value {
        self.deployment("leader", 1, &[("CF_INSTANCE_INDEX", "0")])
    }

    /// Deployment `NAME-worker`.
    pub fn worker(&self, replicas: u32) -> Value {
        self.deployment("worker", replicas, &[("CF_INSTANCE_INDEX", "1")])
    }

    /// Deployment `NAME-peer` of a portable package.
    pub fn peer(&self, replicas: u32) -> Value {
        self.deployment("peer", replicas, &[])
    }

    /// `StatefulSet` `NAME`, whose pod 0 leads by its name alone.
    pub fn ordinal(&self, replicas: u32) -> Value {
        let mut set = self.workload("StatefulSet", &self.name, "ordinal", replicas, &[]);
        set["spec"]["serviceName"] = self.name.as_str().into();
        set
    }

    /// `DaemonSet` `NAME-daemons` with one pod a node, which leads or not.
    pub fn daemons(&self, role: &str) -> Value {
        let index = if role == "leader" { "0" } else { "1" };
        let name = format!("{}-daemons", self.name);
        let mut set = self.workload("DaemonSet", &name, role, 1, &[("CF_INSTANCE_INDEX", index)]);
        if let Some(spec) = set["spec"].as_object_mut() {
            // One a node, whatever anybody says.
            spec.remove("replicas");
        }
        select(&mut set, "part", "daemons");
        set
    }

    /// Deployment's default strategy is `RollingUpdate`: the new pod starts before the old one ends.
    fn deployment(&self, role: &str, replicas: u32, variables: &[(&str, &str)]) -> Value {
        self.workload(
            "Deployment",
            &format!("{}-{role}", self.name),
            role,
            replicas,
            variables,
        )
    }

    fn workload(
        &self,
        kind: &str,
        name: &str,
        role: &str,
        replicas: u32,
        variables: &[(&str, &str)],
    ) -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": { "name": name, "namespace": self.namespace, "labels": self.selector(role) },
            "spec": {
                "replicas": replicas,
                "selector": { "matchLabels": self.selector(role) },
                "template": {
                    "metadata": { "labels": self.labels(role) },
                    "spec": self.pod(variables),
                },
            },
        })
    }

    fn selector(&self, role: &str) -> Value {
        json!({ "app": self.name, "part": role })
    }

    fn labels(&self, role: &str) -> Value {
        let mut labels = self.selector(role);
        if self.labelled {
            labels[ENVIRONMENT_LABEL] = self.name.as_str().into();
            labels[ROLE_LABEL] = role.into();
        }
        labels
    }

    /// Fits into Pod Security level `restricted`.
    fn pod(&self, variables: &[(&str, &str)]) -> Value {
        json!({
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": self.grace,
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": CONTAINER,
                "image": self.image,
                "env": self.variables(variables),
                "envFrom": self.variables_of_secret(),
                "ports": [{ "containerPort": APP_PORT }],
                "readinessProbe": { "httpGet": { "path": "/", "port": APP_PORT }, "periodSeconds": 1 },
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": { "drop": ["ALL"] },
                },
                "resources": {
                    "requests": { "cpu": "10m", "memory": "16Mi" },
                    "limits": { "memory": "64Mi" },
                },
            }],
        })
    }

    /// The role's variables come last, where no other value overwrites them.
    fn variables(&self, of_role: &[(&str, &str)]) -> Vec<Value> {
        let secret = json!({ "name": self.secret_name(), "key": "endpoint" });
        let endpoint = json!({ "name": "DATABASE_ENDPOINT", "valueFrom": { "secretKeyRef": secret } });
        let database = (self.style == Style::Buildpack).then_some(endpoint);
        let of_role = of_role
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }));
        database.into_iter().chain(of_role).collect()
    }

    fn variables_of_secret(&self) -> Vec<Value> {
        let whole = json!({ "secretRef": { "name": self.secret_name() } });
        (self.style == Style::Portable)
            .then_some(whole)
            .into_iter()
            .collect()
    }

    fn secret_name(&self) -> String {
        format!("{}-database", self.name)
    }
}

/// Gives a workload a label of its own to find its pods by, so that no other takes them.
pub fn select(workload: &mut Value, label: &str, value: &str) {
    let places = [
        "/metadata/labels",
        "/spec/selector/matchLabels",
        "/spec/template/metadata/labels",
    ];
    for place in places {
        if let Some(labels) = workload.pointer_mut(place) {
            labels[label] = value.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(style: Style) -> Environment {
        Environment::new("case", "shop", style, "registry/shop@sha256:0")
    }

    fn pod(workload: &Value) -> &Value {
        &workload["spec"]["template"]
    }

    #[test]
    fn labels_name_environment_and_role_and_can_be_left_out() {
        let environment = environment(Style::Buildpack);
        let leader = environment.leader();
        assert_eq!(pod(&leader)["metadata"]["labels"][ENVIRONMENT_LABEL], "shop");
        assert_eq!(pod(&leader)["metadata"]["labels"][ROLE_LABEL], "leader");
        assert_eq!(
            pod(&environment.ordinal(2))["metadata"]["labels"][ROLE_LABEL],
            "ordinal"
        );
        let plain = environment.unlabelled().leader();
        assert_eq!(
            pod(&plain)["metadata"]["labels"],
            plain["spec"]["selector"]["matchLabels"]
        );
    }

    #[test]
    fn daemons_have_a_selector_of_their_own_and_no_number() {
        let daemons = environment(Style::Buildpack).daemons("leader");
        assert_eq!(
            daemons["spec"]["selector"]["matchLabels"],
            json!({ "app": "shop", "part": "daemons" })
        );
        assert_eq!(pod(&daemons)["metadata"]["labels"][ROLE_LABEL], "leader");
        assert_eq!(daemons["spec"]["replicas"], Value::Null);
    }

    #[test]
    fn the_role_is_the_last_variable() {
        let last = |workload: &Value| {
            let variables = pod(workload)["spec"]["containers"][0]["env"].clone();
            variables.as_array().and_then(|all| all.last()).cloned()
        };
        let environment = environment(Style::Buildpack);
        assert_eq!(
            last(&environment.worker(2)),
            Some(json!({ "name": "CF_INSTANCE_INDEX", "value": "1" }))
        );
        assert_eq!(
            last(&environment.ordinal(2)).map(|it| it["name"].clone()),
            Some("DATABASE_ENDPOINT".into())
        );
    }

    #[test]
    fn portable_pods_take_the_whole_secret() {
        let peer = environment(Style::Portable).peer(2);
        let container = &pod(&peer)["spec"]["containers"][0];
        assert_eq!(container["env"], json!([]));
        assert_eq!(container["envFrom"][0]["secretRef"]["name"], "shop-database");
    }
}
