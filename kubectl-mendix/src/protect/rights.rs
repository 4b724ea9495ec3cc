//! Rights of the controller in a guarded namespace, beyond those that it has in every one. Pure.

use super::gather::Gathered;
use super::workload::{Workload, workloads};
use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use mendix_model::manifest::{Source, named};
use mendix_model::names;
use std::collections::{BTreeMap, BTreeSet};

/// Name of the Role and of the `RoleBinding`.
pub const NAME: &str = "kubectl-mendix-gate";
const GROUP: &str = "rbac.authorization.k8s.io";

/// An account of the controller.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Account {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What may be read: the Secrets and `ConfigMaps` that labelled workloads take variables from, and no other.
pub fn role(gathered: &Gathered) -> Role {
    let all = sources(gathered);
    let of = |kind: Source| -> Vec<String> {
        let of_kind = all.iter().filter(|(it, _)| *it == kind);
        of_kind.map(|(_, name)| name.clone()).collect()
    };
    // For the pod that pulls an image once, before anything makes way for it.
    let mut rules = vec![rule("pods", "create", None)];
    rules.extend(reading("secrets", of(Source::Secret)));
    rules.extend(reading("configmaps", of(Source::ConfigMap)));
    Role {
        metadata: metadata(&gathered.namespace.name_any()),
        rules: Some(rules),
    }
}

/// Gives them to the controller.
pub fn binding(namespace: &str, account: &Account) -> RoleBinding {
    RoleBinding {
        metadata: metadata(namespace),
        role_ref: RoleRef {
            api_group: Some(GROUP.to_owned()),
            kind: "Role".to_owned(),
            name: NAME.to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: account.name.clone(),
            namespace: Some(account.namespace.clone()),
            ..Subject::default()
        }]),
    }
}

/// Nothing where nothing is named: a rule without names would allow all of them.
fn reading(resource: &str, names: Vec<String>) -> Option<PolicyRule> {
    (!names.is_empty()).then(|| rule(resource, "get", Some(names)))
}

fn rule(resource: &str, verb: &str, resource_names: Option<Vec<String>>) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec![resource.to_owned()]),
        verbs: vec![verb.to_owned()],
        resource_names,
        ..PolicyRule::default()
    }
}

fn metadata(namespace: &str) -> ObjectMeta {
    let labels = [
        ("app.kubernetes.io/name", "mendix"),
        ("app.kubernetes.io/component", "gate"),
        ("app.kubernetes.io/managed-by", "kubectl-mendix"),
    ];
    ObjectMeta {
        name: Some(NAME.to_owned()),
        namespace: Some(namespace.to_owned()),
        labels: Some(BTreeMap::from(
            labels.map(|(key, value)| (key.to_owned(), value.to_owned())),
        )),
        ..ObjectMeta::default()
    }
}

/// Of the templates, and of pods that an earlier template made.
fn sources(gathered: &Gathered) -> BTreeSet<(Source, String)> {
    let workloads = workloads(gathered);
    let labelled: Vec<_> = workloads.iter().filter(|it| it.environment.is_some()).collect();
    let of_labelled = |uid: Option<String>| {
        let mut pods = labelled.iter().flat_map(|it: &&Workload| &it.pods);
        uid.is_some_and(|uid| pods.any(|pod| pod.uid == uid))
    };
    let pods = gathered.pods.iter().filter(|pod| {
        let labels = pod.labels();
        !labels.contains_key(names::COMPONENT_LABEL) && of_labelled(pod.uid())
    });
    let templates = labelled.iter().map(|it| &it.spec);
    let specs = templates.chain(pods.filter_map(|pod| pod.spec.as_ref()));
    let containers = specs.flat_map(|spec: &PodSpec| &spec.containers);
    containers.flat_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn gathered(env: &Value) -> Gathered {
        let deployment = json!({
            "metadata": {"name": "shop", "uid": "1"},
            "spec": {"selector": {}, "template": {
                "metadata": {"labels": {"kubectl-mendix.io/environment": "shop"}},
                "spec": {"containers": [{"name": "app", "env": env}]},
            }},
        });
        let mut other = deployment.clone();
        other["spec"]["template"]["metadata"]["labels"] = json!({});
        other["spec"]["template"]["spec"]["containers"][0]["env"] = json!([
            {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "not-labelled", "key": "url"}}},
        ]);
        let from = |value| serde_json::from_value(value).expect("deployment");
        Gathered {
            namespace: serde_json::from_value(json!({"metadata": {"name": "prod"}})).expect("namespace"),
            deployments: vec![from(deployment), from(other)],
            ..Gathered::default()
        }
    }

    #[test]
    fn only_what_labelled_workloads_name_may_be_read() {
        let env = json!([
            {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}},
            {"name": "ADMIN_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "admin", "key": "password"}}},
            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}},
        ]);
        insta::assert_yaml_snapshot!(role(&gathered(&env)).rules, @r#"
        - apiGroups:
            - ""
          resources:
            - pods
          verbs:
            - create
        - apiGroups:
            - ""
          resourceNames:
            - admin
            - db
          resources:
            - secrets
          verbs:
            - get
        - apiGroups:
            - ""
          resourceNames:
            - settings
          resources:
            - configmaps
          verbs:
            - get
        "#);
    }

    #[test]
    fn a_rule_without_names_would_allow_all_and_is_left_out() {
        let role = role(&gathered(&json!([])));
        let resources: Vec<_> = role
            .rules
            .iter()
            .flatten()
            .flat_map(|rule| rule.resources.iter().flatten())
            .collect();
        assert_eq!(resources, ["pods"]);
    }

    #[test]
    fn the_controller_gets_them() {
        let account = Account {
            namespace: "mendix-system".to_owned(),
            name: "mendix-controller".to_owned(),
        };
        insta::assert_yaml_snapshot!(binding("prod", &account), @"
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          labels:
            app.kubernetes.io/component: gate
            app.kubernetes.io/managed-by: kubectl-mendix
            app.kubernetes.io/name: mendix
          name: kubectl-mendix-gate
          namespace: prod
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: kubectl-mendix-gate
        subjects:
          - kind: ServiceAccount
            name: mendix-controller
            namespace: mendix-system
        ");
    }
}
