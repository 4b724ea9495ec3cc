use super::*;
use crate::report::Conditioned;
use jiff::Timestamp;
use kube::Resource;
use kube::core::object::HasStatus;
use mendix_model::conditions::{DATABASE_LEASE, Fact, conditions, of_facts};
use mendix_model::crd::app::{RuntimeSettings, ServicePlan};
use mendix_model::crd::common::RuntimeLicense;
use mendix_model::crd::{BuildStatus, EndpointStatus, MendixAppSpec, RuntimeStatus, StorageInstanceStatus};
use rstest::rstest;

pub(crate) fn app() -> MendixApp {
    let plan = |name: &str| {
        Some(ServicePlan {
            service_plan: Some(name.to_owned()),
            service_class: None,
        })
    };
    let spec = MendixAppSpec {
        database: plan("postgres"),
        storage: plan("files"),
        source_url: Some("http://packages/one".to_owned()),
        replicas: Some(2),
        ..MendixAppSpec::default()
    };
    let mut app = MendixApp::new("shop", spec);
    app.metadata.namespace = Some("prod".to_owned());
    app.metadata.uid = Some("uid-app".to_owned());
    app
}

/// A child as the API server holds it once its controller has said `progress`.
fn is<K: HasStatus<Status: Conditioned> + Resource<DynamicType = ()>>(
    mut child: K,
    mut status: K::Status,
    progress: &Progress,
) -> K {
    child.meta_mut().generation = Some(1);
    status.set(Some(1), conditions(&[], progress, Some(1), Timestamp::UNIX_EPOCH));
    *child.status_mut() = Some(status);
    child
}

/// All children but the runtime, in order.
pub(crate) fn ready(app: &MendixApp) -> Observed {
    let children = wanted(app, &Observed::default()).expect("children");
    let store = |name: &str| StorageInstanceStatus {
        phase: Some(TaskPhase::Ready),
        secret_name: Some(name.to_owned()),
        ..StorageInstanceStatus::default()
    };
    let url = EndpointStatus {
        app_url: Some("http://shop".to_owned()),
        ..EndpointStatus::default()
    };
    Observed {
        database: children
            .database
            .map(|it| is(it, store("shop-database"), &Progress::Ready)),
        file: children
            .file
            .map(|it| is(it, store("shop-file"), &Progress::Ready)),
        build: Some(is(children.build, built("one"), &Progress::Ready)),
        endpoint: Some(is(children.endpoint, url, &Progress::Ready)),
        ..Observed::default()
    }
}

fn built(model: &str) -> BuildStatus {
    BuildStatus {
        image: Some(format!("registry/shop@sha256:{model}")),
        model: Some(model.to_owned()),
        phase: Some(TaskPhase::Ready),
        ..BuildStatus::default()
    }
}

/// Everything runs.
fn running(app: &MendixApp) -> Observed {
    let mut observed = ready(app);
    let runtime = runtime_of(app, &observed).expect("runtime");
    let status = RuntimeStatus {
        state: Some("Started".to_owned()),
        replicas: Some(2),
        ..RuntimeStatus::default()
    };
    observed.runtime = Some(is(runtime, status, &Progress::Ready));
    observed
}

fn runtime_of(app: &MendixApp, observed: &Observed) -> Option<Runtime> {
    plan(app, observed).children.and_then(|children| children.runtime)
}

fn state(app: &MendixApp, observed: &Observed) -> String {
    plan(app, observed).report.status.state.expect("state")
}

#[test]
fn everything_but_the_runtime_is_made_side_by_side() {
    let plan = plan(&app(), &Observed::default());
    let children = plan.children.expect("children");
    assert_eq!(children.runtime, None);
    assert_eq!(plan.report.status.state.as_deref(), Some("Provisioning"));
}

#[test]
fn the_runtime_follows_when_all_are_ready() {
    let runtime = runtime_of(&app(), &ready(&app())).expect("runtime");
    assert_eq!((runtime.spec.model.as_str(), runtime.spec.replicas), ("one", 2));
    assert_eq!(runtime.spec.application_root_url.as_deref(), Some("http://shop"));
    assert_eq!(
        runtime.spec.database_secret_name.as_deref(),
        Some("shop-database")
    );
}

