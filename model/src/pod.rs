//! What a pod says of itself.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

/// Whether traffic reaches a pod.
pub fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|it| it.type_ == "Ready" && it.status == "True")
}

/// The value of a label.
pub fn label<'a>(pod: &'a Pod, name: &str) -> Option<&'a str> {
    pod.labels().get(name).map(String::as_str)
}
