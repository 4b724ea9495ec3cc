//! Every derived name, label and annotation, in one place.
//!
//! Names and labels of the official operator are those of the Mendix documentation ("Technical appendix",
//! "Portable app distribution: moving to Helm"); names with prefix `kubectl-mendix.io` are ours.

use crate::crd::storage::Purpose;
use std::collections::BTreeMap;

/// The one `OperatorConfiguration` of a namespace.
pub const OPERATOR_CONFIGURATION: &str = "mendix-operator-configuration";
/// Field manager of the controller in server-side applies.
pub const FIELD_MANAGER: &str = "mendix-controller";
/// Default account of provisioner pods.
pub const STORAGE_PROVISIONER_ACCOUNT: &str = "mendix-storage-provisioner";
/// Default account of build pods.
pub const BUILDER_ACCOUNT: &str = "mendix-builder";
/// Finalizer on storage instances, as of operator 2.20.
pub const STORAGE_FINALIZER: &str = "privatecloud.mendix.com/storage-provisioner";

/// Scheduling gate of every pod of an environment: while it is there, the pod runs nothing.
pub const GATE: &str = "kubectl-mendix.io/gate";
/// Finalizer of every pod whose gate was opened: while it is there, its processes may run.
pub const ACTIVE_FINALIZER: &str = "kubectl-mendix.io/active";
/// Uid of the claim that marked a gated pod while adopting: whatever was decided of the pod before is void.
pub const CLAIM_MARK_ANNOTATION: &str = "kubectl-mendix.io/claim";
/// Which container of a plain pod runs the app, where several might.
pub const CONTAINER_ANNOTATION: &str = "kubectl-mendix.io/container";
/// `true` on the pods of a plain workload: the webhook puts the guard before the app (docs/lease.md).
pub const INJECT_GUARD_ANNOTATION: &str = "kubectl-mendix.io/inject-guard";
/// On a plain pod, from the moment on at which its gate opens: what its guard is told ([`crate::lease::Told`]), as JSON.
pub const LEASE_ANNOTATION: &str = "kubectl-mendix.io/lease";
/// On pods of an app: the restart that they came about by, where there was one.
pub const RESTART_ANNOTATION: &str = "kubectl-mendix.io/restart";
/// Claim of the database that the pods of a template name.
pub const DATABASE_ANNOTATION: &str = "kubectl-mendix.io/database";

/// Finalizer of claims: only the controller gives one up, and only when nothing may run under it.
pub const CLAIM_FINALIZER: &str = "kubectl-mendix.io/claim";
/// Finalizer of environments, for as long as a pod or a claim is left.
pub const ENVIRONMENT_FINALIZER: &str = "kubectl-mendix.io/environment";
/// Namespace that an object without one belongs to.
pub const NAMESPACE_LABEL: &str = "kubectl-mendix.io/namespace";

/// On a namespace: whether plain manifests in it are guarded.
pub const GUARD_LABEL: &str = "kubectl-mendix.io/guard";
/// Pods with our labels are born with the gate.
pub const GUARD_ENABLED: &str = "enabled";
/// No more pods are born with the gate; those that wait are let start, and then all are let go.
pub const GUARD_LEAVING: &str = "leaving";
/// Annotation with the reason why somebody took gate or finalizer off a pod by hand.
pub const BREAK_GLASS_ANNOTATION: &str = "kubectl-mendix.io/break-glass";
/// Annotation of a Deployment that an uninstall has paused, to take the gate from its template without a restart.
pub const PAUSED_ANNOTATION: &str = "kubectl-mendix.io/paused";

/// Environment (app) that an object belongs to.
pub const ENVIRONMENT_LABEL: &str = "kubectl-mendix.io/environment";

