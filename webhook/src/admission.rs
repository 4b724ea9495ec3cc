//! The wire form of admission (Kubernetes documentation, "Dynamic Admission Control"): the only file that knows it.

use crate::known::Known;
use crate::mutation;
use crate::verdict::{self, Asked, Verdict};
use kube::core::{
    DynamicObject,
    admission::{AdmissionRequest, AdmissionResponse, AdmissionReview},
};
use mendix_model::manifest::Workload;

pub(crate) type Request = AdmissionRequest<DynamicObject>;
pub(crate) type Review = AdmissionReview<DynamicObject>;

/// The request of a review, or the answer that says why there is none: an error status would only tell a user that some
/// webhook is broken.
pub(crate) fn read(body: &[u8]) -> Result<Request, Box<Review>> {
    parse(body).map_err(|reason| Box::new(AdmissionResponse::invalid(reason).into_review()))
}

fn parse(body: &[u8]) -> Result<Request, String> {
    // The error's position is told, but not its text: that may quote the object.
    let review: Review = serde_json::from_slice(body).map_err(|error| {
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

/// Judges a request. `scaled`: what it is about, where that was read for it alone.
pub(crate) fn validated(request: &Request, scaled: Option<Workload>, known: &Known) -> Review {
    let asked = Asked { request, scaled };
    let Verdict { refusals, warnings } = verdict::judge(&asked, &known.read());
    let mut response = AdmissionResponse::from(request);
    response.warnings = (!warnings.is_empty()).then_some(warnings);
    if refusals.is_empty() {
        return response.into_review();
    }
    tracing::info!(
        kind = request.kind.kind,
        namespace = request.namespace,
        name = request.name,
        refusals = refusals.len(),
        "Refused a change"
    );
    response.deny(refusals.join("\n")).into_review()
}

/// Says what is to be added to the object, or why that cannot be.
pub(crate) fn mutated(request: &Request, image: &str) -> Review {
    let response = AdmissionResponse::from(request);
    match mutation::patch(request, image) {
        Err(violation) => response.deny(violation.to_string()).into_review(),
        Ok(None) => response.into_review(),
        // A patch is made of texts, so writing it cannot fail; if it did, the object would come without the gate, and
        // the policy at birth refuses that.
        Ok(Some(patch)) => match response.with_patch(patch) {
            Ok(response) => response.into_review(),
            Err(_) => AdmissionResponse::from(request).into_review(),
        },
    }
}
