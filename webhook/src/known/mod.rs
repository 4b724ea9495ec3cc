//! What is known of other objects, in memory: reviews are answered without a question to the API server.
//!
//! Of each object only what rules look at is kept, and no value of a variable.

mod watch;

pub(crate) use watch::watch;

use kube::ResourceExt;
use kube::core::DynamicObject;
use mendix_model::crd::claim::Owner;
use mendix_model::database::Identity;
use mendix_model::manifest::{Database, Kind, Scaler, Workload};
use mendix_model::names;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What is watched.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Subject {
    Deployments,
    StatefulSets,
    DaemonSets,
    Autoscalers,
    Claims,
}

impl Subject {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Deployments,
        Self::StatefulSets,
        Self::DaemonSets,
        Self::Autoscalers,
        Self::Claims,
    ];

    /// Group, version and kind.
    pub(crate) const fn kind(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Deployments => ("apps", "v1", "Deployment"),
            Self::StatefulSets => ("apps", "v1", "StatefulSet"),
            Self::DaemonSets => ("apps", "v1", "DaemonSet"),
            Self::Autoscalers => ("autoscaling", "v2", "HorizontalPodAutoscaler"),
            Self::Claims => ("guard.kubectl-mendix.io", "v1alpha1", "DatabaseClaim"),
        }
    }
}

/// What is kept of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Fact {
    Workload(Box<Workload>),
    Scaler(Scaler),
    Holder(Owner),
}

/// Namespace and name.
type Key = (String, String);

/// What is kept, by what it is of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects(BTreeMap<Subject, BTreeMap<Key, Fact>>);

impl Objects {
    /// Keeps what matters of an object, in place of what was known of it.
    pub(crate) fn put(&mut self, subject: Subject, object: &DynamicObject) {
        let kept = self.0.entry(subject).or_default();
        match fact(subject, object) {
            Some(fact) => drop(kept.insert(key(object), fact)),
            None => drop(kept.remove(&key(object))),
        }
    }

    /// Forgets an object.
    pub(crate) fn remove(&mut self, subject: Subject, object: &DynamicObject) {
        if let Some(kept) = self.0.get_mut(&subject) {
            kept.remove(&key(object));
        }
    }

    /// All workloads that have our labels, or look like an app.
    pub(crate) fn workloads(&self) -> impl Iterator<Item = &Workload> {
        self.0
            .values()
            .flat_map(BTreeMap::values)
            .filter_map(|fact| match fact {
                Fact::Workload(workload) => Some(workload.as_ref()),
                _ => None,
            })
    }

    /// All that changes the number of pods.
    pub(crate) fn scalers(&self) -> impl Iterator<Item = &Scaler> {
        let kept = self.0.get(&Subject::Autoscalers).into_iter();
        kept.flat_map(BTreeMap::values).filter_map(|fact| match fact {
            Fact::Scaler(scaler) => Some(scaler),
            _ => None,
        })
    }

    /// One workload.
    pub(crate) fn workload(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Workload> {
        let mut all = self.workloads();
        all.find(|it| it.kind == kind && it.namespace == namespace && it.name == name)
    }

    /// Who holds the database that a workload names, where its manifest tells which one that is. What is inside of a
    /// pod is nobody else's.
    pub(crate) fn holder(&self, workload: &Workload) -> Option<&Owner> {
        let Database::Named(identity @ Identity::Named(_)) = &workload.database else {
            return None;
        };
        let name = identity.claim(&Owner::default());
        match self.0.get(&Subject::Claims)?.get(&(String::new(), name))? {
            Fact::Holder(owner) => Some(owner),
            _ => None,
        }
    }
}

fn key(object: &DynamicObject) -> Key {
    (object.namespace().unwrap_or_default(), object.name_any())
}

fn fact(subject: Subject, object: &DynamicObject) -> Option<Fact> {
    let (group, _, kind) = subject.kind();
    if subject == Subject::Claims {
        return holder(object).map(Fact::Holder);
    }
    let namespace = object.namespace().unwrap_or_default();
    // The API server has checked the form. An object of another form says nothing that a rule could use.
    let value = serde_json::to_value(object).ok()?;
    if subject == Subject::Autoscalers {
        let scaler = Scaler::read(group, kind, &namespace, &value).ok()?;
        return scaler.map(Fact::Scaler);
    }
    let workload = Workload::read(group, kind, &namespace, &value).ok()?;
    workload.map(|workload| Fact::Workload(Box::new(workload)))
}

/// The labels say it, so that only metadata has to be watched.
fn holder(claim: &DynamicObject) -> Option<Owner> {
    let label = |name: &str| claim.labels().get(name).cloned();
    Some(Owner {
        namespace: label(names::NAMESPACE_LABEL)?,
        environment: label(names::ENVIRONMENT_LABEL)?,
        ..Owner::default()
    })
}

/// What all reviews share.
#[derive(Debug, Default)]
pub(crate) struct Known(RwLock<Objects>);

impl Known {
    /// To look at. A review that has panicked has changed nothing, so its lock can be taken all the same.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Objects> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// To change.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Objects> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether each of the lists has been read once.
    pub(crate) fn is_complete(&self) -> bool {
        let objects = self.read();
        Subject::ALL.iter().all(|subject| objects.0.contains_key(subject))
    }

    /// Takes a list in place of what was known of it, in one step.
    pub(crate) fn replace(&self, subject: Subject, mut with: Objects) {
        let kept = with.0.remove(&subject).unwrap_or_default();
        self.write().0.insert(subject, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(labels: &serde_json::Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop", "namespace": "prod"},
            "spec": {"template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app"}]}}},
        }))
        .unwrap()
    }

    #[test]
    fn an_object_that_loses_its_labels_is_forgotten() {
        let mut objects = Objects::default();
        objects.put(
            Subject::Deployments,
            &object(&json!({"kubectl-mendix.io/environment": "shop"})),
        );
        assert!(objects.workload(Kind::Deployment, "prod", "shop").is_some());
        objects.put(Subject::Deployments, &object(&json!({})));
        assert_eq!(objects.workloads().count(), 0);
    }

    #[test]
    fn a_deleted_object_is_forgotten() {
        let mut objects = Objects::default();
        let shop = object(&json!({"kubectl-mendix.io/environment": "shop"}));
        objects.put(Subject::Deployments, &shop);
        objects.remove(Subject::Deployments, &shop);
        assert_eq!(objects.workloads().count(), 0);
    }

    #[test]
    fn it_is_complete_when_every_list_was_read_even_an_empty_one() {
        let known = Known::default();
        for subject in Subject::ALL {
            assert!(!known.is_complete());
            known.replace(subject, Objects::default());
        }
        assert!(known.is_complete());
    }
}
