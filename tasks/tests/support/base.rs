//! A base image in a registry, and builds onto it.

use super::registry::TestRegistry;
use mendix_tasks::build::Target;
use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;

/// Pushes `base:1`: a start command on these layers.
pub async fn push_base(registry: &TestRegistry, layers: Vec<Layer>) {
    push_base_as(&registry.client(), &format!("{}/base:1", registry.host), layers).await;
}

/// Pushes a base by another name.
pub async fn push_base_as(client: &Registry, name: &str, layers: Vec<Layer>) {
    let base = ImageSpec {
        target: parse_reference(name).expect("base"),
        base: None,
        layers,
        config: ConfigChanges {
            entrypoint: Some(vec!["/run".into()]),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    };
    push_image(client, &base, &NoProgress).await.expect("base");
}

/// A build of `shop:1` onto `base:1`, both at this host.
pub fn onto_base(host: &str) -> Target {
    Target {
        base: format!("{host}/base:1"),
        push: format!("{host}/shop:1"),
        pull_repository: None,
        previous: None,
        platform: Platform::current(),
    }
}
