//! Digests of images that templates name by a tag. Pure.

use super::workload::Template;
use k8s_openapi::api::core::v1::Pod;
use mendix_model::crd::environment::ResolvedImage;
use mendix_model::manifest::of_app;

/// Digests that are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images(pub(crate) Vec<ResolvedImage>);

impl Images {
    /// The image by digest, as a template of this revision means it. A tag that moved later means another image in a
    /// later revision, and the same one in this.
    pub(crate) fn resolved(&self, image: &str, revision: &str) -> Option<&str> {
        let same = |it: &&ResolvedImage| it.image == image && it.revision == revision;
        self.0.iter().find(same).map(|it| it.resolved.as_str())
    }
}

impl Images {
    /// Image of the app in a template, by digest, once that is known.
    pub(crate) fn image(&self, template: &Template<'_>) -> Option<&str> {
        let image = of_app(template.annotations, template.spec).ok()?.image.clone()?;
        self.resolved(&image, &template.revision)
    }

    /// Model of the pods of a template, once its image is known.
    pub(crate) fn model(&self, template: &Template<'_>) -> Option<String> {
        digest(self.image(template)?).map(ToOwned::to_owned)
    }
}

/// The digest in a reference; the model of images that bear no model of their own.
pub(crate) fn digest(reference: &str) -> Option<&str> {
    reference
        .split_once('@')
        .map(|(_, digest)| digest)
        .filter(|it| it.starts_with("sha256:"))
}

/// A reference without its tag or digest.
fn repository(reference: &str) -> &str {
    let named = reference.split_once('@').map_or(reference, |(named, _)| named);
    match named.rsplit_once(':') {
        // A colon before the last slash belongs to the registry's port.
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => named,
    }
}

/// What a kubelet says that a container's image is, as a reference by digest in the repository that `named` names.
///
/// The kubelet names any repository under which its node knows the digest, and that may be another app's, for which the
/// pod has no credentials.
pub(crate) fn reference_of(pod: &Pod, container: &str, named: &str) -> Option<String> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let status = statuses.iter().find(|status| status.name == container)?;
    let digest = digest(&status.image_id)?;
    Some(format!("{}@{digest}", repository(named)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::repository("10.0.0.1:5000/shop@sha256:1", Some("shop@sha256:1"))]
    #[case::of_another_app("registry/other@sha256:1", Some("shop@sha256:1"))]
    #[case::with_scheme("docker-pullable://shop@sha256:1", Some("shop@sha256:1"))]
    #[case::not_pulled("", None)]
    #[case::built_on_the_node("sha256:1", None)]
    fn the_kubelet_tells_the_digest(#[case] id: &str, #[case] expected: Option<&str>) {
        let pod: Pod = serde_json::from_value(json!({ "status": { "containerStatuses": [{
            "name": "app", "image": "shop:1", "imageID": id, "ready": false, "restartCount": 0,
        }] } }))
        .expect("pod");
        assert_eq!(reference_of(&pod, "app", "shop:1").as_deref(), expected);
    }

    #[rstest]
    #[case::tag("10.0.0.1:5000/shop:1", "10.0.0.1:5000/shop")]
    #[case::none("10.0.0.1:5000/shop", "10.0.0.1:5000/shop")]
    #[case::digest("registry/shop@sha256:1", "registry/shop")]
    #[case::both("registry/shop:1@sha256:1", "registry/shop")]
    #[case::short("shop", "shop")]
    fn a_repository_keeps_the_port_of_its_registry(#[case] reference: &str, #[case] expected: &str) {
        assert_eq!(repository(reference), expected);
    }

    #[test]
    fn a_tag_means_what_it_meant_when_its_revision_was_first_seen() {
        let images = Images(vec![ResolvedImage {
            image: "shop:1".to_owned(),
            revision: "r1".to_owned(),
            resolved: "shop@sha256:1".to_owned(),
        }]);
        assert_eq!(images.resolved("shop:1", "r1"), Some("shop@sha256:1"));
        assert_eq!(images.resolved("shop:1", "r2"), None);
    }
}
