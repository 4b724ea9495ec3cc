//! What an app runs: its settings, and the results of the other children. Pure.

use crate::crd::runtime::{RuntimeResources, SecretStore};
use crate::crd::{BuildStatus, MendixApp, RuntimeSpec};
use kube::ResourceExt;

/// Results of the other children.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Of the build.
    pub build: BuildStatus,
    /// URL of the endpoint.
    pub url: Option<String>,
    /// Name of the Secret of the database.
    pub database_secret: Option<String>,
    /// Name of the Secret of the file store.
    pub file_secret: Option<String>,
    /// The secret store in place of both.
    pub secret_store: Option<SecretStore>,
}

/// Pods that the app asks for.
pub fn replicas(app: &MendixApp) -> i32 {
    app.spec.replicas.unwrap_or(1)
}

/// Everything anew. Nothing when the build has never made an image.
pub fn spec(app: &MendixApp, results: Results) -> Option<RuntimeSpec> {
    let spec = app.spec.clone();
    let general = |all: Option<crate::crd::common::ForAllPods>| all.and_then(|all| all.general);
    let license = spec
        .runtime
        .as_ref()
        .and_then(|settings| settings.runtime_license.clone());
    let settings = spec.runtime.map(|mut settings| {
        // The official operator keeps the licence among the resources; in two places it could differ.
        settings.runtime_license = None;
        settings
    });
    let mut annotations = general(spec.custom_pod_annotations).unwrap_or_default();
    annotations.extend(spec.runtime_deployment_pod_annotations.unwrap_or_default());
    Some(RuntimeSpec {
        environment: app.name_any(),
        image: results.build.image?,
        model: results.build.model?,
        command: results.build.command,
        runtime_version: results.build.runtime_version,
        replicas: replicas(app),
        leader_selection: spec.runtime_leader_selection,
        application_root_url: results.url,
        database_secret_name: results.database_secret,
        file_secret_name: results.file_secret,
        secret_store: results.secret_store,
        resources: Some(RuntimeResources {
            limits: spec.resources.as_ref().and_then(|it| it.limits.clone()),
            requests: spec.resources.as_ref().and_then(|it| it.requests.clone()),
            runtime_license: license,
        }),
        settings,
        metrics: spec.runtime_metrics_configuration,
        pod_annotations: Some(annotations).filter(|all| !all.is_empty()),
        pod_labels: general(spec.custom_pod_labels),
        node_selector: general(spec.custom_pod_node_selector),
        topology_spread_constraints: spec.topology_spread_constraints,
        deployment_strategy: spec.deployment_strategy,
        pod_disruption_budget: spec.pod_disruption_budget,
        read_only_root_filesystem: spec.runtime_read_only_root_filesystem,
        jvm_memory_settings: spec.jvm_memory_settings,
    })
}
