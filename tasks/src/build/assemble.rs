//! Names, labels and results of a build. Pure.

use super::{BuildError, Target};
use crate::image::{ConfigChanges, FetchedImage, InspectedImage, PushedImage, Reference, parse_reference};
use mendix_model::names::{
    COMMAND_LABEL, JAVA_VERSION_LABEL, MODEL_LABEL, OWN_LAYERS_LABEL, RUNTIME_VERSION_LABEL, model_of,
};
use mendix_model::task::BuildResult;
use mendix_model::template;
use mendix_package::Metadata;
use serde_json::{Value, json};

/// Labels of images. Source: OCI image specification, "Pre-Defined Annotation Keys".
const TITLE_LABEL: &str = "org.opencontainers.image.title";
const VERSION_LABEL: &str = "org.opencontainers.image.version";

/// Name of the base image for this package.
pub(super) fn base_name(template_text: &str, metadata: &Metadata) -> Result<String, BuildError> {
    let runtime = metadata.runtime_version.as_str();
    let java = metadata.java_version();
    let mut values = vec![("MxRuntimeVersion", runtime)];
    match &java {
        Some(java) => values.push(("JavaVersion", java)),
        None if template_text.contains("{{.JavaVersion}}") => {
            return Err(BuildError::NoJavaVersion {
                template: template_text.to_owned(),
            });
        }
        None => {}
    }
    Ok(template::fill(template_text, &values)?)
}

/// What containers of the base run.
pub(super) fn command(base_name: &str, base: &FetchedImage) -> Result<Vec<String>, BuildError> {
    let command = base.command();
    if command.is_empty() {
        Err(BuildError::NoCommand {
            base: base_name.to_owned(),
        })
    } else {
        Ok(command)
    }
}

/// Labels of the image.
pub(super) fn config(
    metadata: &Metadata,
    model: &str,
    base_name: &str,
    command: &[String],
    own_layers: usize,
) -> ConfigChanges {
    let (command, own_layers) = (json!(command).to_string(), own_layers.to_string());
    let java_version = metadata.java_version();
    let labels = [
        (MODEL_LABEL, Some(model)),
        (COMMAND_LABEL, Some(command.as_str())),
        (OWN_LAYERS_LABEL, Some(own_layers.as_str())),
        (RUNTIME_VERSION_LABEL, Some(metadata.runtime_version.as_str())),
        (JAVA_VERSION_LABEL, java_version.as_deref()),
        (TITLE_LABEL, metadata.project_name.as_deref()),
        (VERSION_LABEL, metadata.model_version.as_deref()),
        ("org.opencontainers.image.base.name", Some(base_name)),
    ];
    ConfigChanges {
        labels: labels
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
            .collect(),
        ..ConfigChanges::default()
    }
}

/// What an image of ours was made of.
pub(super) struct Made {
    pub(super) model: String,
    pub(super) metadata: Metadata,
}

/// Reads what was made of a package back from the labels of its image.
pub(super) fn made(image: &FetchedImage, reference: &Reference) -> Result<Made, BuildError> {
    let label = |name: &str| image.label(name).map(ToOwned::to_owned);
    let not_ours = || BuildError::NotOurs {
        image: reference.whole(),
    };
    Ok(Made {
        model: label(MODEL_LABEL).ok_or_else(not_ours)?,
        metadata: Metadata {
            runtime_version: label(RUNTIME_VERSION_LABEL).ok_or_else(not_ours)?,
            java_version: label(JAVA_VERSION_LABEL).map(Value::from),
            project_name: label(TITLE_LABEL),
            model_version: label(VERSION_LABEL),
        },
    })
}

/// An image by digest, as the repository that is pushed to has it: nodes may pull it by another name.
pub(super) fn in_repository(push: &Reference, image: &str) -> Option<Reference> {
    let (_, digest) = image.split_once('@')?;
    let named = format!("{}/{}@{digest}", push.registry(), push.repository());
    parse_reference(&named).ok()
}

/// Result of a build.
pub(super) fn built(
    target: &Target,
    pushed: &PushedImage,
    model: String,
    command: Vec<String>,
    metadata: Metadata,
) -> BuildResult {
    let image = match &target.pull_repository {
        Some(repository) => format!("{repository}@{}", pushed.digest),
        None => pushed.reference.clone(),
    };
    BuildResult {
        image,
        model,
        command,
        runtime_version: Some(metadata.runtime_version),
        model_version: metadata.model_version,
    }
}

