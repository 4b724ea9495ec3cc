use super::*;
use crate::app::plan::plan;
use crate::app::plan::tests::{app, ready};
use kube::Resource;
use mendix_model::crd::app::ServicePlan;
use rstest::rstest;

const SECRET: (&str, &str) = (names::ENVIRONMENT_SECRET_ANNOTATION, "true");
const CLASS: (&str, &str) = (names::ENVIRONMENT_CLASS_ANNOTATION, "true");

/// An app without plans that allows a secret store.
fn unplanned() -> MendixApp {
    let mut app = app();
    app.spec.database = None;
    app.spec.storage = Some(ServicePlan {
        service_plan: Some(String::new()),
        service_class: None,
    });
    app.spec.allow_override_secrets_with_secret_store_csi_driver = Some(true);
    app
}

fn object(annotations: &[(&str, &str)]) -> Attachable {
    let annotations = annotations.iter();
    Attachable {
        annotations: annotations
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        keys: vec!["database-host".to_owned()],
    }
}

fn with(secret: Option<Attachable>, class: Option<Attachable>) -> Observed {
    Observed {
        database: None,
        file: None,
        secret,
        class,
        ..ready(&app())
    }
}

#[rstest]
#[case::secret(Some(object(&[SECRET])), None, Some(SecretStoreKind::Secret))]
#[case::class_wins(Some(object(&[SECRET])), Some(object(&[CLASS])), Some(SecretStoreKind::SecretProviderClass))]
#[case::secret_without_annotation(Some(object(&[])), None, None)]
#[case::class_without_annotation(Some(object(&[SECRET])), Some(object(&[SECRET])), Some(SecretStoreKind::Secret))]
#[case::annotation_off(Some(object(&[(names::ENVIRONMENT_SECRET_ANNOTATION, "false")])), None, None)]
fn an_object_is_attached_by_its_annotation(
    #[case] secret: Option<Attachable>,
    #[case] class: Option<Attachable>,
    #[case] expected: Option<SecretStoreKind>,
) {
    let observed = with(secret, class);
    let found = secret_store(&unplanned(), &observed).map(|store| store.kind);
    assert_eq!(found, expected);
    let mut forbidden = unplanned();
    forbidden.spec.allow_override_secrets_with_secret_store_csi_driver = None;
    assert_eq!(secret_store(&forbidden, &observed), None);
}

#[test]
fn an_app_without_plans_runs_on_its_secret_store() {
    let plan = plan(&unplanned(), &with(Some(object(&[SECRET])), None));
    let status = &plan.report.status;
    assert_eq!(
        (
            status.database_status.as_deref(),
            status.storage_status.as_deref()
        ),
        (Some("Ready"), Some("Ready"))
    );
    let read = status.secret_store_settings.as_ref().expect("settings");
    assert_eq!(read["database-host"], "Secret shop");
    let children = plan.children.expect("children");
    assert_eq!((children.database, children.file), (None, None));
    let spec = children.runtime.expect("runtime").spec;
    assert_eq!((spec.database_secret_name, spec.file_secret_name), (None, None));
    assert_eq!(spec.secret_store.expect("store").kind, SecretStoreKind::Secret);
    assert!(plan.report.requeue.is_some(), "a Secret is not watched");
}

#[test]
fn a_store_that_is_no_longer_named_is_not_used() {
    let mut observed = ready(&app());
    observed.secret = Some(object(&[SECRET]));
    let children = plan(&unplanned(), &observed).children.expect("children");
    assert_eq!(children.runtime.expect("runtime").spec.database_secret_name, None);
}

#[test]
fn a_plan_goes_with_settings_of_a_secret_store() {
    let mut mixed = app();
    mixed.spec.allow_override_secrets_with_secret_store_csi_driver = Some(true);
    let mut observed = ready(&mixed);
    observed.secret = Some(object(&[SECRET]));
    let children = plan(&mixed, &observed).children.expect("children");
    assert!(children.database.is_some());
    let spec = children.runtime.expect("runtime").spec;
    assert_eq!(spec.database_secret_name.as_deref(), Some("shop-database"));
    assert!(spec.secret_store.is_some());
}

#[rstest]
#[case::named(Some("jdbc:postgresql://db/shop"))]
#[case::not_named(None)]
fn a_class_says_whether_its_database_is_known(#[case] url: Option<&str>) {
    let annotations = url.map(|url| (names::DATABASE_URL_ANNOTATION, url));
    let annotations: Vec<_> = annotations.into_iter().chain([CLASS]).collect();
    let plan = plan(&unplanned(), &with(None, Some(object(&annotations))));
    let settings = plan.report.status.secret_store_settings.expect("settings");
    let told = settings
        .get("database")
        .is_some_and(|text| text.contains("(I1) is not ensured"));
    assert_eq!(told, url.is_none());
    let runtime = plan.children.and_then(|it| it.runtime).expect("runtime");
    assert_eq!(
        runtime
            .spec
            .secret_store
            .expect("store")
            .database_jdbc_url
            .as_deref(),
        url
    );
}

#[rstest]
#[case::not_allowed(
    None,
    "set spec.allowOverrideSecretsWithSecretStoreCSIDriver to true and make Secret shop"
)]
#[case::allowed(Some(true), "or SecretProviderClass shop with")]
fn an_app_without_plan_and_secret_store_is_told_both_ways(#[case] allowed: Option<bool>, #[case] part: &str) {
    let mut app = unplanned();
    app.spec.allow_override_secrets_with_secret_store_csi_driver = allowed;
    let plan = plan(&app, &with(Some(object(&[])), None));
    let said = plan.report.progress.word();
    assert!(
        said.contains("spec.database.servicePlan is not set: name a storage plan") && said.contains(part),
        "{said}"
    );
    assert_eq!(plan.report.requeue.is_some(), allowed == Some(true));
}

#[test]
fn an_app_that_lost_its_secret_store_can_still_be_stopped() {
    let mut app = unplanned();
    let attached = with(Some(object(&[SECRET])), None);
    let mut runtime = plan(&app, &attached)
        .children
        .and_then(|it| it.runtime)
        .expect("runtime");
    runtime.meta_mut().generation = Some(1);
    app.spec.replicas = Some(0);
    let lost = Observed {
        runtime: Some(runtime),
        ..with(None, None)
    };
    let scaled = plan(&app, &lost).scaled.expect("runtime");
    assert_eq!(scaled.spec.replicas, 0);
    assert!(scaled.spec.secret_store.is_some());
}
