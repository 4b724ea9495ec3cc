//! The pod of a task: what provisioners and builds have in common. Fits into Pod Security level `restricted`.

use crate::configuration::{AUTHORITIES_KEY, PodExtras};
use crate::proxy;
use k8s_openapi::api::core::v1::{
    Capabilities, Container, EmptyDirVolumeSource, EnvVar, KeyToPath, Pod, PodSecurityContext, PodSpec,
    ResourceRequirements, SeccompProfile, SecretVolumeSource, SecurityContext, Volume, VolumeMount,
};
use kube::api::ObjectMeta;
use mendix_model::crd::common::Resources;
use mendix_model::crd::quantity::Quantities;
use mendix_model::names::{self, Component};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the one container.
const CONTAINER: &str = "task";

/// Folder with the certificates of `trust.customCASecretName`.
const TRUST_FOLDER: &str = "/run/mendix/trust";
/// The authorities that an image brings along, where most have them.
const IMAGE_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What differs between tasks.
pub(crate) struct TaskPod {
    /// Name, namespace, labels, owner.
    pub(crate) metadata: ObjectMeta,
    pub(crate) component: Component,
    /// Value of the annotation by which a pod of another input is told.
    pub(crate) input: String,
    pub(crate) image: String,
    pub(crate) command: Option<Vec<String>>,
    pub(crate) args: Option<Vec<String>>,
    pub(crate) env: Vec<EnvVar>,
    pub(crate) service_account_name: String,
    pub(crate) resources: Resources,
    pub(crate) secrets: Vec<MountedSecret>,
    pub(crate) extras: PodExtras,
}

/// A Secret as a folder.
pub(crate) struct MountedSecret {
    pub(crate) name: String,
    pub(crate) folder: &'static str,
    /// Key and file, when the file is not named as the key.
    pub(crate) item: Option<(&'static str, &'static str)>,
    /// Start also when there is no such Secret.
    pub(crate) optional: bool,
}

/// Builds the pod.
pub(crate) fn task_pod(task: TaskPod) -> Pod {
    let metadata = metadata(&task);
    let trusted = task.extras.authorities.as_deref().map(trusted);
    let (mut volumes, mut mounts): (Vec<_>, Vec<_>) = task
        .secrets
        .iter()
        .chain(&trusted)
        .enumerate()
        .map(secret_volume)
        .unzip();
    volumes.push(empty_dir("tmp", None));
    mounts.push(mount("tmp", "/tmp", false));
    let container = Container {
        name: CONTAINER.to_owned(),
        image: Some(task.image),
        command: task.command,
        args: task.args,
        env: Some(environment(task.env, &task.extras)),
        resources: Some(requirements(&task.resources)),
        security_context: Some(container_security(true)),
        volume_mounts: Some(mounts),
        ..Container::default()
    };
    Pod {
        metadata,
        spec: Some(PodSpec {
            containers: vec![container],
            volumes: Some(volumes),
            // A task is not repeated by itself: its leavings are looked at first.
            restart_policy: Some("Never".to_owned()),
            service_account_name: Some(task.service_account_name),
            enable_service_links: Some(false),
            node_selector: Some(task.extras.node_selector).filter(|selector| !selector.is_empty()),
            security_context: Some(pod_security()),
            ..PodSpec::default()
        }),
        ..Pod::default()
    }
}

/// Custom labels and annotations first, ours over them: nobody may relabel a task.
fn metadata(task: &TaskPod) -> ObjectMeta {
    let mut labels = task.extras.labels.clone();
    labels.extend(task.metadata.labels.clone().unwrap_or_default());
    labels.insert(
        names::COMPONENT_LABEL.to_owned(),
        task.component.as_str().to_owned(),
    );
    let mut annotations = task.extras.annotations.clone();
    annotations.insert(names::INPUT_ANNOTATION.to_owned(), task.input.clone());
    ObjectMeta {
        labels: Some(labels),
        annotations: Some(annotations),
        ..task.metadata.clone()
    }
}

/// Certificates for the client libraries of a task.
fn trusted(name: &str) -> MountedSecret {
    MountedSecret {
        name: name.to_owned(),
        folder: TRUST_FOLDER,
        // OpenSSL and what follows it take only files of such names from a folder; Go takes all.
        item: Some((AUTHORITIES_KEY, "00000000.0")),
        // Without it the task says which server it does not trust; a pod that waits for a mount says nothing.
        optional: true,
    }
}

/// What the plan says first. Of trust both variables: with one alone, some libraries would no longer trust the
/// authorities of the image.
fn environment(own: Vec<EnvVar>, extras: &PodExtras) -> Vec<EnvVar> {
    let trust = [
        ("SSL_CERT_DIR", TRUST_FOLDER),
        ("SSL_CERT_FILE", IMAGE_AUTHORITIES),
    ];
    let trust = trust.map(|(name, value)| variable(name, value));
    let trust = trust.into_iter().filter(|_| extras.authorities.is_some());
    let proxy = proxy::variables(extras.proxy.as_ref());
    let named: BTreeSet<_> = own.iter().map(|it| it.name.clone()).collect();
    let more = trust.chain(proxy).filter(|it| !named.contains(&it.name));
    let more: Vec<_> = more.collect();
    own.into_iter().chain(more).collect()
}

fn secret_volume((index, secret): (usize, &MountedSecret)) -> (Volume, VolumeMount) {
    let name = format!("secret-{index}");
    let volume = Volume {
        name: name.clone(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret.name.clone()),
            optional: Some(secret.optional),
            items: secret.item.map(|(key, path)| {
                vec![KeyToPath {
                    key: key.to_owned(),
                    path: path.to_owned(),
                    mode: None,
                }]
            }),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    };
    (volume, mount(&name, secret.folder, true))
}

/// A literal variable.
pub(crate) fn variable(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: Some(value.into()),
        value_from: None,
    }
}

/// A volume that lives as long as its pod.
pub(crate) fn empty_dir(name: &str, size_limit: Option<&str>) -> Volume {
    Volume {
        name: name.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: size_limit
                .map(|size| k8s_openapi::apimachinery::pkg::api::resource::Quantity(size.to_owned())),
            ..EmptyDirVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// A whole volume at a path.
pub(crate) fn mount(volume: &str, path: &str, read_only: bool) -> VolumeMount {
    VolumeMount {
        name: volume.to_owned(),
        mount_path: path.to_owned(),
        read_only: Some(read_only),
        ..VolumeMount::default()
    }
}

/// Requests and limits in the form of a container.
pub(crate) fn requirements(resources: &Resources) -> ResourceRequirements {
    let quantities = |quantities: Option<&Quantities>| {
        quantities.map(|all| {
            all.iter()
                .map(|(name, quantity)| (name.clone(), quantity.into()))
                .collect::<BTreeMap<_, _>>()
        })
    };
    ResourceRequirements {
        limits: quantities(resources.limits.as_ref()),
        requests: quantities(resources.requests.as_ref()),
        claims: None,
    }
}

/// Without user and group: the image's own number, or what the platform assigns.
pub(crate) fn pod_security() -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..PodSecurityContext::default()
    }
}

/// No privilege, no capability.
pub(crate) fn container_security(read_only_root: bool) -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            add: None,
        }),
        read_only_root_filesystem: Some(read_only_root),
        ..SecurityContext::default()
    }
}
