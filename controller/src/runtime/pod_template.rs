//! The pod template of runtime pods. Pure. Fits into Pod Security level `restricted`.

use super::copies::Copies;
use super::observe::Observed;
use super::{environment, intent, probes, secret_store, volumes};
use crate::task_pod::{container_security, mount, pod_security, requirements};
use crate::toleration;
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, LocalObjectReference, PodSchedulingGate, PodSpec, PodTemplateSpec,
    TopologySpreadConstraint,
};
use kube::api::ObjectMeta;
use mendix_model::crd::Runtime;
use mendix_model::crd::common::{ForAllPods, Resources, StringMap};
use mendix_model::defaults;
use mendix_model::manifest::guard_program;
use mendix_model::names::{self, Role};
use mendix_model::runtime_configuration::GUARD_FOLDER;

pub(crate) fn pod_template(
    runtime: &Runtime,
    observed: &Observed,
    copies: &Copies,
    role: Role,
) -> PodTemplateSpec {
    PodTemplateSpec {
        metadata: Some(metadata(runtime, observed, role)),
        spec: Some(pod(runtime, observed, copies, role)),
    }
}

/// Custom labels and annotations first, ours over them: selectors and the role depend on ours.
fn metadata(runtime: &Runtime, observed: &Observed, role: Role) -> ObjectMeta {
    let (configuration, spec) = (&observed.configuration, &runtime.spec);
    let mut labels = general(configuration.custom_pod_labels.as_ref());
    labels.extend(spec.pod_labels.clone().unwrap_or_default());
    labels.extend(names::pod_labels(&spec.environment, role, &spec.model));
    let mut annotations = general(configuration.custom_pod_annotations.as_ref());
    annotations.extend(
        configuration
            .runtime_deployment_pod_annotations
            .clone()
            .unwrap_or_default(),
    );
    annotations.extend(spec.pod_annotations.clone().unwrap_or_default());
    let mode = spec.leader_selection.unwrap_or_default().as_str().to_owned();
    annotations.insert(names::LEADER_SELECTION_ANNOTATION.to_owned(), mode);
    let claim = observed.claim.clone().unwrap_or_default();
    annotations.insert(names::DATABASE_ANNOTATION.to_owned(), claim);
    if let Some(restart) = intent::restart(observed) {
        annotations.insert(names::RESTART_ANNOTATION.to_owned(), restart.to_owned());
    }
    ObjectMeta {
        labels: Some(labels),
        annotations: Some(annotations),
        ..ObjectMeta::default()
    }
}

fn general(all: Option<&ForAllPods>) -> StringMap {
    all.and_then(|all| all.general.clone()).unwrap_or_default()
}

fn pod(runtime: &Runtime, observed: &Observed, copies: &Copies, role: Role) -> PodSpec {
    let (configuration, spec) = (&observed.configuration, &runtime.spec);
    let mut node_selector = general(configuration.custom_pod_node_selector.as_ref());
    node_selector.extend(spec.node_selector.clone().unwrap_or_default());
    let resources = resources(runtime, observed);
    let (volumes, mounts) = volumes::volumes(runtime, copies, &resources);
    PodSpec {
        // Written here, so that these pods are born closed, and known by their copies, with no admission at all.
        scheduling_gates: Some(vec![PodSchedulingGate {
            name: names::GATE.to_owned(),
        }]),
        tolerations: Some(vec![toleration::own(&spec.environment)]),
        init_containers: Some(vec![guard_install(observed)]),
        containers: vec![Container {
            volume_mounts: Some(mounts),
            resources: Some(requirements(&resources)),
            ..container(runtime, observed, role)
        }],
        volumes: Some(volumes),
        service_account_name: observed.account.then(|| spec.environment.clone()),
        automount_service_account_token: Some(
            configuration
                .runtime_automount_service_account_token
                .unwrap_or(false),
        ),
        enable_service_links: Some(false),
        image_pull_secrets: pull_secret(observed).map(|secret| vec![secret]),
        node_selector: Some(node_selector).filter(|selector| !selector.is_empty()),
        topology_spread_constraints: spread(runtime),
        // The guard waits for the delay first and counts the grace from there; the kubelet counts both.
        termination_grace_period_seconds: Some(grace(observed).saturating_add(delay(observed))),
        security_context: Some(pod_security()),
        ..PodSpec::default()
    }
}

