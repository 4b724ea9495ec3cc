//! Fields of older operators that are accepted and have no effect: a warning says so to whoever still writes them.

use mendix_model::crd::{MendixApp, MendixAppSpec};

/// A field that has no effect.
struct Legacy {
    written: fn(&MendixAppSpec) -> bool,
    /// At most 120 characters: clients cut longer ones.
    warning: &'static str,
}

const LEGACY: &[Legacy] = &[
    Legacy {
        written: |spec| {
            spec.database
                .as_ref()
                .is_some_and(|database| database.service_class.is_some())
        },
        warning: "spec.database.serviceClass has no effect: name a StoragePlan in spec.database.servicePlan",
    },
    Legacy {
        written: |spec| {
            spec.storage
                .as_ref()
                .is_some_and(|storage| storage.service_class.is_some())
        },
        warning: "spec.storage.serviceClass has no effect: name a StoragePlan in spec.storage.servicePlan",
    },
    Legacy {
        written: |spec| spec.mendix_runtime_version.is_some(),
        warning: "spec.mendixRuntimeVersion has no effect: the version is read from the deployment package",
    },
    Legacy {
        written: |spec| {
            spec.deployment_strategy
                .as_ref()
                .is_some_and(|strategy| strategy.type_.is_some())
        },
        warning: "spec.deploymentStrategy.type has no effect: every rollout keeps to one leader and one model",
    },
    Legacy {
        written: |spec| spec.runtime_license_product.is_some(),
        warning: "spec.runtimeLicenseProduct has no effect: no licence manager is asked; see spec.runtime.runtimeLicense",
    },
];

/// A sentence for each such field.
pub(crate) fn warnings(app: &MendixApp) -> Vec<String> {
    let written = LEGACY.iter().filter(|legacy| (legacy.written)(&app.spec));
    written.map(|legacy| legacy.warning.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{LEGACY, warnings};
    use mendix_model::crd::{MendixApp, MendixAppSpec};
    use rstest::rstest;

    #[rstest]
    #[case::class_of_the_database(
        r#"{"database": {"serviceClass": "mendix-database"}}"#,
        "database.serviceClass"
    )]
    #[case::class_of_the_files(r#"{"storage": {"serviceClass": "mendix-storage"}}"#, "storage.serviceClass")]
    #[case::version(r#"{"mendixRuntimeVersion": "8.14.0.1"}"#, "mendixRuntimeVersion")]
    #[case::strategy(
        r#"{"deploymentStrategy": {"type": "PreferRolling"}}"#,
        "deploymentStrategy.type"
    )]
    #[case::product(r#"{"runtimeLicenseProduct": "Standard"}"#, "runtimeLicenseProduct")]
    fn each_field_has_its_warning(#[case] spec: &str, #[case] field: &str) {
        let app = MendixApp::new("shop", serde_json::from_str(spec).unwrap());
        let warnings = warnings(&app);
        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0].starts_with(&format!("spec.{field} has no effect")),
            "{warnings:?}"
        );
    }

    #[test]
    fn an_app_of_today_has_none() {
        assert!(warnings(&MendixApp::new("shop", MendixAppSpec::default())).is_empty());
    }

    #[test]
    fn clients_show_all_of_every_warning() {
        assert!(LEGACY.iter().all(|legacy| legacy.warning.len() <= 120));
    }
}
