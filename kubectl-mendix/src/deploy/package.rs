//! A local package: built and pushed from here, by the code that build pods run.

use crate::cli::SourceArguments;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::progress::Transfer;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mendix_model::crd::OperatorConfigurationSpec;
use mendix_model::names::OPERATOR_CONFIGURATION;
use mendix_tasks::build::{Options, Target, build_from_file};
use mendix_tasks::image::{Credentials, Platform, Registry, RegistryOptions, parse_reference};
use std::path::Path;
use std::sync::Arc;

/// What the source of an app begins with when it is an image.
pub const IMAGE: &str = "oci-image://";

/// Where an image goes, and what it is put on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Places {
    /// Repository and tag that is pushed to.
    pub push: String,
    /// Repository that nodes pull from, when it has another name for them.
    pub pull: Option<String>,
    /// Base image, with placeholders.
    pub base: String,
    /// Plain HTTP towards the registry.
    pub insecure: bool,
}

/// Where the image of an app goes: what the flags say, else what the namespace's configuration says.
///
/// # Errors
/// Neither says it.
pub fn places(
    app: &str,
    flags: &SourceArguments,
    configuration: Option<&OperatorConfigurationSpec>,
    now: Timestamp,
) -> Result<Places, Failure> {
    let registry = configuration.and_then(|spec| spec.registry.as_ref());
    let push = flags.registry.clone().or_else(|| registry?.push_url.clone());
    let push = push.ok_or_else(|| missing("registry", "--registry", "registry.pushURL"))?;
    // The nodes' name of another registry says nothing of the one that the flag names.
    let configured_pull = || registry.filter(|_| flags.registry.is_none())?.pull_url.clone();
    let pull = flags.pull_registry.clone().or_else(configured_pull);
    let base = flags
        .base_image
        .clone()
        .or_else(|| configuration?.build_runtime_base_image.clone());
    let base = base.ok_or_else(|| missing("base image", "--base-image", "buildRuntimeBaseImage"))?;
    let configured_insecure =
        flags.registry.is_none() && registry.and_then(|it| it.insecure).unwrap_or_default();
    Ok(Places {
        push: format!("{}:{}", repository(&push, app), tag(now)),
        pull: pull.map(|pull| repository(&pull, app)),
        base,
        insecure: flags.insecure_registry || configured_insecure,
    })
}

fn repository(registry: &str, app: &str) -> String {
    format!("{}/{app}", registry.trim_end_matches('/'))
}

/// A tag of its own for each push. One that moved would leave the image that still runs without any tag, and
/// registries delete those.
fn tag(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string()
}

fn missing(what: &str, flag: &str, field: &str) -> Failure {
    Failure::new(format!("no {what} is known for the package")).hint(format!(
        "name one with {flag}, or set spec.{field} of OperatorConfiguration {OPERATOR_CONFIGURATION}"
    ))
}

/// Builds and pushes, and returns the source of the app: its image by digest. What `earlier`, the app's present source,
/// has already is not sent again.
///
/// # Errors
/// A sentence for people: the package is broken, the base image is lacking, the registry refuses.
pub async fn publish(
    package: &Path,
    places: Places,
    flags: &SourceArguments,
    earlier: Option<&str>,
    environment: &mut Environment,
) -> anyhow::Result<String> {
    let registry = Registry::new(registry_options(&places)?)?;
    let earlier = earlier.and_then(|source| source.strip_prefix(IMAGE));
    let target = target(places, flags, earlier);
    let options = Options {
        compression: flags.compression.unwrap_or_default(),
        ..Options::default()
    };
    environment.note(&format!(
        "building {} and pushing {}",
        package.display(),
        target.push
    ));
    let progress = Arc::new(Transfer::new(&environment.err, environment.quiet));
    let built = build_from_file(package, &target, &registry, &options, progress).await?;
    Ok(format!("{IMAGE}{}", built.image))
}

