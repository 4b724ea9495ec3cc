//! Deletions of pods. Nothing else is wrong to delete. Pure.

use super::Verdict;
use kube::core::{DynamicObject, admission::AdmissionRequest};
use mendix_model::rules::{Deletion, review_deletion};
use serde_json::Value;

pub(super) fn judge(request: &AdmissionRequest<DynamicObject>) -> Verdict {
    let Some(pod) = request.old_object.as_ref().filter(|_| request.kind.kind == "Pod") else {
        return Verdict::default();
    };
    let options = request.options.as_ref().map(|it| &it.0);
    let grace = options
        .and_then(|it| it.get("gracePeriodSeconds"))
        .and_then(Value::as_i64);
    review_deletion(&Deletion {
        pod: &pod.metadata,
        grace,
    })
    .into()
}
