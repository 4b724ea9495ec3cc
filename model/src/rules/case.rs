//! What the rules about workloads look at.

use crate::crd::claim::Owner;
use crate::manifest::Workload;
use crate::names;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// A workload as it is to be, with what is there already.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The workload.
    pub workload: &'a Workload,
    /// Others that are known; those that are the workload itself do not count.
    pub others: &'a [&'a Workload],
    /// Who holds the database that the workload names, where the caller could tell.
    pub holder: Option<&'a Owner>,
}

impl<'a> Case<'a> {
    /// The others.
    pub(super) fn others(&self) -> impl Iterator<Item = &'a Workload> {
        let workload = self.workload;
        self.others
            .iter()
            .copied()
            .filter(move |other| !other.is(workload))
    }

    /// Others of the same environment.
    pub(super) fn beside(&self) -> impl Iterator<Item = &'a Workload> {
        let workload = self.workload;
        self.others().filter(move |other| other.is_beside(workload))
    }
}

/// A pod that is to be deleted.
#[derive(Clone, Copy, Debug)]
pub struct Deletion<'a> {
    /// Metadata of the pod.
    pub pod: &'a ObjectMeta,
    /// Seconds that its processes are given; nothing for those that the pod itself says.
    pub grace: Option<i64>,
}

impl Deletion<'_> {
    /// Value of a label.
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.pod.labels.as_ref()?.get(name).map(String::as_str)
    }

    /// Whether the gate has let it start and nothing has proved its end.
    pub(super) fn is_active(&self) -> bool {
        let mut finalizers = self.pod.finalizers.iter().flatten();
        finalizers.any(|it| it == names::ACTIVE_FINALIZER)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    pub(in crate::rules) use crate::manifest::shop as object;
    use crate::rules::{Violation, review_workload};
    use serde_json::{Value, json};

    pub(in crate::rules) fn read(object: &Value) -> Workload {
        let kind = object["kind"].as_str().expect("kind");
        let read = Workload::read("apps", kind, "prod", object).expect("readable");
        read.expect("of interest")
    }

    pub(in crate::rules) fn workload(name: &str, role: &str, database: &str) -> Workload {
        read(&object("Deployment", name, role, database))
    }

    /// All that is said of the first of several workloads.
    pub(in crate::rules) fn said(workloads: &[Workload]) -> Vec<Violation> {
        let others: Vec<_> = workloads.iter().collect();
        review_workload(&Case {
            workload: &workloads[0],
            others: &others,
            holder: None,
        })
    }

    /// Ids of the rules that the first of several workloads violates.
    pub(in crate::rules) fn violated(workloads: &[Workload]) -> Vec<&'static str> {
        said(workloads).iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn a_leader_with_a_worker_violates_nothing() {
        let leader = workload("leader", "leader", "shop");
        let worker = workload("worker", "worker", "shop");
        assert!(violated(&[leader.clone(), worker.clone()]).is_empty());
        assert!(violated(&[worker, leader]).is_empty());
    }

    #[test]
    fn no_sentence_holds_a_value() {
        let mut wrong = object("StatefulSet", "shop", "leader", "shop");
        wrong["spec"]["replicas"] = json!(3);
        wrong["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = json!("hush");
        let said = said(&[read(&wrong), workload("other", "leader", "other")]);
        assert!(said.len() >= 3, "{said:?}");
        assert!(said.iter().all(|it| !it.to_string().contains("hush")), "{said:?}");
    }
}
