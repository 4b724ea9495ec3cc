//! Writes. Every write may be repeated: a crash between two of them is mended by the next reconcile.

use crate::context::Context;
use crate::drift::Decision;
use crate::error::Error;
use crate::metadata::{is_leaving, namespace, what};
use crate::read::Namespaced;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::ResourceExt;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::{PartialObjectMeta, Status};
use mendix_model::names;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Writes the objects of one reconcile.
pub(crate) struct Writer<'a> {
    context: &'a Context,
    now: Timestamp,
    wait: Option<Duration>,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(context: &'a Context, now: Timestamp) -> Self {
        Self {
            context,
            now,
            wait: None,
        }
    }

    /// When to look again at something that others keep changing.
    pub(crate) const fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// Server-side apply of our fields; no write when they are as we left them.
    pub(crate) async fn apply<K: Namespaced + Serialize>(&mut self, desired: &K) -> Result<(), Error> {
        let (name, namespace) = (desired.name_any(), namespace(desired));
        let wanted = value(&what::<K>(&name), desired)?;
        let current = crate::read::optional::<K>(self.context, &namespace, &name).await?;
        match self.decide(desired, &wanted, current.as_ref())? {
            Decision::Skip => Ok(()),
            Decision::Wait(time) => {
                self.wait = Some(self.wait.map_or(time, |wait| wait.min(time)));
                Ok(())
            }
            Decision::Write => self.write::<K>(&namespace, &name, &wanted).await,
        }
    }

    fn decide<K: Namespaced + Serialize>(
        &self,
        desired: &K,
        wanted: &Value,
        current: Option<&K>,
    ) -> Result<Decision, Error> {
        let Some(current) = current else {
            return Ok(Decision::Write);
        };
        let (name, namespace) = (desired.name_any(), namespace(desired));
        refuse_foreign(&what::<K>(&name), desired.meta(), current.meta())?;
        let stored = value(&what::<K>(&name), current)?;
        Ok(self
            .context
            .drift
            .decide(&key::<K>(&namespace, &name), wanted, &stored, self.now))
    }

    async fn write<K: Namespaced + Serialize>(
        &self,
        namespace: &str,
        name: &str,
        wanted: &Value,
    ) -> Result<(), Error> {
        let parameters = PatchParams::apply(names::FIELD_MANAGER).force();
        let written = self
            .context
            .api::<K>(namespace)
            .patch(name, &parameters, &Patch::Apply(wanted))
            .await;
        let stored = value(
            &what::<K>(name),
            &written.map_err(|error| refused::<K>(name, error))?,
        )?;
        self.context
            .drift
            .remember(&key::<K>(namespace, name), wanted, &stored, self.now);
        Ok(())
    }

    /// Creates an object that is never changed afterwards; one that is there already is left as it is.
    pub(crate) async fn create<K: Namespaced + Serialize>(&self, desired: &K) -> Result<(), Error> {
        let parameters = PostParams {
            field_manager: Some(names::FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        match self
            .context
            .api::<K>(&namespace(desired))
            .create(&parameters, desired)
            .await
        {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(()),
            Err(error) => Err(refused::<K>(&desired.name_any(), error)),
        }
    }

    /// Deletes exactly the object that was seen, never a later one of the same name.
    pub(crate) async fn delete<K: Namespaced>(&self, seen: &K) -> Result<(), Error> {
        if is_leaving(seen) {
            return Ok(());
        }
        self.delete_seen::<K>(seen.meta()).await
    }

    /// As [`Self::delete`], for an object of which only the metadata was read.
    pub(crate) async fn delete_seen<K: Namespaced>(&self, seen: &ObjectMeta) -> Result<(), Error> {
        let name = seen.name.clone().unwrap_or_default();
        let namespace = seen.namespace.clone().unwrap_or_default();
        let parameters = DeleteParams {
            preconditions: Some(Preconditions {
                uid: seen.uid.clone(),
                resource_version: None,
            }),
            ..DeleteParams::background()
        };
        self.context.drift.forget(&key::<K>(&namespace, &name));
        match self.context.api::<K>(&namespace).delete(&name, &parameters).await {
            Ok(_) => Ok(()),
            // Not found: gone already. Conflict: another object has the name by now.
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => Ok(()),
            Err(error) => Err(refused::<K>(&name, error)),
        }
    }

    /// Sets the finalizers of an object, unless it has changed since it was read.
    pub(crate) async fn set_finalizers<K: Namespaced>(&self, seen: &K, all: &[String]) -> Result<(), Error> {
        let name = seen.name_any();
        // A merge patch replaces the whole list; the resource version keeps it from undoing another's change.
        let patch = json!({ "metadata": { "resourceVersion": seen.resource_version(), "finalizers": all } });
        let parameters = PatchParams {
            field_manager: Some(names::FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let api = self.context.api::<PartialObjectMeta<K>>(&namespace(seen));
        match api.patch(&name, &parameters, &Patch::Merge(patch)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(refused::<K>(&name, error)),
        }
    }
}

fn key<K: Namespaced>(namespace: &str, name: &str) -> String {
    format!("{} {namespace}/{name}", K::kind(&()))
}

fn value<T: Serialize>(what: &str, object: &T) -> Result<Value, Error> {
    serde_json::to_value(object).map_err(|source| Error::Serialise {
        what: what.to_owned(),
        source,
    })
}

/// Kinds that hold credentials: a `Route` has the private key of its certificate.
const SECRET: [&str; 2] = ["Secret", "Route"];

/// Refusals of an object with credentials may quote what was refused, so only their code is told, and which fields.
fn refused<K: Namespaced>(name: &str, error: kube::Error) -> Error {
    if !SECRET.contains(&K::kind(&()).as_ref()) {
        return Error::write(what::<K>(name))(error);
    }
    let (code, fields) = match error {
        kube::Error::Api(status) => (status.code, fields(&status)),
        _ => (0, Vec::new()),
    };
    Error::WriteSecret {
        what: what::<K>(name),
        code,
        fields,
    }
}

/// Paths of fields and words for what is wrong with them, without the sentences that quote their values.
fn fields(status: &Status) -> Vec<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let named = causes.filter(|cause| !cause.field.is_empty());
    named
        .map(|cause| format!("{} {}", cause.field, cause.reason))
        .collect()
}

/// An object that somebody else controls, or that is going, is not taken over.
fn refuse_foreign(what: &str, desired: &ObjectMeta, current: &ObjectMeta) -> Result<(), Error> {
    let leaving = || Error::Leaving {
        what: what.to_owned(),
    };
    if current.deletion_timestamp.is_some() {
        return Err(leaving());
    }
    match (controller_of(current), controller_of(desired)) {
        (Some(theirs), Some(ours)) if theirs.uid != ours.uid => {
            // The same owner's name with another uid is an app that was deleted and made again.
            let earlier = theirs.kind == ours.kind && theirs.name == ours.name;
            Err(if earlier { leaving() } else { foreign(what, theirs) })
        }
        _ => Ok(()),
    }
}

fn foreign(what: &str, owner: &OwnerReference) -> Error {
    Error::Foreign {
        what: what.to_owned(),
        owner: format!("{} {}", owner.kind, owner.name),
    }
}

/// The owner that controls an object.
pub(crate) fn controller_of(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata
        .owner_references
        .iter()
        .flatten()
        .find(|reference| reference.controller == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn owned_by(kind: &str, name: &str, uid: &str) -> ObjectMeta {
        ObjectMeta {
            owner_references: Some(vec![OwnerReference {
                kind: kind.to_owned(),
                name: name.to_owned(),
                uid: uid.to_owned(),
                controller: Some(true),
                ..OwnerReference::default()
            }]),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn a_refused_route_is_told_by_its_fields_and_never_by_its_key() {
        use crate::endpoint::Route;
        let status = serde_json::json!({
            "status": "Failure", "code": 422, "reason": "Invalid", "message": "spec.tls.key: Invalid value: hunter2",
            "details": { "causes": [
                { "field": "spec.host", "reason": "FieldValueForbidden", "message": "hunter2" },
            ] },
        });
        let status: Status = serde_json::from_value(status).expect("a status");
        let said = refused::<Route>("shop", kube::Error::Api(Box::new(status))).to_string();
        assert_eq!(
            said,
            "failed to write Route shop: the API server refused it with code 422: spec.host FieldValueForbidden"
        );
    }

    #[rstest]
    #[case::ours(owned_by("Runtime", "shop", "1"), None)]
    #[case::nobodys(ObjectMeta::default(), None)]
    #[case::of_an_earlier_app(owned_by("Runtime", "shop", "0"), Some("Leaving"))]
    #[case::of_another_kind(owned_by("Rollout", "shop", "9"), Some("ForeignObject"))]
    fn objects_of_others_are_not_taken_over(#[case] current: ObjectMeta, #[case] expected: Option<&str>) {
        let desired = owned_by("Runtime", "shop", "1");
        let refused = refuse_foreign("Deployment shop-master", &desired, &current).err();
        assert_eq!(refused.as_ref().map(Error::category), expected);
    }
}
