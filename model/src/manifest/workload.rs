//! What matters of a workload's manifest. Pure.

use super::container::{is_telling, of_app, variables};
use super::database::{Database, database};
use super::guard::{asks_for_guard, has_command};
use super::kind::Kind;
use super::role::{Declaration, misfit};
use crate::names;
use k8s_openapi::api::core::v1::{PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A workload that has our labels, or names a database as an app of Mendix does. Holds no value of a variable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Workload {
    /// What it is.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Value of the environment label of its template.
    pub environment: Option<String>,
    /// Value of the role label of its template.
    pub role: Option<String>,
    /// Pods that it is to have; those of a `DaemonSet` are told by the number of nodes.
    pub replicas: i32,
    /// A Deployment that ends its pods before it starts others.
    pub recreates: bool,
    /// Which database its pods name.
    pub database: Database,
    /// What contradicts its role.
    pub misfit: Option<String>,
    /// Container that is to start under the guard, which cannot be put before it.
    pub unguardable: Option<String>,
}

impl Workload {
    /// `deployment/shop`.
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.name)
    }

    /// Whether one of its pods leads.
    pub fn leads(&self) -> bool {
        matches!(self.role.as_deref(), Some("leader" | "ordinal"))
    }

    /// Whether each of its pods leads.
    pub fn leads_wholly(&self) -> bool {
        self.environment.is_some() && self.role.as_deref() == Some("leader")
    }

    /// Whether both are one object.
    pub fn is(&self, other: &Self) -> bool {
        (self.kind, &self.namespace, &self.name) == (other.kind, &other.namespace, &other.name)
    }

    /// Whether both are of one environment.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.environment.is_some()
            && self.namespace == other.namespace
            && self.environment == other.environment
    }
}

/// A template, and what its workload says of it.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// What makes the pods.
    pub kind: Kind,
    /// Namespace of the workload.
    pub namespace: &'a str,
    /// Name of the workload.
    pub name: &'a str,
    /// Value of the environment label of its pods.
    pub environment: Option<&'a str>,
    /// Value of their role label.
    pub role: Option<&'a str>,
    /// Annotations of the pods.
    pub annotations: Option<&'a BTreeMap<String, String>>,
    /// Their specification.
    pub spec: &'a PodSpec,
    /// Pods that there are to be.
    pub replicas: i32,
    /// Number of the first pod of a `StatefulSet`.
    pub first: u32,
    /// Strategy `Recreate`.
    pub recreates: bool,
}

/// What matters of a template.
pub fn workload(template: &Template<'_>) -> Workload {
    let (database, misfit) = of_variables(template);
    Workload {
        kind: template.kind,
        namespace: template.namespace.to_owned(),
        name: template.name.to_owned(),
        environment: template.environment.map(ToOwned::to_owned),
        role: template.role.map(ToOwned::to_owned),
        replicas: template.replicas,
        recreates: template.recreates,
        database,
        misfit: misfit.filter(|_| template.environment.is_some()),
        unguardable: unguardable(template),
    }
}

/// Where it is not clear which container that is, the database is not clear either, and that is told.
fn unguardable(template: &Template<'_>) -> Option<String> {
    let asks = template.environment.is_some() && asks_for_guard(template.annotations);
    let container = of_app(template.annotations, template.spec).ok()?;
    (asks && !has_command(container)).then(|| container.name.clone())
}

fn of_variables(template: &Template<'_>) -> (Database, Option<String>) {
    let container = match of_app(template.annotations, template.spec) {
        Ok(container) => container,
        Err(problem) => return (Database::Wrong(problem), None),
    };
    let variables = variables(container);
    let declaration = Declaration {
        kind: template.kind,
        role: template.role,
        spec: template.spec,
        first: template.first,
    };
    let env = container.env.as_deref().unwrap_or_default();
    let misfit = misfit(&declaration, env, &variables);
    (database(&variables, template.namespace), misfit)
}

/// Fields that a Deployment, a `StatefulSet`, a `DaemonSet` and a `ReplicaSet` have in common, and a pod's.
#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
struct Spec {
    replicas: Option<i32>,
    strategy: Option<Strategy>,
    ordinals: Option<Ordinals>,
    #[serde(default)]
    template: PodTemplateSpec,
}

#[derive(Deserialize)]
struct Strategy {
    #[serde(rename = "type")]
    type_: Option<String>,
}

#[derive(Deserialize)]
struct Ordinals {
    start: Option<u32>,
}

/// A manifest whose fields have another form than its kind has.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{path} has the wrong type or lacks a field: kubectl explain shows the fields")]
pub struct Unreadable {
    /// Path of the field. The value is not told: it may be a password.
    pub path: String,
}

impl From<serde_path_to_error::Error<serde_json::Error>> for Unreadable {
    fn from(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self {
            path: error.path().to_string(),
        }
    }
}

impl Workload {
    /// Reads a workload; nothing for other kinds, and for those that are neither labelled nor look like an app.
    /// `namespace` is that of an object which names none.
    ///
    /// # Errors
    /// A field has another type than it must have.
    pub fn read(
        group: &str,
        kind: &str,
        namespace: &str,
        object: &Value,
    ) -> Result<Option<Self>, Unreadable> {
        match Kind::of(group, kind) {
            None => Ok(None),
            Some(Kind::Pod) => of_pod(namespace, object),
            Some(kind) => of_template(kind, namespace, object),
        }
    }
}

