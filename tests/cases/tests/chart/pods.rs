//! The pods of the chart.

use crate::render::{EVERYTHING, IMAGE, objects, of_kind, template};
use k8s_openapi::api::{
    apps::v1::Deployment, core::v1::PodSpec, policy::v1::PodDisruptionBudget, rbac::v1::Role,
};

fn pods() -> Vec<PodSpec> {
    let deployments: Vec<Deployment> = of_kind(&objects(EVERYTHING).unwrap());
    deployments
        .into_iter()
        .map(|deployment| deployment.spec.unwrap().template.spec.unwrap())
        .collect()
}

#[test]
fn every_container_has_requests_and_limits() {
    for container in pods().into_iter().flat_map(|pod| pod.containers) {
        let resources = container.resources.unwrap();
        for amounts in [resources.requests.unwrap(), resources.limits.unwrap()] {
            assert!(
                amounts.contains_key("cpu") && amounts.contains_key("memory"),
                "{}",
                container.name
            );
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
        assert!(
            container
                .ports
                .iter()
                .flatten()
                .all(|port| port.host_port.is_none())
        );
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
        assert!(
            tolerations
                .iter()
                .any(|toleration| toleration.key.as_deref() == Some("node.kubernetes.io/unschedulable"))
        );
        let affinity = serde_json::to_string(&pod.affinity).unwrap();
        assert!(
            affinity.contains("kubernetes.io/os") && affinity.contains("amd64"),
            "{affinity}"
        );
        assert_eq!(
            pod.topology_spread_constraints.unwrap()[0].topology_key,
            "kubernetes.io/hostname"
        );
    }
}

#[test]
fn an_affinity_of_the_user_is_added_to_ours() {
    const TERM: &str = "controller.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey=zone";
    let deployments: Vec<Deployment> = of_kind(&objects(&[IMAGE, TERM]).unwrap());
    let affinity = deployments[0]
        .spec
        .as_ref()
        .unwrap()
        .template
        .spec
        .as_ref()
        .unwrap()
        .affinity
        .as_ref()
        .unwrap();
    assert!(affinity.pod_anti_affinity.is_some());
    assert!(affinity.node_affinity.is_some());
}

#[test]
fn every_selector_selects_its_own_pods_only() {
    let objects = objects(EVERYTHING).unwrap();
    let deployments: Vec<Deployment> = of_kind(&objects);
    let labels: Vec<_> = deployments
        .iter()
        .map(|deployment| {
            deployment
                .spec
                .as_ref()
                .unwrap()
                .template
                .metadata
                .as_ref()
                .unwrap()
                .labels
                .clone()
                .unwrap()
        })
        .collect();
    for deployment in &deployments {
        let selector = deployment
            .spec
            .as_ref()
            .unwrap()
            .selector
            .match_labels
            .clone()
            .unwrap();
        let selected = labels
            .iter()
            .filter(|labels| selector.iter().all(|(key, value)| labels.get(key) == Some(value)));
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
    let container = &deployments[0]
        .spec
        .as_ref()
        .unwrap()
        .template
        .spec
        .as_ref()
        .unwrap()
        .containers[0];
    let namespaces = container
        .env
        .iter()
        .flatten()
        .find(|variable| variable.name == "MENDIX_NAMESPACES")
        .unwrap();
    assert_eq!(namespaces.value.as_deref(), Some("mendix-system"));
}
