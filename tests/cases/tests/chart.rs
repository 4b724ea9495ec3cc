//! The chart as text: what `helm template` makes of it, without a cluster.

use anyhow::{Context, Result, bail};
use k8s_openapi::{
    Resource,
    api::{
        admissionregistration::v1::{
            ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
        },
        apps::v1::Deployment,
        coordination::v1::Lease,
        core::v1::{PodSpec, Service, ServiceAccount},
        policy::v1::PodDisruptionBudget,
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    serde::{Serialize, de::DeserializeOwned},
};
use mendix_model::names;
use mendix_test_cluster::tools::Tools;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

const IMAGE: &str = "image.reference=registry.example.com/mendix:0.1.0";
const NAMESPACES: &str = "namespaces={team-a,team-b}";
/// Everything that a value can switch on.
const EVERYTHING: &[&str] = &[
    IMAGE,
    NAMESPACES,
    "imagePullSecrets={registry}",
    "webhook.enabled=true",
    "webhook.certificateSecretName=mendix-webhook",
    "webhook.caBundle=LS0t",
];

/// `MENDIX_TEST_HELM`, else the one on `PATH`, else the one that is built for the test clusters.
fn helm() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("MENDIX_TEST_HELM") {
        return Ok(path.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&folders).map(|folder| folder.join("helm")).find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => Tools::require(&["helm"])?.program("helm").map(Path::to_path_buf),
    }
}

fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/mendix")
}

