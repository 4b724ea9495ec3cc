//! The wire form of admission (Kubernetes documentation, "Dynamic Admission Control"): the only file that knows it.

use crate::verdict::{self, Verdict};
use kube::core::{
    DynamicObject,
    admission::{AdmissionRequest, AdmissionResponse, AdmissionReview},
};

/// Answers one review. Never fails: what cannot be read is refused with the reason, for an error status would only
/// tell a user that some webhook is broken.
pub(crate) fn answer(body: &[u8]) -> AdmissionReview<DynamicObject> {
    read(body)
        .map_or_else(AdmissionResponse::invalid, |request| respond(&request))
        .into_review()
}

fn read(body: &[u8]) -> Result<AdmissionRequest<DynamicObject>, String> {
    // The error's position is told, but not its text: that may quote the object.
    let review: AdmissionReview<DynamicObject> = serde_json::from_slice(body).map_err(|error| {
        format!(
            "failed to read the AdmissionReview: line {}, column {}",
            error.line(),
            error.column()
        )
    })?;
    review
        .try_into()
        .map_err(|_| "failed to read the AdmissionReview: it holds no request".to_owned())
}

fn respond(request: &AdmissionRequest<DynamicObject>) -> AdmissionResponse {
    let Verdict { refusals, warnings } = verdict::judge(request);
    let mut response = AdmissionResponse::from(request);
    response.warnings = (!warnings.is_empty()).then_some(warnings);
    if refusals.is_empty() {
        return response;
    }
    tracing::info!(
        kind = request.kind.kind,
        namespace = request.namespace,
        name = request.name,
        refusals = refusals.len(),
        "Refused a change"
    );
    response.deny(refusals.join("\n"))
}
