//! The children of an app, and how far they are. Pure.

use super::secret_store;
use crate::apply::controller_of;
use crate::metadata::{self, is_leaving};
use crate::report::Conditioned;
use kube::core::object::HasStatus;
use kube::{Resource, ResourceExt};
use mendix_model::conditions::{self, Progress};
use mendix_model::crd::runtime::SecretStore;
use mendix_model::crd::storage::{Purpose, TaskPhase};
use mendix_model::crd::{
    Build, BuildSpec, Endpoint, EndpointSpec, MendixApp, StorageInstance, StorageInstanceSpec,
};
use mendix_model::names;

/// The store for a purpose, nothing when the secret store says where it is, or the sentence that says what is not set.
pub(crate) fn store(
    app: &MendixApp,
    purpose: Purpose,
    observed: Option<&StorageInstance>,
    secret_store: Option<&SecretStore>,
) -> Result<Option<StorageInstance>, String> {
    let name = app.name_any();
    let (field, plan) = match purpose {
        Purpose::Database => ("spec.database.servicePlan", &app.spec.database),
        Purpose::File => ("spec.storage.servicePlan", &app.spec.storage),
    };
    let plan = plan
        .as_ref()
        .and_then(|plan| plan.service_plan.clone())
        .filter(|plan| !plan.is_empty());
    let Some(wanted) = plan else {
        let problem = || format!("{field} is not set: {}", secret_store::remedy(app));
        return secret_store.map(|_| None).ok_or_else(problem);
    };
    // A store stays where its data is, whatever the app says later.
    let kept = observed
        .filter(|instance| !may_move(instance))
        .map(|instance| instance.spec.plan_name.clone());
    let spec = StorageInstanceSpec {
        plan_name: kept.unwrap_or(wanted),
        purpose,
        environment: name.clone(),
    };
    Ok(Some(StorageInstance {
        metadata: metadata::owned(app, &name, names::storage_instance(&name, purpose)),
        spec,
        status: None,
    }))
}

/// Nothing was made yet, or what was made has failed and was rolled back.
fn may_move(instance: &StorageInstance) -> bool {
    let status = instance.status.clone().unwrap_or_default();
    status.secret_name.is_none()
        && matches!(status.phase, None | Some(TaskPhase::Pending | TaskPhase::Failed))
}

pub(crate) fn build(app: &MendixApp) -> Result<Build, String> {
    let name = app.name_any();
    let source = app.spec.source_url.clone().filter(|url| !url.is_empty());
    let source_url =
        source.ok_or("spec.sourceURL is not set: name a package (http, https) or an image (oci-image)")?;
    Ok(Build {
        metadata: metadata::owned(app, &name, names::build(&name)),
        spec: BuildSpec {
            source_url,
            source_version: app.spec.source_version.clone(),
            environment: name,
        },
        status: None,
    })
}

pub(crate) fn endpoint(app: &MendixApp) -> Endpoint {
    let (name, spec) = (app.name_any(), app.spec.clone());
    Endpoint {
        metadata: metadata::owned(app, &name, name.clone()),
        spec: EndpointSpec {
            environment: name,
            app_url: spec.app_url,
            tls: spec.tls,
            service_annotations: spec.service_annotations,
            endpoint_annotations: spec.endpoint_annotations,
            ingress_class_name: spec.ingress_class_name,
            ingress_path: spec.ingress_path,
            ingress_path_type: spec.ingress_path_type,
        },
        status: None,
    }
}

/// How far a child is towards what the app wants now.
///
/// `same` tells whether its spec is already the wanted one: the status of another spec says nothing.
pub(crate) fn progress<K>(app: &MendixApp, observed: Option<&K>, same: bool) -> Progress
where
    K: Resource<DynamicType = ()> + HasStatus,
    K::Status: Conditioned,
{
    let Some(child) = observed else {
        return Progress::working("Creating", "being made");
    };
    let owner = controller_of(child.meta());
    if is_leaving(child) || owner.is_some_and(|owner| Some(&owner.uid) != app.meta().uid.as_ref()) {
        return Progress::working("Leaving", "waiting for that of an earlier app to be gone");
    }
    if !same {
        return Progress::working("Updating", "being changed");
    }
    let conditions = child.status().map(Conditioned::conditions).unwrap_or_default();
    conditions::progress(conditions, child.meta().generation)
}