/// Seconds that a runtime may take to stop.
pub(crate) fn grace(observed: &Observed) -> i64 {
    let configured = observed.configuration.runtime_termination_grace_period_seconds;
    configured.unwrap_or(defaults::TERMINATION_GRACE_PERIOD_SECONDS)
}

/// Seconds that an app goes on serving after it was asked to stop.
pub(crate) fn delay(observed: &Observed) -> i64 {
    observed
        .configuration
        .runtime_termination_delay_seconds
        .unwrap_or(defaults::TERMINATION_DELAY_SECONDS)
}

fn pull_secret(observed: &Observed) -> Option<LocalObjectReference> {
    let name = observed.configuration.registry.as_ref()?.secret_name.clone()?;
    Some(LocalObjectReference { name })
}

fn spread(runtime: &Runtime) -> Option<Vec<TopologySpreadConstraint>> {
    runtime
        .spec
        .topology_spread_constraints
        .clone()
        .filter(|all| !all.is_empty())
}

/// Hands the guard over. Our image has no shell to copy with, so the guard copies itself.
fn guard_install(observed: &Observed) -> Container {
    let word = |text: &str| text.to_owned();
    Container {
        name: "guard-install".to_owned(),
        image: Some(observed.image.clone()),
        command: Some(vec![
            word("/mendix"),
            word("guard"),
            word("install"),
            word(GUARD_FOLDER),
        ]),
        resources: Some(requirements(&defaults::guard_install_resources())),
        security_context: Some(container_security(true)),
        volume_mounts: Some(vec![mount(volumes::GUARD, GUARD_FOLDER, false)]),
        ..Container::default()
    }
}

fn container(runtime: &Runtime, observed: &Observed, role: Role) -> Container {
    let spec = &runtime.spec;
    let read_only = spec.read_only_root_filesystem.unwrap_or(false);
    Container {
        name: names::RUNTIME_CONTAINER.to_owned(),
        image: Some(spec.image.clone()),
        command: Some(vec![guard_program(), "guard".to_owned(), "run".to_owned()]),
        env: Some(
            [
                environment::variables(runtime, role),
                secret_store::variables(runtime, observed),
                vec![environment::lease(runtime, observed)],
            ]
            .concat(),
        ),
        ports: Some(ports()),
        liveness_probe: Some(probes::liveness(&observed.configuration)),
        readiness_probe: Some(probes::readiness(&observed.configuration)),
        security_context: Some(container_security(read_only)),
        ..Container::default()
    }
}

fn ports() -> Vec<ContainerPort> {
    [
        (names::APP_PORT_NAME, names::APP_PORT),
        ("probes", names::PROBE_PORT),
        ("metrics", names::METRICS_PORT),
    ]
    .map(|(name, port)| ContainerPort {
        name: Some(name.to_owned()),
        container_port: port,
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    })
    .into()
}

/// The app's over the configuration's over the documented ones.
pub(crate) fn resources(runtime: &Runtime, observed: &Observed) -> Resources {
    let own = runtime.spec.resources.as_ref().map(|own| Resources {
        limits: own.limits.clone(),
        requests: own.requests.clone(),
    });
    let configured = observed.configuration.runtime_resources.as_ref();
    defaults::merged(
        own.as_ref(),
        &defaults::merged(configured, &defaults::runtime_resources()),
    )
}

#[cfg(test)]
#[path = "pod_template_tests.rs"]
mod tests;