/// Toleration of every pod of an environment, with the environment's name as its value. It tolerates a taint that no
/// node has: it is there because a copy keeps it whose labels and annotations a tool has dropped, and because the API
/// server lets nobody take a toleration off a pod.
pub const ENVIRONMENT_TOLERATION: &str = ENVIRONMENT_LABEL;
/// `leader`, `worker`, `peer` or `ordinal`.
pub const ROLE_LABEL: &str = "kubectl-mendix.io/role";
/// Model of an image or pod: see [`model_of`].
pub const MODEL_LABEL: &str = "kubectl-mendix.io/model";
/// Storage instance that a task's Secret belongs to.
pub const STORAGE_INSTANCE_LABEL: &str = "kubectl-mendix.io/storage-instance";
/// What a pod or Secret is: see [`Component`].
pub const COMPONENT_LABEL: &str = "kubectl-mendix.io/component";
/// Hash of the input that an object was made from.
pub const INPUT_ANNOTATION: &str = "kubectl-mendix.io/input";
/// Annotation of a `Runtime`: field manager that last changed its `MendixApp`.
pub const REQUESTED_BY_ANNOTATION: &str = "kubectl-mendix.io/requested-by";
/// Pod template as it was made, as JSON: a later release of the controller keeps it while the input is the same.
pub const TEMPLATE_ANNOTATION: &str = "kubectl-mendix.io/template";
/// How the pods of an app find their leader: `assigned` or `none`.
pub const LEADER_SELECTION_ANNOTATION: &str = "kubectl-mendix.io/leader-selection";
/// An account of an environment is attached only with this annotation at `true`.
pub const ENVIRONMENT_ACCOUNT_ANNOTATION: &str = "privatecloud.mendix.com/environment-account";
/// A Secret of an environment's name is its secret store only with this annotation at `true`.
pub const ENVIRONMENT_SECRET_ANNOTATION: &str = "privatecloud.mendix.com/environment-secret";
/// A `SecretProviderClass` of an environment's name is its secret store only with this annotation at `true`.
pub const ENVIRONMENT_CLASS_ANNOTATION: &str = "privatecloud.mendix.com/environment-class";
/// On such a `SecretProviderClass`: JDBC address of the database that its files name, without user and password.
pub const DATABASE_URL_ANNOTATION: &str = "kubectl-mendix.io/database-jdbc-url";
/// Command of an image, as JSON, in the image's own labels.
pub const COMMAND_LABEL: &str = "kubectl-mendix.io/command";
/// How many layers of an image lie on top of its base, in the image's own labels.
pub const OWN_LAYERS_LABEL: &str = "kubectl-mendix.io/own-layers";
/// Version of the runtime that an image's package wants, in the image's own labels.
pub const RUNTIME_VERSION_LABEL: &str = "kubectl-mendix.io/runtime-version";
/// Version of Java that an image's package wants, in the image's own labels.
pub const JAVA_VERSION_LABEL: &str = "kubectl-mendix.io/java-version";
/// App label of newer official operators.
pub const OFFICIAL_APP_LABEL: &str = "privatecloud.mendix.com/app";
/// Component label of newer official operators.
pub const OFFICIAL_COMPONENT_LABEL: &str = "privatecloud.mendix.com/component";
/// Value of both component labels of official operators.
pub const OFFICIAL_COMPONENT: &str = "mendix-app";

/// Container that runs the app.
pub const RUNTIME_CONTAINER: &str = "mendix";
/// Port of the app.
pub const APP_PORT: i32 = 8080;
/// Name of the app's container port.
pub const APP_PORT_NAME: &str = "mendix-app";
/// Admin port, on loopback only.
pub const ADMIN_PORT: i32 = 9000;
/// Probes and status of the guard.
pub const PROBE_PORT: i32 = 8800;
/// Metrics of the guard.
pub const METRICS_PORT: i32 = 8900;

/// Key of the admin password in [`admin_secret`].
pub const ADMIN_PASSWORD_KEY: &str = "adminpassword";

/// What an object of ours is, for people and for selectors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Component {
    /// Runtime pods and what belongs to them.
    Runtime,
    /// Task pods of storage instances.
    Provisioner,
    /// Build pods.
    Builder,
    /// Pods that only pull an image, to know its digest.
    Puller,
}

impl Component {
    /// Whose pods run no app.
    pub const TASKS: [Self; 3] = [Self::Provisioner, Self::Builder, Self::Puller];

    /// Whether a pod with this value of [`COMPONENT_LABEL`] runs no app.
    pub fn is_task(label: Option<&str>) -> bool {
        Self::TASKS.iter().any(|task| label == Some(task.as_str()))
    }

    /// Value of [`COMPONENT_LABEL`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Provisioner => "provisioner",
            Self::Builder => "builder",
            Self::Puller => "puller",
        }
    }
}

/// Role of a runtime pod.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Updates the schema, runs scheduled events.
    Leader,
    /// Serves requests.
    Worker,
}

impl Role {
    /// Value of [`ROLE_LABEL`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Worker => "worker",
        }
    }

    /// The official operator's word, in Deployment names and label `node-type`.
    pub const fn node_type(self) -> &'static str {
        match self {
            Self::Leader => "master",
            Self::Worker => "worker",
        }
    }
}