/// Result for an image that is used as it is: what it says about itself, else what its digest says.
pub(super) fn adopted(reference: &Reference, image: &InspectedImage) -> Result<BuildResult, BuildError> {
    let by_digest = format!(
        "{}/{}@{}",
        reference.registry(),
        reference.repository(),
        image.digest
    );
    let hex = image
        .digest
        .split_once(':')
        .map_or(image.digest.as_str(), |(_, hex)| hex);
    let model = image
        .labels
        .get(MODEL_LABEL)
        .cloned()
        .unwrap_or_else(|| model_of(hex));
    let command = match image.labels.get(COMMAND_LABEL) {
        Some(text) => serde_json::from_str(text).map_err(|_| BuildError::CommandLabel {
            image: reference.whole(),
            label: COMMAND_LABEL,
        })?,
        None => [image.entrypoint.clone(), image.cmd.clone()].concat(),
    };
    Ok(BuildResult {
        image: by_digest,
        model,
        command,
        ..BuildResult::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::from_value;

    fn metadata(java: Option<&str>) -> Metadata {
        from_value(json!({"RuntimeVersion": "10.24.0", "JavaVersion": java, "ProjectName": "shop"}))
            .expect("metadata")
    }

    fn image(labels: &[(&str, &str)]) -> InspectedImage {
        InspectedImage {
            digest: format!("sha256:{}", "ab".repeat(32)),
            labels: labels
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            entrypoint: vec!["/java".to_owned()],
            cmd: vec!["-jar".to_owned()],
        }
    }

    #[rstest]
    #[case(
        "r/base:{{.MxRuntimeVersion}}-jre{{.JavaVersion}}",
        Some("21"),
        Ok("r/base:10.24.0-jre21")
    )]
    #[case("r/base:{{.MxRuntimeVersion}}", None, Ok("r/base:10.24.0"))]
    #[case("r/base:1", None, Ok("r/base:1"))]
    #[case("r/base:{{.JavaVersion}}", None, Err("wants the Java version"))]
    #[case(
        "r/base:{{.Java}}",
        Some("21"),
        Err("use {{.MxRuntimeVersion}} and {{.JavaVersion}} only")
    )]
    fn the_base_is_named_by_the_package(
        #[case] text: &str,
        #[case] java: Option<&str>,
        #[case] expected: Result<&str, &str>,
    ) {
        match (base_name(text, &metadata(java)), expected) {
            (Ok(name), Ok(expected)) => assert_eq!(name, expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn an_earlier_image_is_looked_for_where_the_new_one_goes() {
        let push = parse_reference("push.example:5000/apps/shop:2").expect("reference");
        let digest = format!("sha256:{}", "ab".repeat(32));
        let found = in_repository(&push, &format!("nodes.example/apps/shop@{digest}"));
        let expected = format!("push.example:5000/apps/shop@{digest}");
        assert_eq!(found.map(|reference| reference.whole()), Some(expected));
        assert_eq!(in_repository(&push, "nodes.example/apps/shop:1"), None);
    }

    #[test]
    fn labels_name_model_and_command() {
        let changes = config(
            &metadata(None),
            "0123",
            "r/base:1",
            &["/java".to_owned(), "-jar".to_owned()],
            2,
        );
        assert_eq!(changes.labels[MODEL_LABEL], "0123");
        assert_eq!(changes.labels[COMMAND_LABEL], r#"["/java","-jar"]"#);
        assert_eq!(changes.labels["org.opencontainers.image.title"], "shop");
        assert!(!changes.labels.contains_key("org.opencontainers.image.version"));
        assert_eq!(changes.entrypoint, None);
    }

    #[test]
    fn an_image_of_ours_says_its_model_and_command() {
        let reference = parse_reference("r.example/shop:1").expect("reference");
        let labels = [(MODEL_LABEL, "0123"), (COMMAND_LABEL, r#"["/run"]"#)];
        let result = adopted(&reference, &image(&labels)).expect("result");
        assert_eq!(
            (result.model.as_str(), result.command),
            ("0123", vec!["/run".to_owned()])
        );
        assert!(adopted(&reference, &image(&[(COMMAND_LABEL, "x")])).is_err());
    }

    #[test]
    fn a_foreign_image_has_the_model_of_its_digest() {
        let reference = parse_reference("r.example/shop:1").expect("reference");
        let result = adopted(&reference, &image(&[])).expect("result");
        assert_eq!(result.model, "ab".repeat(20));
        assert_eq!(result.command, ["/java", "-jar"]);
        assert_eq!(result.image, format!("r.example/shop@sha256:{}", "ab".repeat(32)));
    }
}
