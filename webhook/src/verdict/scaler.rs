//! What changes the number of a workload's pods. Pure.

use super::{Verdict, namespace, value};
use crate::known::Objects;
use kube::core::{DynamicObject, admission::AdmissionRequest};
use mendix_model::manifest::Scaler;
use mendix_model::rules::review_scaler;

pub(super) fn judge(
    request: &AdmissionRequest<DynamicObject>,
    object: &DynamicObject,
    known: &Objects,
) -> Verdict {
    let kind = &request.kind;
    match Scaler::read(&kind.group, &kind.kind, namespace(request), &value(object)) {
        Ok(Some(scaler)) => {
            let workloads: Vec<_> = known.workloads().collect();
            review_scaler(&scaler, &workloads).into()
        }
        Ok(None) => Verdict::default(),
        Err(unreadable) => unreadable.into(),
    }
}
