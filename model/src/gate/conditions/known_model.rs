//! The model of a pod is known by the digest of its image.

use super::{Case, Condition};

pub(super) const CONDITION: Condition = Condition {
    id: "MX006",
    invariants: &["I3", "I4"],
    statement: "The model of a pod is known by the digest of its image.",
    evidence: "A tag means another image tomorrow; only a digest tells two models apart, and only a pulled image \
               surely starts.",
    remedy: "it opens by itself once the image was pulled",
    lasting: false,
    check,
};

fn check(case: &Case) -> Option<String> {
    case.pod
        .model
        .is_none()
        .then(|| "the tag of the image is not yet resolved to a digest".to_owned())
}