#[test]
fn a_running_app_says_so() {
    let plan = plan(&app(), &running(&app()));
    let status = &plan.report.status;
    assert_eq!(
        (status.state.as_deref(), status.app_state.as_deref()),
        (Some("Ready"), Some("Started"))
    );
    let words = [
        &status.build_status,
        &status.database_status,
        &status.storage_status,
        &status.network_status,
        &status.runtime_status,
        &status.mendix_app_state,
    ];
    assert!(
        words.iter().all(|word| word.as_deref() == Some("Ready")),
        "{words:?}"
    );
}

#[test]
fn a_finished_state_is_a_fixed_point() {
    let app = app();
    let observed = running(&app);
    let children = plan(&app, &observed).children.expect("children");
    let same = |one: &Option<StorageInstance>, other: &Option<StorageInstance>| {
        one.as_ref().map(|it| &it.spec) == other.as_ref().map(|it| &it.spec)
    };
    assert!(same(&observed.database, &children.database) && same(&observed.file, &children.file));
    assert_eq!(
        observed.runtime.map(|it| it.spec),
        children.runtime.map(|it| it.spec)
    );
}

#[test]
fn the_status_of_an_earlier_spec_is_not_believed() {
    let mut app = app();
    let observed = running(&app);
    app.spec.source_url = Some("http://packages/two".to_owned());
    let plan = plan(&app, &observed);
    assert_eq!(plan.report.status.state.as_deref(), Some("Building"));
    assert_eq!(
        plan.children
            .expect("children")
            .runtime
            .expect("runtime")
            .spec
            .model,
        "one"
    );
}

/// The build of a second package has failed; the image of the first is still known.
fn second_build_failed(app: &mut MendixApp) -> Observed {
    let mut observed = running(app);
    app.spec.source_url = Some("http://packages/two".to_owned());
    let wanted = wanted(app, &observed).expect("children").build;
    let status = BuildStatus {
        phase: Some(TaskPhase::Failed),
        ..built("one")
    };
    observed.build = Some(is(wanted, status, &Progress::stalled("BuildFailed", "no zip")));
    observed
}

#[test]
fn a_failed_build_leaves_the_app_as_it_is_and_editable() {
    let mut app = app();
    let observed = second_build_failed(&mut app);
    app.spec.replicas = Some(5);
    app.spec.runtime = Some(mendix_model::crd::app::RuntimeSettings {
        dtap_mode: Some("D".to_owned()),
        ..mendix_model::crd::app::RuntimeSettings::default()
    });
    let plan = plan(&app, &observed);
    let runtime = plan.children.expect("children").runtime.expect("runtime");
    assert_eq!((runtime.spec.model.as_str(), runtime.spec.replicas), ("one", 5));
    assert!(runtime.spec.settings.is_some());
    assert_eq!(plan.report.status.build_status.as_deref(), Some("no zip"));
    assert_eq!(plan.report.status.app_state.as_deref(), Some("Started"));
    assert_eq!(
        plan.report.progress,
        Progress::stalled("PartStalled", "build: no zip")
    );
}

#[test]
fn an_app_without_a_first_image_has_no_runtime() {
    let mut observed = ready(&app());
    let build = observed.build.take().expect("build");
    let failed = BuildStatus {
        phase: Some(TaskPhase::Failed),
        ..BuildStatus::default()
    };
    observed.build = Some(is(build, failed, &Progress::stalled("BuildFailed", "no zip")));
    assert_eq!(runtime_of(&app(), &observed), None);
}

#[test]
fn scaling_works_while_something_else_is_in_trouble() {
    let mut app = app();
    let mut observed = running(&app);
    let endpoint = observed.endpoint.take().expect("endpoint");
    observed.endpoint = Some(is(
        endpoint,
        EndpointStatus::default(),
        &Progress::stalled("EndpointInvalid", "no host"),
    ));
    app.spec.replicas = Some(0);
    let runtime = runtime_of(&app, &observed).expect("runtime");
    assert_eq!(runtime.spec.replicas, 0);
    assert_eq!(runtime.spec.application_root_url.as_deref(), Some("http://shop"));
}

#[rstest]
#[case::made(Some("shop-database"), "postgres")]
#[case::not_made(None, "other")]
fn a_store_that_was_made_keeps_its_plan(#[case] secret_name: Option<&str>, #[case] expected: &str) {
    let mut app = app();
    let mut observed = running(&app);
    let mut database = observed.database.take().expect("database");
    database.status = Some(StorageInstanceStatus {
        secret_name: secret_name.map(ToOwned::to_owned),
        phase: Some(TaskPhase::Failed),
        ..StorageInstanceStatus::default()
    });
    observed.database = Some(database);
    app.spec.database = Some(ServicePlan {
        service_plan: Some("other".to_owned()),
        service_class: None,
    });
    let children = plan(&app, &observed).children.expect("children");
    assert_eq!(children.database.expect("database").spec.plan_name, expected);
}

