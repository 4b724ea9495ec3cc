//! What an image is made from. Pure.

use jiff::Timestamp;
use mendix_model::crd::operator_configuration::Registry;
use mendix_model::crd::{Build, OperatorConfigurationSpec};
use mendix_model::{defaults, names, template};
use serde_json::json;

/// Source that is an image already.
const IMAGE_SCHEME: &str = "oci-image://";

/// A build with everything it needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    pub(crate) source_url: String,
    /// Nothing for an image that is used as it is.
    pub(crate) target: Option<Target>,
    pub(crate) registry: Registry,
}

/// Where an image goes, and what it stands on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) base_image: String,
    push_url: String,
    pull_url: String,
    name_template: String,
}

impl Input {
    /// Equal inputs give equal images.
    pub(crate) fn hash(&self) -> String {
        crate::hash::of(&json!({
            "source": self.source_url,
            "target": self.target.as_ref().map(|it| [&it.base_image, &it.push_url, &it.pull_url, &it.name_template]),
            "insecure": self.registry.insecure,
        }))
    }
}

/// The input of a build, or the sentence that says what is not set.
pub(crate) fn input(
    build: &Build,
    namespace: &str,
    configuration: &OperatorConfigurationSpec,
) -> Result<Input, String> {
    let registry = configuration.registry.clone().unwrap_or_default();
    let target = if build.spec.source_url.starts_with(IMAGE_SCHEME) {
        None
    } else {
        Some(target(&registry, configuration, namespace)?)
    };
    Ok(Input {
        source_url: build.spec.source_url.clone(),
        target,
        registry,
    })
}

fn target(
    registry: &Registry,
    configuration: &OperatorConfigurationSpec,
    namespace: &str,
) -> Result<Target, String> {
    let missing = |field: &str, what: &str| {
        let name = names::OPERATOR_CONFIGURATION;
        format!("OperatorConfiguration {name} in namespace {namespace} names no {what}: set {field}")
    };
    let push_url = set(registry.push_url.as_ref()).or_else(|| set(registry.pull_url.as_ref()));
    let push_url = push_url.ok_or_else(|| missing("spec.registry.pushURL", "registry"))?;
    let base_image = set(configuration.build_runtime_base_image.as_ref());
    let base_image = base_image.ok_or_else(|| missing("spec.buildRuntimeBaseImage", "base image"))?;
    // Filled by the task, which reads the versions out of the package; here only to find mistakes early.
    template::fill(&base_image, &[("MxRuntimeVersion", "1"), ("JavaVersion", "1")])
        .map_err(|error| format!("spec.buildRuntimeBaseImage: {error}"))?;
    let name_template = set(registry.image_name_template.as_ref());
    Ok(Target {
        base_image,
        pull_url: set(registry.pull_url.as_ref()).unwrap_or_else(|| push_url.clone()),
        push_url,
        name_template: name_template.unwrap_or_else(|| defaults::IMAGE_NAME_TEMPLATE.to_owned()),
    })
}

fn set(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().trim_end_matches('/').to_owned())
        .filter(|text| !text.is_empty())
}

/// Repository and tag to push to, and the repository that nodes pull from.
pub(crate) fn image_names(
    build: &Build,
    target: &Target,
    now: Timestamp,
) -> Result<(String, String), String> {
    let name = build.spec.environment.as_str();
    let generation = build.metadata.generation.unwrap_or_default().to_string();
    let version = tag(build.spec.source_version.as_deref().unwrap_or("0"));
    let values = [
        ("Name", name),
        ("Generation", &generation),
        ("Version", &version),
        ("UnixTimestamp", &now.as_second().to_string()),
        ("Timestamp", &now.strftime("%Y%m%d%H%M%S").to_string()),
    ];
    let filled = template::fill(&target.name_template, &values).map_err(|error| {
        format!(
            "spec.registry.imageNameTemplate of OperatorConfiguration {}: {error}",
            names::OPERATOR_CONFIGURATION
        )
    })?;
    let (repository, tag) = filled.rsplit_once(':').unwrap_or((&filled, &generation));
    Ok((
        format!("{}/{repository}:{tag}", target.push_url),
        format!("{}/{repository}", target.pull_url),
    ))
}

/// A free-form version as a tag: what the distribution specification allows, and nothing else.
fn tag(version: &str) -> String {
    let allowed = |letter: char| {
        if letter.is_ascii_alphanumeric() || "._-".contains(letter) {
            letter
        } else {
            '-'
        }
    };
    version.chars().map(allowed).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::BuildSpec;
    use rstest::rstest;

    fn build(url: &str) -> Build {
        let spec = BuildSpec {
            source_url: url.to_owned(),
            source_version: Some("1.0 beta".to_owned()),
            environment: "shop".to_owned(),
        };
        let mut build = Build::new("shop-build", spec);
        build.metadata.generation = Some(3);
        build
    }

    fn configuration(push: &str, base: &str, template: &str) -> OperatorConfigurationSpec {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        OperatorConfigurationSpec {
            build_runtime_base_image: text(base),
            registry: Some(Registry {
                push_url: text(push),
                image_name_template: text(template),
                ..Registry::default()
            }),
            ..OperatorConfigurationSpec::default()
        }
    }

    #[rstest]
    #[case::no_registry("", "base", "", "spec.registry.pushURL")]
    #[case::no_base("registry", "", "", "spec.buildRuntimeBaseImage")]
    #[case::wrong_base("registry", "base:{{.Version}}", "", "unknown placeholder")]
    fn what_is_missing_is_named(
        #[case] push: &str,
        #[case] base: &str,
        #[case] template: &str,
        #[case] said: &str,
    ) {
        let problem =
            input(&build("http://x"), "prod", &configuration(push, base, template)).expect_err("missing");
        assert!(problem.contains(said), "{problem}");
    }

    #[test]
    fn an_image_needs_neither_registry_nor_base() {
        let input = input(
            &build("oci-image://r/a:1"),
            "prod",
            &OperatorConfigurationSpec::default(),
        )
        .expect("input");
        assert_eq!(input.target, None);
    }

    #[rstest]
    #[case::default_name("", "registry/path/shop:3", "registry/path/shop")]
    #[case::without_tag("apps/{{.Name}}", "registry/path/apps/shop:3", "registry/path/apps/shop")]
    #[case::version(
        "{{.Name}}:{{.Version}}-{{.Timestamp}}",
        "registry/path/shop:1.0-beta-19700101000000",
        "registry/path/shop"
    )]
    fn names_follow_the_template(#[case] template: &str, #[case] push: &str, #[case] pull: &str) {
        let build = build("http://x");
        let input = input(&build, "prod", &configuration("registry/path/", "base", template)).expect("input");
        let names = image_names(&build, &input.target.expect("target"), Timestamp::UNIX_EPOCH);
        assert_eq!(names, Ok((push.to_owned(), pull.to_owned())));
    }

    #[test]
    fn the_time_is_no_part_of_the_input() {
        let configuration = configuration("registry", "base", "{{.Name}}:{{.UnixTimestamp}}");
        let of = |url| input(&build(url), "prod", &configuration).expect("input").hash();
        assert_eq!(of("http://x"), of("http://x"));
        assert_ne!(of("http://x"), of("http://y"));
    }
}