fn of_template(kind: Kind, namespace: &str, object: &Value) -> Result<Option<Workload>, Unreadable> {
    let Shape { metadata, spec } = serde_path_to_error::deserialize(object).map_err(Unreadable::from)?;
    let template = spec.template.metadata.unwrap_or_default();
    let strategy = spec.strategy.and_then(|it| it.type_);
    let found = Template {
        kind,
        namespace: metadata.namespace.as_deref().unwrap_or(namespace),
        name: metadata.name.as_deref().unwrap_or_default(),
        environment: label(template.labels.as_ref(), names::ENVIRONMENT_LABEL),
        role: label(template.labels.as_ref(), names::ROLE_LABEL),
        annotations: template.annotations.as_ref(),
        spec: &spec.template.spec.unwrap_or_default(),
        replicas: spec.replicas.unwrap_or(1),
        first: spec.ordinals.and_then(|it| it.start).unwrap_or_default(),
        recreates: strategy.as_deref() == Some("Recreate"),
    };
    Ok(is_of_interest(&found, template.labels.as_ref()).then(|| workload(&found)))
}

fn of_pod(namespace: &str, object: &Value) -> Result<Option<Workload>, Unreadable> {
    #[derive(Deserialize)]
    struct Pod {
        #[serde(default)]
        metadata: ObjectMeta,
        #[serde(default)]
        spec: PodSpec,
    }
    let Pod { metadata, spec } = serde_path_to_error::deserialize(object).map_err(Unreadable::from)?;
    let found = Template {
        kind: Kind::Pod,
        namespace: metadata.namespace.as_deref().unwrap_or(namespace),
        name: metadata.name.as_deref().unwrap_or_default(),
        environment: label(metadata.labels.as_ref(), names::ENVIRONMENT_LABEL),
        role: label(metadata.labels.as_ref(), names::ROLE_LABEL),
        annotations: metadata.annotations.as_ref(),
        spec: &spec,
        replicas: 1,
        first: 0,
        recreates: false,
    };
    Ok(is_of_interest(&found, metadata.labels.as_ref()).then(|| workload(&found)))
}

/// What is labelled as of an environment, or looks like an app of Mendix. Pods of our own tasks and apps have a
/// component: they take their database from elsewhere.
fn is_of_interest(template: &Template<'_>, labels: Option<&BTreeMap<String, String>>) -> bool {
    let containers = template.spec.containers.iter();
    let mut names = containers.flat_map(|container| container.env.iter().flatten().map(|it| &it.name));
    let telling = names.any(|name| is_telling(name));
    label(labels, names::COMPONENT_LABEL).is_none() && (template.environment.is_some() || telling)
}

fn label<'a>(labels: Option<&'a BTreeMap<String, String>>, name: &str) -> Option<&'a str> {
    labels?.get(name).map(String::as_str)
}

/// Whether something else made an object and answers for it: a Deployment for its `ReplicaSets`.
pub fn has_foreign_owner(object: &Value) -> bool {
    let owners = object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array);
    let mut owners = owners.into_iter().flatten();
    owners.any(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// A workload of the buildpack with two labels and a database of its own by name.
    pub(crate) fn shop(kind: &str, name: &str, role: &str, database: &str) -> Value {
        let index = if role == "leader" { "0" } else { "1" };
        let api_version = if kind == "Pod" { "v1" } else { "apps/v1" };
        json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "prod"},
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "template": {
                    "metadata": {"labels": {
                        "kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": role,
                    }},
                    "spec": {"containers": [{"name": "app", "env": [
                        {"name": "CF_INSTANCE_INDEX", "value": index},
                        {"name": "DATABASE_ENDPOINT", "value": format!("postgres://u:hush@db/{database}")},
                    ]}]},
                },
            },
        })
    }

    fn read(object: &Value) -> Option<Workload> {
        let kind = object["kind"].as_str().unwrap_or_default();
        Workload::read("apps", kind, "default", object).expect("readable")
    }

    #[test]
    fn a_workload_is_read_without_its_values() {
        let found = read(&shop("Deployment", "shop", "leader", "shop")).expect("of interest");
        assert!(
            found.leads() && found.recreates && found.misfit.is_none(),
            "{found:?}"
        );
        assert_eq!(
            found.database.text().as_deref(),
            Some("postgresql db.prod:5432 shop")
        );
        assert!(!format!("{found:?}").contains("hush"), "{found:?}");
    }

    #[test]
    fn what_is_neither_labelled_nor_an_app_is_left_alone() {
        let mut object = shop("Deployment", "shop", "leader", "shop");
        object["spec"]["template"]["metadata"]["labels"]["kubectl-mendix.io/component"] = json!("runtime");
        assert_eq!(read(&object), None);
        assert_eq!(read(&json!({"kind": "Deployment"})), None);
        assert_eq!(read(&json!({"kind": "Service"})), None);
    }

    #[test]
    fn a_wrong_field_is_named_without_its_value() {
        let mut object = shop("Deployment", "shop", "leader", "shop");
        object["spec"]["replicas"] = json!("hunter2");
        let error = Workload::read("apps", "Deployment", "prod", &object).expect_err("unreadable");
        assert!(error.path == "spec.replicas" && !error.to_string().contains("hunter2"));
    }

    #[test]
    fn a_pod_is_its_own_template() {
        let template = shop("Deployment", "shop", "leader", "shop")["spec"]["template"].clone();
        let found = Workload::read("", "Pod", "prod", &template).expect("readable");
        assert_eq!(
            found.map(|it| (it.kind, it.namespace)),
            Some((Kind::Pod, "prod".to_owned()))
        );
    }

    #[test]
    fn what_a_deployment_made_is_the_deployments() {
        assert!(has_foreign_owner(
            &json!({"metadata": {"ownerReferences": [{"controller": true}]}})
        ));
        assert!(!has_foreign_owner(
            &json!({"metadata": {"ownerReferences": [{"uid": "1"}]}})
        ));
        assert!(!has_foreign_owner(&json!({"metadata": null})));
    }
}