#[test]
fn everything_that_is_not_set_is_told_at_once_and_nothing_is_made() {
    let mut empty = app();
    empty.spec = MendixAppSpec::default();
    let plan = plan(&empty, &Observed::default());
    assert_eq!(plan.children, None);
    let word = plan.report.progress.word();
    for field in [
        "spec.database.servicePlan",
        "spec.storage.servicePlan",
        "spec.sourceURL",
    ] {
        assert!(word.contains(field), "{word}");
    }
}

#[test]
fn a_reserved_name_is_refused_by_its_rule() {
    let mut reserved = app();
    reserved.metadata.name = Some("mendix-x".to_owned());
    let plan = plan(&reserved, &Observed::default());
    assert_eq!(plan.children, None);
    assert!(
        plan.report.progress.word().starts_with("MX100 metadata.name"),
        "{:?}",
        plan.report.progress
    );
}

#[test]
fn nothing_is_made_for_an_app_that_is_being_deleted() {
    let mut app = app();
    app.metadata.deletion_timestamp = serde_json::from_str("\"2026-01-01T00:00:00Z\"").expect("time");
    assert_eq!(plan(&app, &Observed::default()).children, None);
}

#[rstest]
#[case::stopped(0, "Stopped")]
#[case::running(2, "Ready")]
fn a_stopped_app_says_so(#[case] replicas: i32, #[case] expected: &str) {
    let mut app = app();
    app.spec.replicas = Some(replicas);
    assert_eq!(state(&app, &running(&app)), expected);
}

#[rstest]
#[case::whole(Some("license-secret"), Some("Licensed"))]
#[case::no_key(None, None)]
fn a_licence_is_told_without_its_key(#[case] key: Option<&str>, #[case] mode: Option<&str>) {
    let mut app = app();
    app.spec.runtime = Some(RuntimeSettings {
        runtime_license: Some(RuntimeLicense {
            type_: Some("offline".to_owned()),
            id: Some("one".to_owned()),
            key: key.map(ToOwned::to_owned),
        }),
        ..RuntimeSettings::default()
    });
    let report = plan(&app, &running(&app)).report;
    let license = report.status.license_status.as_ref();
    assert_eq!(license.and_then(|it| it.mode.as_deref()), mode);
    assert_eq!(
        license.and_then(|it| it.license_id.as_deref()),
        mode.map(|_| "one")
    );
    assert!(
        !serde_json::to_string(&report.status)
            .expect("json")
            .contains("license-secret")
    );
}

#[test]
fn what_the_runtime_knows_of_its_lease_is_told_of_the_app() {
    let app = app();
    let mut observed = running(&app);
    let fact = Fact {
        type_: DATABASE_LEASE.to_owned(),
        is: Some(false),
        reason: "Absent".to_owned(),
        message: "no right".to_owned(),
    };
    let status = observed
        .runtime
        .as_mut()
        .and_then(|runtime| runtime.status.as_mut());
    let conditions = &mut status.expect("status").conditions;
    conditions.extend(of_facts(
        &[],
        std::slice::from_ref(&fact),
        Some(1),
        Timestamp::UNIX_EPOCH,
    ));
    assert_eq!(plan(&app, &observed).report.facts, [fact]);
    assert_eq!(
        state(&app, &observed),
        "Ready",
        "it says nothing of how far the app is"
    );
}

#[test]
fn an_app_that_is_refused_can_still_be_stopped() {
    let mut app = app();
    let observed = running(&app);
    app.spec.replicas = Some(0);
    app.spec.runtime = Some(RuntimeSettings {
        custom_configuration: Some("{".to_owned()),
        ..RuntimeSettings::default()
    });
    let plan = plan(&app, &observed);
    let said = plan.report.progress.word();
    assert!(said.contains("MX103 spec.runtime.customConfiguration"), "{said}");
    assert!(plan.children.is_none());
    let (scaled, present) = (
        plan.scaled.expect("runtime").spec,
        observed.runtime.expect("runtime").spec,
    );
    assert_eq!(
        (scaled.replicas, scaled.image, scaled.settings),
        (0, present.image, present.settings)
    );
}
