//! A number of pods that is changed through `deployments/scale` and the like: the request holds the number and the
//! name, and nothing of the workload itself. Pure.

use super::{Asked, Verdict, namespace, workload::violations};
use crate::known::Objects;
use kube::core::DynamicObject;
use mendix_model::manifest::{Kind, Workload};
use serde_json::Value;

pub(super) fn judge(asked: &Asked<'_>, scale: &DynamicObject, known: &Objects) -> Verdict {
    let Some(workload) = target(asked, known) else {
        return Verdict::default();
    };
    // A Scale without a number asks for none.
    let replicas = scale.data.pointer("/spec/replicas").and_then(Value::as_i64);
    let replicas = i32::try_from(replicas.unwrap_or_default()).unwrap_or(i32::MAX);
    if replicas <= workload.replicas {
        return Verdict::default(); // Fewer pods harm nothing, whatever else is wrong.
    }
    violations(&Workload { replicas, ..workload }, known).into()
}

fn target(asked: &Asked<'_>, known: &Objects) -> Option<Workload> {
    let request = asked.request;
    let kind = kind(&request.resource.resource)?;
    let found = known.workload(kind, namespace(request), &request.name).cloned();
    found.or_else(|| asked.scaled.clone())
}

fn kind(resource: &str) -> Option<Kind> {
    match resource {
        "deployments" => Some(Kind::Deployment),
        "statefulsets" => Some(Kind::StatefulSet),
        "replicasets" => Some(Kind::ReplicaSet),
        _ => None,
    }
}