/// `<app>-database` or `<app>-file`: storage instance, its task pod and its Secret.
pub fn storage_instance(app: &str, purpose: Purpose) -> String {
    format!("{app}-{}", purpose.as_str())
}

/// `<instance>-deprovision`: the pod that takes a store down.
pub fn deprovision_pod(instance: &str) -> String {
    format!("{instance}-deprovision")
}

/// `<app>-build`: Build and build pod.
pub fn build(app: &str) -> String {
    format!("{app}-build")
}

/// `<app>-master` or `<app>-worker`.
pub fn deployment(app: &str, role: Role) -> String {
    format!("{app}-{}", role.node_type())
}

/// `<app>-m2ee`: Secret with the admin password.
pub fn admin_secret(app: &str) -> String {
    format!("{app}-m2ee")
}

/// Immutable copy of a Secret or configuration, named by its content: `<name>-<10 hex characters>`.
pub fn content_addressed(name: &str, hash: &str) -> String {
    format!("{name}-{}", &hash[..hash.len().min(10)])
}

/// Model of a package: the first 40 hex characters of its SHA-256.
///
/// A label value holds at most 63 characters, so the 64 of the whole digest do not fit; 160 bits do not collide.
pub fn model_of(sha256_hex: &str) -> String {
    sha256_hex.chars().take(40).collect()
}

/// Labels that select the pods of an app, of one role or of both. Never changed: selectors are immutable.
pub fn selector(app: &str, role: Option<Role>) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::from([
        (OFFICIAL_APP_LABEL.to_owned(), app.to_owned()),
        (OFFICIAL_COMPONENT_LABEL.to_owned(), OFFICIAL_COMPONENT.to_owned()),
    ]);
    if let Some(role) = role {
        labels.insert(ROLE_LABEL.to_owned(), role.as_str().to_owned());
    }
    labels
}

/// All labels of a runtime pod: the selector, both official sets, and ours.
pub fn pod_labels(app: &str, role: Role, model: &str) -> BTreeMap<String, String> {
    let mut labels = selector(app, Some(role));
    labels.extend(
        [
            ("app", app),
            ("component", OFFICIAL_COMPONENT),
            ("node-type", role.node_type()),
            (ENVIRONMENT_LABEL, app),
            (COMPONENT_LABEL, Component::Runtime.as_str()),
            (MODEL_LABEL, model),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    labels
}

/// Selector of the pods that no label tells to be of an environment.
pub const UNLABELLED_PODS: &str = "!kubectl-mendix.io/environment";

/// Selector of the pods of an environment: all with its label but those of tasks, which run no app.
pub fn guarded_pods(environment: &str) -> String {
    let tasks = Component::TASKS.map(Component::as_str).join(", ");
    format!("{ENVIRONMENT_LABEL}={environment},{COMPONENT_LABEL} notin ({tasks})")
}

/// A selector as text: `a=b,c=d`.
pub fn selector_text(labels: &BTreeMap<String, String>) -> String {
    labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_official_operator() {
        assert_eq!(storage_instance("shop", Purpose::Database), "shop-database");
        assert_eq!(storage_instance("shop", Purpose::File), "shop-file");
        assert_eq!(build("shop"), "shop-build");
        assert_eq!(deployment("shop", Role::Leader), "shop-master");
        assert_eq!(deployment("shop", Role::Worker), "shop-worker");
        assert_eq!(admin_secret("shop"), "shop-m2ee");
    }

    #[test]
    fn a_model_fits_into_a_label() {
        let model = model_of(&"a".repeat(64));
        assert_eq!(model.len(), 40);
    }

    #[test]
    fn every_selector_selects_its_pods() {
        for role in [Role::Leader, Role::Worker] {
            let labels = pod_labels("shop", role, "m");
            assert!(
                selector("shop", Some(role))
                    .iter()
                    .all(|(key, value)| labels.get(key) == Some(value))
            );
            assert!(
                selector("shop", None)
                    .iter()
                    .all(|(key, value)| labels.get(key) == Some(value))
            );
        }
    }

    #[test]
    fn roles_never_select_each_other() {
        let worker = pod_labels("shop", Role::Worker, "m");
        assert!(
            selector("shop", Some(Role::Leader))
                .iter()
                .any(|(key, value)| worker.get(key) != Some(value))
        );
    }
}