/// What the chart makes of some values, as text; what Helm says, when it refuses.
fn template(values: &[&str]) -> Result<String> {
    let mut command = Command::new(helm()?);
    command.args(["template", "mendix"]).arg(chart()).args(["--namespace", "mendix-system"]);
    command.args(values.iter().flat_map(|value| ["--set", value]));
    let output = command.output().context("failed to start helm")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The same, parsed.
fn objects(values: &[&str]) -> Result<Vec<Value>> {
    let text = template(values)?;
    let documents = text.split("\n---\n").filter(|part| part.lines().any(|line| line.starts_with("kind:")));
    documents.map(|part| serde_saphyr::from_str(part).with_context(|| part.to_owned())).collect()
}

fn of_kind<T: Resource + DeserializeOwned>(objects: &[Value]) -> Vec<T> {
    let chosen = objects.iter().filter(|object| object["kind"] == T::KIND);
    let parsed: Vec<T> = chosen.map(|object| serde_json::from_value(object.clone()).unwrap()).collect();
    assert!(!parsed.is_empty(), "the chart makes no {}", T::KIND);
    parsed
}

/// Parses as `T` and writes again: a field that `T` does not know would get lost.
fn round_trip<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value> {
    Ok(serde_json::to_value(serde_json::from_value::<T>(object.clone())?)?)
}

fn known_fields(object: &Value) -> Result<Value> {
    match object["kind"].as_str().unwrap_or_default() {
        "ClusterRole" => round_trip::<ClusterRole>(object),
        "ClusterRoleBinding" => round_trip::<ClusterRoleBinding>(object),
        "Deployment" => round_trip::<Deployment>(object),
        "Lease" => round_trip::<Lease>(object),
        "PodDisruptionBudget" => round_trip::<PodDisruptionBudget>(object),
        "Role" => round_trip::<Role>(object),
        "RoleBinding" => round_trip::<RoleBinding>(object),
        "Service" => round_trip::<Service>(object),
        "ServiceAccount" => round_trip::<ServiceAccount>(object),
        "ValidatingAdmissionPolicy" => round_trip::<ValidatingAdmissionPolicy>(object),
        "ValidatingAdmissionPolicyBinding" => round_trip::<ValidatingAdmissionPolicyBinding>(object),
        "ValidatingWebhookConfiguration" => round_trip::<ValidatingWebhookConfiguration>(object),
        kind => bail!("kind {kind} is not in this test's table: add it"),
    }
}

#[test]
fn every_object_has_only_fields_that_kubernetes_knows() {
    for object in objects(EVERYTHING).unwrap() {
        // Compared with the model instead, below: numbers may be written with and without a fraction.
        if object["kind"] != "CustomResourceDefinition" {
            assert_eq!(known_fields(&object).unwrap(), object);
        }
    }
}

#[test]
fn every_object_carries_the_standard_labels() {
    for object in objects(EVERYTHING).unwrap() {
        let labels = &object["metadata"]["labels"];
        assert_eq!(labels["app.kubernetes.io/managed-by"], "Helm", "{}", object["metadata"]);
        assert_eq!(labels["app.kubernetes.io/instance"], "mendix", "{}", object["metadata"]);
    }
}

fn definitions(values: &[&str]) -> BTreeMap<String, CustomResourceDefinition> {
    let parsed: Vec<CustomResourceDefinition> = of_kind(&objects(values).unwrap());
    parsed.into_iter().map(|definition| (definition.metadata.name.clone().unwrap(), definition)).collect()
}

#[test]
fn definitions_are_those_of_the_model() {
    let rendered = definitions(&[IMAGE]);
    let model = mendix_model::crd::all();
    assert_eq!(rendered.len(), model.len());
    for definition in model {
        assert_eq!(rendered[definition.metadata.name.as_ref().unwrap()].spec, definition.spec);
    }
}

#[test]
fn definitions_outlive_the_release() {
    for (name, definition) in definitions(&[IMAGE]) {
        let annotations = definition.metadata.annotations.unwrap();
        assert_eq!(annotations["helm.sh/resource-policy"], "keep", "{name}");
        assert_eq!(annotations["kubectl-mendix.io/crd-revision"], "1000", "{name}: 0.1.0 is 1000");
        assert_eq!(definition.metadata.labels.unwrap()["kubectl-mendix.io/managed"], "true", "{name}");
    }
    let thrown_away = definitions(&[IMAGE, "crds.keep=false"]);
    let annotations = thrown_away.into_values().filter_map(|definition| definition.metadata.annotations);
    assert!(annotations.into_iter().all(|annotations| !annotations.contains_key("helm.sh/resource-policy")));
}

#[test]
fn definitions_can_be_left_out() {
    let text = template(&[IMAGE, "crds.install=false"]).unwrap();
    assert!(!text.contains("kind: CustomResourceDefinition"));
}

/// Namespace (empty: everywhere) and rules of every role that is bound to an account of ours or made for people.
fn rules() -> Vec<(String, PolicyRule)> {
    let objects = objects(EVERYTHING).unwrap();
    let roles = of_kind::<Role>(&objects).into_iter().map(|role| (role.metadata, role.rules));
    let cluster_roles = of_kind::<ClusterRole>(&objects).into_iter();
    let cluster_roles = cluster_roles.map(|role| (role.metadata, role.rules));
    roles
        .chain(cluster_roles)
        .flat_map(|(metadata, rules)| {
            let namespace = metadata.namespace.unwrap_or_default();
            rules.unwrap_or_default().into_iter().map(move |rule| (namespace.clone(), rule))
        })
        .collect()
}

fn about_secrets(rule: &PolicyRule) -> bool {
    rule.resources.iter().flatten().any(|resource| resource == "secrets")
}

#[test]
fn no_right_is_a_wildcard() {
    for (_, rule) in rules() {
        let words = [rule.api_groups.clone(), rule.resources.clone(), Some(rule.verbs.clone())];
        assert!(!words.into_iter().flatten().flatten().any(|word| word.contains('*')), "{rule:?}");
        assert_eq!(rule.non_resource_urls, None, "{rule:?}");
    }
}

#[test]
fn secrets_are_never_listed_or_watched() {
    let allowed = BTreeSet::from(["get", "create", "patch", "delete"]);
    let rules: Vec<_> = rules().into_iter().filter(|(_, rule)| about_secrets(rule)).collect();
    assert!(!rules.is_empty());
    for (_, rule) in rules {
        assert!(rule.verbs.iter().all(|verb| allowed.contains(verb.as_str())), "{rule:?}");
    }
}

#[test]
fn no_secret_is_reached_outside_of_the_managed_namespaces() {
    for (namespace, rule) in rules().into_iter().filter(|(_, rule)| about_secrets(rule)) {
        assert!(["team-a", "team-b"].contains(&namespace.as_str()), "{namespace:?} {rule:?}");
    }
}

#[test]
fn nobody_may_hand_out_rights_or_act_as_others() {
    let forbidden = ["escalate", "bind", "impersonate"];
    for (_, rule) in rules() {
        assert!(!rule.verbs.iter().any(|verb| forbidden.contains(&verb.as_str())), "{rule:?}");
        assert!(!rule.api_groups.iter().flatten().any(|group| group == "rbac.authorization.k8s.io"), "{rule:?}");
    }
}

#[test]
fn no_account_of_ours_has_rights_everywhere() {
    let text = template(EVERYTHING).unwrap();
    assert!(!text.contains("kind: ClusterRoleBinding"), "cluster roles are for people, who bind them themselves");
}

#[test]
fn task_accounts_have_the_names_that_the_model_says_and_only_their_rights() {
    let objects = objects(EVERYTHING).unwrap();
    for namespace in ["team-a", "team-b"] {
        let accounts: Vec<ServiceAccount> = of_kind(&objects);
        let here = accounts.iter().filter(|account| account.metadata.namespace.as_deref() == Some(namespace));
        let named: BTreeMap<_, _> = here.map(|account| (account.metadata.name.as_deref().unwrap(), account)).collect();
        assert!(named.contains_key(names::STORAGE_PROVISIONER_ACCOUNT));
        assert_eq!(named[names::BUILDER_ACCOUNT].automount_service_account_token, Some(false));
    }
    let bindings: Vec<RoleBinding> = of_kind(&objects);
    let subjects = |binding: &RoleBinding| binding.subjects.iter().flatten().map(|subject| subject.name.clone()).collect::<Vec<_>>();
    assert!(bindings.iter().all(|binding| !subjects(binding).contains(&names::BUILDER_ACCOUNT.to_owned())));
    let provisioner = bindings.iter().filter(|binding| subjects(binding) == [names::STORAGE_PROVISIONER_ACCOUNT]);
    assert_eq!(provisioner.map(|binding| binding.role_ref.name.as_str()).collect::<Vec<_>>(), [names::STORAGE_PROVISIONER_ACCOUNT; 2]);
    for role in of_kind::<Role>(&objects) {
        if role.metadata.name.as_deref() == Some(names::STORAGE_PROVISIONER_ACCOUNT) {
            let rules = role.rules.unwrap();
            assert_eq!((rules.len(), &rules[0].verbs[..]), (1, &["create".to_owned()][..]));
            assert_eq!(rules[0].resources, Some(vec!["secrets".to_owned()]));
        }
    }
}

fn pods() -> Vec<PodSpec> {
    let deployments: Vec<Deployment> = of_kind(&objects(EVERYTHING).unwrap());
    deployments.into_iter().map(|deployment| deployment.spec.unwrap().template.spec.unwrap()).collect()
}

#[test]
fn every_container_has_requests_and_limits() {
    for container in pods().into_iter().flat_map(|pod| pod.containers) {
        let resources = container.resources.unwrap();
        for amounts in [resources.requests.unwrap(), resources.limits.unwrap()] {
            assert!(amounts.contains_key("cpu") && amounts.contains_key("memory"), "{}", container.name);
        }
    }
}

#[test]
fn every_container_is_allowed_under_pod_security_restricted() {
    for container in pods().into_iter().flat_map(|pod| pod.containers) {
        let context = container.security_context.unwrap();
        assert_eq!(context.allow_privilege_escalation, Some(false));
        assert_eq!(context.run_as_non_root, Some(true));
        assert_eq!(context.read_only_root_filesystem, Some(true));
        assert_eq!(context.capabilities.unwrap().drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(context.seccomp_profile.unwrap().type_, "RuntimeDefault");
        assert!(container.ports.iter().flatten().all(|port| port.host_port.is_none()));
    }
}

#[test]
fn no_pod_chooses_its_user_or_group() {
    // Without the definitions, whose descriptions may speak of such fields.
    let text = template(&[EVERYTHING, &["crds.install=false"]].concat()).unwrap();
    for field in ["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"] {
        assert!(!text.contains(field), "{field}");
    }
}

#[test]
fn every_pod_outlives_a_drain_and_runs_where_the_image_runs() {
    for pod in pods() {
        let tolerations = pod.tolerations.unwrap();
        assert!(tolerations.iter().any(|toleration| toleration.key.as_deref() == Some("node.kubernetes.io/unschedulable")));
        let affinity = serde_json::to_string(&pod.affinity).unwrap();
        assert!(affinity.contains("kubernetes.io/os") && affinity.contains("amd64"), "{affinity}");
        assert_eq!(pod.topology_spread_constraints.unwrap()[0].topology_key, "kubernetes.io/hostname");
    }
}

#[test]
fn an_affinity_of_the_user_is_added_to_ours() {
    const TERM: &str = "controller.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey=zone";
    let deployments: Vec<Deployment> = of_kind(&objects(&[IMAGE, TERM]).unwrap());
    let affinity = deployments[0].spec.as_ref().unwrap().template.spec.as_ref().unwrap().affinity.as_ref().unwrap();
    assert!(affinity.pod_anti_affinity.is_some());
    assert!(affinity.node_affinity.is_some());
}

#[test]
fn every_selector_selects_its_own_pods_only() {
    let objects = objects(EVERYTHING).unwrap();
    let deployments: Vec<Deployment> = of_kind(&objects);
    let labels: Vec<_> = deployments
        .iter()
        .map(|deployment| deployment.spec.as_ref().unwrap().template.metadata.as_ref().unwrap().labels.clone().unwrap())
        .collect();
    for deployment in &deployments {
        let selector = deployment.spec.as_ref().unwrap().selector.match_labels.clone().unwrap();
        let selected = labels.iter().filter(|labels| selector.iter().all(|(key, value)| labels.get(key) == Some(value)));
        assert_eq!(selected.count(), 1);
    }
    let budgets: Vec<PodDisruptionBudget> = of_kind(&objects);
    assert_eq!(budgets.len(), deployments.len());
}

#[test]
fn only_the_release_namespace_is_managed_by_default() {
    let objects = objects(&[IMAGE]).unwrap();
    for role in of_kind::<Role>(&objects) {
        assert_eq!(role.metadata.namespace.as_deref(), Some("mendix-system"));
    }
    let deployments: Vec<Deployment> = of_kind(&objects);
    let container = &deployments[0].spec.as_ref().unwrap().template.spec.as_ref().unwrap().containers[0];
    let namespaces = container.env.iter().flatten().find(|variable| variable.name == "MENDIX_NAMESPACES").unwrap();
    assert_eq!(namespaces.value.as_deref(), Some("mendix-system"));
}

/// Values that are refused, and a word that the sentence must hold.
const REFUSED: &[(&[&str], &str)] = &[
    (&[], "image.reference is empty"),
    (&["image.reference=mendix"], "image/reference"),
    (&[IMAGE, "image.tag=1"], "additional properties 'tag' not allowed"),
    (&[IMAGE, "namespace=team-a"], "additional properties 'namespace' not allowed"),
    (&[IMAGE, "namespaces={Team_A}"], "namespaces/0"),
    (&[IMAGE, "controller.replicas=0"], "controller/replicas"),
    (&[IMAGE, "controller.resources.limits=null"], "controller/resources"),
    (&[IMAGE, "architectures={riscv64}"], "architectures/0"),
    (&[IMAGE, "webhook.enabled=true"], "webhook.certificateSecretName"),
    (&[IMAGE, "webhook.enabled=true", "webhook.certificateSecretName=x"], "webhook.caBundle"),
];

#[test]
fn wrong_values_are_refused_with_a_sentence() {
    for (values, word) in REFUSED {
        let refusal = template(values).expect_err(word).to_string();
        assert!(refusal.contains(word), "{word:?} is not in {refusal:?}");
    }
}
