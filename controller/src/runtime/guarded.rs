//! The Environment of an app: what its gate needs to know. Pure.

use super::observe::Observed;
use super::secret_store;
use crate::metadata;
use kube::api::ObjectMeta;
use mendix_model::crd::{Environment, EnvironmentSpec, Runtime};
use mendix_model::names;

/// The environment of the app. What people intend with it is not ours and stays.
pub(crate) fn environment(runtime: &Runtime) -> Environment {
    let app = &runtime.spec.environment;
    Environment {
        metadata: ObjectMeta {
            finalizers: Some(vec![names::ENVIRONMENT_FINALIZER.to_owned()]),
            ..metadata::owned(runtime, app, app.clone())
        },
        spec: EnvironmentSpec {
            leader_selection: Some(runtime.spec.leader_selection.unwrap_or_default()),
            model: Some(runtime.spec.model.clone()),
            database_secret_name: secret_store::database_secret_name(&runtime.spec).map(ToOwned::to_owned),
            database_jdbc_url: secret_store::database_url(&runtime.spec).map(ToOwned::to_owned),
            ..EnvironmentSpec::default()
        },
        status: None,
    }
}

/// Why a pod waits at the gate.
pub(crate) fn held(observed: &Observed, pod: &str) -> Option<String> {
    let status = observed.environment.as_ref()?.status.as_ref()?;
    let held = status.held.iter().flatten().find(|held| held.pod == pod)?;
    Some(format!("waits at the gate: {} {}", held.rule, held.message))
}
