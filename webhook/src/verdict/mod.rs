//! Decides about one change of one object. Pure: all it knows is the request, and what is known of other objects.

mod app;
mod deletion;
mod scale;
mod scaler;
mod workload;

use crate::known::Objects;
use kube::core::{DynamicObject, admission::AdmissionRequest};
use mendix_model::crd::GROUP;
use mendix_model::manifest::{Kind, Unreadable, Workload};
use mendix_model::rules::{Severity, Violation};
use serde_json::Value;

/// What is said about a request. It is allowed when nothing is refused.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Verdict {
    /// Every reason, not just the first.
    pub(crate) refusals: Vec<String>,
    /// Shown to the client, which goes on.
    pub(crate) warnings: Vec<String>,
}

/// A request, and what was read for it alone.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a AdmissionRequest<DynamicObject>,
    /// What a request for another scale is about, where it is not known.
    pub(crate) scaled: Option<Workload>,
}

pub(crate) fn judge(asked: &Asked<'_>, known: &Objects) -> Verdict {
    let request = asked.request;
    let Some(object) = &request.object else {
        return deletion::judge(request);
    };
    let (group, kind) = (request.kind.group.as_str(), request.kind.kind.as_str());
    if (group, kind) == (GROUP, "MendixApp") {
        return app::judge(request, object);
    }
    if request.sub_resource.as_deref() == Some("scale") {
        return scale::judge(asked, object, known);
    }
    if is_on_its_way_out(object) || keeps_its_spec(request.old_object.as_ref(), object) {
        return Verdict::default();
    }
    match (Kind::of(group, kind), group) {
        (Some(kind), _) if kind != Kind::Pod => workload::judge(request, object, known),
        (None, "autoscaling" | "keda.sh") => scaler::judge(request, object, known),
        _ => Verdict::warning(format!("{kind} is not checked by the Mendix webhook")),
    }
}

impl Verdict {
    fn warning(text: String) -> Self {
        Self {
            warnings: vec![text],
            ..Self::default()
        }
    }

    fn refusal(text: String) -> Self {
        Self {
            refusals: vec![text],
            ..Self::default()
        }
    }
}

impl From<Vec<Violation>> for Verdict {
    fn from(violations: Vec<Violation>) -> Self {
        let (refusals, warnings): (Vec<_>, Vec<_>) = violations
            .into_iter()
            .partition(|it| it.severity == Severity::Refusal);
        let texts = |all: Vec<Violation>| all.iter().map(ToString::to_string).collect();
        Self {
            refusals: texts(refusals),
            warnings: texts(warnings),
        }
    }
}

impl From<Unreadable> for Verdict {
    fn from(unreadable: Unreadable) -> Self {
        Self::refusal(unreadable.to_string())
    }
}

/// An object that is being deleted loses its finalizers by updates. Refusing one would keep it for ever.
fn is_on_its_way_out(object: &DynamicObject) -> bool {
    object.metadata.deletion_timestamp.is_some()
}

/// Labels and finalizers can be written on an object that was let in before, and controllers write annotations.
fn keeps_its_spec(old: Option<&DynamicObject>, new: &DynamicObject) -> bool {
    old.is_some_and(|old| old.data.get("spec") == new.data.get("spec"))
}

fn namespace(request: &AdmissionRequest<DynamicObject>) -> &str {
    request.namespace.as_deref().unwrap_or_default()
}

/// The object as a whole. What came as JSON goes as JSON.
fn value(object: &DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

#[cfg(test)]
mod tests;
