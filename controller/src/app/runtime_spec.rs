//! The Runtime of an app: its settings, and the results of the other children. Pure.

use crate::metadata;
use kube::ResourceExt;
use kube::api::ObjectMeta;
use mendix_model::crd::runtime::{RuntimeResources, SecretStore};
use mendix_model::crd::{BuildStatus, MendixApp, Runtime, RuntimeSpec};
use mendix_model::names;

/// Results of the other children.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    pub(crate) build: BuildStatus,
    pub(crate) url: Option<String>,
    pub(crate) database_secret: Option<String>,
    pub(crate) file_secret: Option<String>,
    pub(crate) secret_store: Option<SecretStore>,
}

/// Pods that the app asks for.
pub(crate) fn replicas(app: &MendixApp) -> i32 {
    app.spec.replicas.unwrap_or(1)
}

pub(crate) fn runtime(app: &MendixApp, spec: RuntimeSpec) -> Runtime {
    let name = app.name_any();
    let author = metadata::author(app).map(|(_, author)| (names::REQUESTED_BY_ANNOTATION.to_owned(), author));
    Runtime {
        metadata: ObjectMeta {
            annotations: author.map(|author| [author].into()),
            ..metadata::owned(app, &name, name.clone())
        },
        spec,
        status: None,
    }
}

/// Everything anew. Nothing when the build has never made an image.
pub(crate) fn spec(app: &MendixApp, results: Results) -> Option<RuntimeSpec> {
    let spec = app.spec.clone();
    let general = |all: Option<mendix_model::crd::common::ForAllPods>| all.and_then(|all| all.general);
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
