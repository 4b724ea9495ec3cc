//! Workloads of plain manifests. Pure.

use super::{Verdict, namespace, value};
use crate::known::Objects;
use kube::core::{DynamicObject, admission::AdmissionRequest};
use mendix_model::manifest::{Workload, has_foreign_owner};
use mendix_model::rules::{Case, Violation, review_scaler, review_workload};

pub(super) fn judge(
    request: &AdmissionRequest<DynamicObject>,
    object: &DynamicObject,
    known: &Objects,
) -> Verdict {
    let value = value(object);
    if request.kind.kind == "ReplicaSet" && has_foreign_owner(&value) {
        return Verdict::default(); // Its Deployment was judged.
    }
    match Workload::read(
        &request.kind.group,
        &request.kind.kind,
        namespace(request),
        &value,
    ) {
        Ok(Some(workload)) => violations(&workload, known).into(),
        Ok(None) => Verdict::default(),
        Err(unreadable) => unreadable.into(),
    }
}

/// Of the workload among those that are known, and of what scales it.
pub(super) fn violations(workload: &Workload, known: &Objects) -> Vec<Violation> {
    let others: Vec<_> = known.workloads().collect();
    let mut all = review_workload(&Case {
        workload,
        others: &others,
        holder: known.holder(workload),
    });
    let scalers = known.scalers();
    all.extend(scalers.flat_map(|scaler| review_scaler(scaler, &[workload])));
    all
}