/// Puts an image on another base, and returns the source of the app: the new one by digest.
///
/// # Errors
/// A sentence for people: the image does not say which of its layers are the app's, the base is lacking, the registry
/// refuses.
pub async fn rebase(
    image: &str,
    places: Places,
    flags: &SourceArguments,
    environment: &mut Environment,
) -> anyhow::Result<String> {
    let registry = Registry::new(registry_options(&places)?)?;
    let target = target(places, flags, Some(image));
    environment.note(&format!("putting {image} on {}", target.base));
    let progress = Transfer::new(&environment.err, environment.quiet);
    let rebased = mendix_tasks::build::rebase(&target, &registry, &progress).await?;
    Ok(format!("{IMAGE}{}", rebased.image))
}

fn target(places: Places, flags: &SourceArguments, earlier: Option<&str>) -> Target {
    let architecture = flags.architecture.as_deref();
    Target {
        base: places.base,
        push: places.push,
        pull_repository: places.pull,
        previous: earlier.map(ToOwned::to_owned),
        platform: architecture.map_or_else(Platform::current, Platform::linux),
    }
}

/// Only the registry that is marked insecure is; a base image of another one is still fetched with TLS.
fn registry_options(places: &Places) -> anyhow::Result<RegistryOptions> {
    let names = [Some(&places.push), places.pull.as_ref()];
    let hosts = names
        .into_iter()
        .flatten()
        .filter_map(|name| parse_reference(name).ok());
    Ok(RegistryOptions {
        plain_http: hosts
            .map(|host| host.registry().to_owned())
            .filter(|_| places.insecure)
            .collect(),
        credentials: Credentials::from_environment()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::operator_configuration::Registry as ConfiguredRegistry;

    fn configuration() -> OperatorConfigurationSpec {
        OperatorConfigurationSpec {
            build_runtime_base_image: Some("registry.example.com/base:{{.MxRuntimeVersion}}".to_owned()),
            registry: Some(ConfiguredRegistry {
                push_url: Some("push.example.com/apps/".to_owned()),
                pull_url: Some("pull.example.com/apps".to_owned()),
                insecure: Some(true),
                ..ConfiguredRegistry::default()
            }),
            ..OperatorConfigurationSpec::default()
        }
    }

    fn places_with(flags: &SourceArguments) -> Result<Places, Failure> {
        places("shop", flags, Some(&configuration()), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_configuration_serves_when_nothing_is_said() {
        let expected = Places {
            push: "push.example.com/apps/shop:19700101-000000".to_owned(),
            pull: Some("pull.example.com/apps/shop".to_owned()),
            base: "registry.example.com/base:{{.MxRuntimeVersion}}".to_owned(),
            insecure: true,
        };
        assert_eq!(places_with(&SourceArguments::default()), Ok(expected));
    }

    #[test]
    fn of_a_registry_that_is_named_the_configuration_says_nothing() {
        let flags = SourceArguments {
            registry: Some("localhost:5000".to_owned()),
            ..SourceArguments::default()
        };
        let places = places_with(&flags).expect("places");
        assert_eq!(places.push, "localhost:5000/shop:19700101-000000");
        assert_eq!((places.pull, places.insecure), (None, false));
    }

    #[test]
    fn what_nobody_says_is_asked_for() {
        let failure =
            places("shop", &SourceArguments::default(), None, Timestamp::UNIX_EPOCH).expect_err("nothing");
        assert_eq!(failure.message, "no registry is known for the package");
        assert!(failure.hints[0].contains("--registry"), "{:?}", failure.hints);
    }

    #[test]
    fn only_an_insecure_registry_is_spoken_to_without_tls() {
        let mut places = places_with(&SourceArguments::default()).expect("places");
        let hosts = |places: &Places| registry_options(places).expect("options").plain_http;
        assert_eq!(hosts(&places), ["push.example.com", "pull.example.com"]);
        places.insecure = false;
        assert!(hosts(&places).is_empty());
    }
}
