use super::*;
use crate::runtime::plan::Plan;
use crate::runtime::plan::tests::{observed, of, plan, runtime};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{PodSpec, PodTemplateSpec};
use mendix_model::conditions::Progress;
use mendix_model::crd::runtime::SecretStore;
use rstest::rstest;

const URL: &str = "jdbc:postgresql://db/shop";

fn secret(entries: &[(&str, &str)]) -> Secret {
    let entries = entries.iter();
    let mut secret = Secret {
        data: Some(
            entries
                .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())))
                .collect(),
        ),
        ..Secret::default()
    };
    secret.metadata.name = Some("shop".to_owned());
    secret
}

fn whole() -> Secret {
    secret(&[
        ("database-jdbc-url", URL),
        ("database-password", "one"),
        ("storage-service-name", "com.mendix.storage.s3"),
        ("mx-const-Shop.Key", "two"),
    ])
}

/// A runtime whose credentials come from a secret store alone.
fn stored(kind: SecretStoreKind, database_jdbc_url: Option<&str>) -> Runtime {
    let mut runtime = runtime();
    runtime.spec.database_secret_name = None;
    runtime.spec.file_secret_name = None;
    runtime.spec.secret_store = Some(SecretStore {
        kind,
        database_jdbc_url: database_jdbc_url.map(ToOwned::to_owned),
    });
    runtime
}

fn seen(secret_store: Option<Secret>) -> Observed {
    Observed {
        database: None,
        file: None,
        secret_store,
        ..observed()
    }
}

fn template(plan: &Plan) -> PodTemplateSpec {
    let leader = of(plan, "shop-master").and_then(|it| it.spec.clone());
    leader.expect("Deployment").template
}

fn pod(plan: &Plan) -> PodSpec {
    template(plan).spec.expect("pod")
}

fn mounted(pod: &PodSpec) -> Vec<(String, String)> {
    let mounts = pod.containers[0].volume_mounts.iter().flatten();
    mounts
        .map(|it| (it.name.clone(), it.mount_path.clone()))
        .collect()
}

#[test]
fn a_secret_is_mounted_as_an_immutable_copy() {
    let runtime = stored(SecretStoreKind::Secret, None);
    let made = plan(&runtime, &seen(Some(whole())));
    let copy = made.writes.copies.iter().find(|it| {
        let name = it.metadata.name.as_deref().unwrap_or_default();
        name.starts_with("shop-environment-")
    });
    let copy = copy.expect("copy");
    assert_eq!((copy.immutable, &copy.data), (Some(true), &whole().data));
    let pod = pod(&made);
    assert!(mounted(&pod).contains(&(VOLUME.to_owned(), "/mnt/secrets".to_owned())));
    let volume = pod.volumes.iter().flatten().find(|it| it.name == VOLUME);
    let named = volume.and_then(|it| it.secret.as_ref()?.secret_name.clone());
    assert_eq!(named, copy.metadata.name);
    let environment = made.writes.environment.expect("environment");
    assert_eq!(environment.spec.database_secret_name.as_deref(), Some("shop"));
    assert!(made.report.requeue.is_some(), "a Secret is not watched");
}

#[test]
fn a_changed_secret_makes_other_pods() {
    let runtime = stored(SecretStoreKind::Secret, None);
    let one = plan(&runtime, &seen(Some(whole())));
    let mut changed = whole();
    let data = changed.data.get_or_insert_default();
    data.insert("mx-const-Shop.Key".to_owned(), ByteString(b"three".to_vec()));
    let other = plan(&runtime, &seen(Some(changed)));
    assert_ne!(template(&one), template(&other));
}

#[test]
fn a_class_is_mounted_by_its_driver_and_checked_by_the_guard() {
    let made = plan(
        &stored(SecretStoreKind::SecretProviderClass, Some(URL)),
        &seen(None),
    );
    let pod = pod(&made);
    let volume = pod.volumes.iter().flatten().find(|it| it.name == VOLUME);
    let csi = volume.and_then(|it| it.csi.clone()).expect("volume");
    assert_eq!((csi.driver.as_str(), csi.read_only), (DRIVER, Some(true)));
    assert_eq!(
        csi.volume_attributes.expect("attributes")["secretProviderClass"],
        "shop"
    );
    assert!(mounted(&pod).contains(&(VOLUME.to_owned(), "/mnt/secrets".to_owned())));
    let variables = pod.containers[0].env.clone().unwrap_or_default();
    let value = |name: &str| variables.iter().find(|it| it.name == name)?.value.clone();
    assert_eq!(value(guard::DATABASE_CLAIM).as_deref(), Some("database-1"));
    assert_eq!(value(guard::NAMESPACE).as_deref(), Some("prod"));
    let environment = made.writes.environment.expect("environment").spec;
    assert_eq!(
        (
            environment.database_secret_name,
            environment.database_jdbc_url.as_deref()
        ),
        (None, Some(URL))
    );
}

#[test]
fn nothing_is_checked_against_an_unknown_database() {
    let made = plan(&stored(SecretStoreKind::SecretProviderClass, None), &seen(None));
    let variables = pod(&made).containers[0].env.clone().unwrap_or_default();
    assert!(variables.iter().all(|it| it.name != guard::DATABASE_CLAIM));
}

#[rstest]
#[case::lost(None, "Secret shop with the credentials of the app is gone")]
#[case::no_file_store(Some(secret(&[("database-jdbc-url", URL)])), "no key storage-service-name")]
fn what_is_missing_is_named(#[case] secret: Option<Secret>, #[case] part: &str) {
    let made = plan(&stored(SecretStoreKind::Secret, None), &seen(secret));
    assert!(made.writes.deployments.is_empty());
    let Progress::Stalled { message, .. } = made.report.progress else {
        panic!("not stalled");
    };
    assert!(message.contains(part), "{message}");
}

#[test]
fn two_databases_and_two_file_stores_are_refused() {
    let mut runtime = stored(SecretStoreKind::Secret, None);
    runtime.spec.database_secret_name = Some("shop-database".to_owned());
    runtime.spec.file_secret_name = Some("shop-file".to_owned());
    let both = Observed {
        secret_store: Some(whole()),
        ..observed()
    };
    let said = plan(&runtime, &both).report.progress.word();
    assert!(
        said.contains("spec.database.servicePlan") && said.contains("spec.storage.servicePlan"),
        "{said}"
    );
    let settings = Observed {
        secret_store: Some(secret(&[("mx-const-Shop.Key", "two")])),
        ..observed()
    };
    assert_eq!(problems(&runtime.spec, &settings), Vec::<String>::new());
}

#[test]
fn an_app_without_a_secret_store_keeps_its_template() {
    let one = template(&plan(&runtime(), &observed()));
    let names = one.spec.iter().flat_map(|pod| pod.volumes.iter().flatten());
    assert!(names.into_iter().all(|volume| volume.name != VOLUME));
}
