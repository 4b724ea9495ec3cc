use super::*;
use mendix_model::crd::operator_configuration::Registry;
use mendix_model::crd::{BuildSpec, OperatorConfigurationSpec};
use rstest::rstest;
use serde_json::json;

fn build(url: &str) -> Build {
    let spec = BuildSpec {
        source_url: url.to_owned(),
        source_version: None,
        environment: "shop".to_owned(),
    };
    let mut build = Build::new("shop-build", spec);
    build.metadata.namespace = Some("prod".to_owned());
    build.metadata.uid = Some("uid-build".to_owned());
    build.metadata.generation = Some(1);
    build
}

fn observed(pod: Option<Pod>) -> Observed {
    Observed {
        configuration: OperatorConfigurationSpec {
            build_runtime_base_image: Some("base:{{.MxRuntimeVersion}}".to_owned()),
            registry: Some(Registry {
                push_url: Some("registry".to_owned()),
                secret_name: Some("push".to_owned()),
                image_name_template: Some("{{.Name}}:{{.UnixTimestamp}}".to_owned()),
                ..Registry::default()
            }),
            ..OperatorConfigurationSpec::default()
        },
        image: "mendix:test".to_owned(),
        pod,
        ..Observed::default()
    }
}

/// The pod that is made for a source, in a state.
fn pod(url: &str, phase: &str, message: &str) -> Pod {
    let mut pod = plan(&build(url), &observed(None), Timestamp::UNIX_EPOCH)
        .create
        .expect("pod");
    let state = json!({"terminated": {"exitCode": i32::from(phase == "Failed"), "message": message}});
    pod.status = serde_json::from_value(json!({"phase": phase, "containerStatuses": [{
        "name": "task", "image": "", "imageID": "", "ready": false, "restartCount": 0,
        "state": if message.is_empty() { json!({}) } else { state },
    }]}))
    .expect("status");
    pod
}

fn later() -> Timestamp {
    Timestamp::from_second(1_000_000).expect("time")
}

const RESULT: &str = r#"{"image":"registry/shop@sha256:1","model":"m","command":["/start"]}"#;

#[rstest]
#[case::at_work(
    pod("http://x", "Running", ""),
    TaskPhase::Running,
    "pod shop-build is at work"
)]
#[case::failed(
    pod("http://x", "Failed", "the package answers 404"),
    TaskPhase::Failed,
    "failed to build: the package answers 404; correct it, or to try again: kubectl delete pod shop-build -n prod"
)]
#[case::nonsense(
    pod("http://x", "Succeeded", "hello"),
    TaskPhase::Failed,
    "failed to build: the build ended well without saying which image it made; correct it, or to try again: \
     kubectl delete pod shop-build -n prod"
)]
#[case::done(pod("http://x", "Succeeded", RESULT), TaskPhase::Ready, "Ready")]
fn a_pod_of_the_same_input_is_kept(#[case] pod: Pod, #[case] phase: TaskPhase, #[case] word: &str) {
    // Later than the pod was made: a time in the image's name makes no new pod.
    let plan = plan(&build("http://x"), &observed(Some(pod)), later());
    assert_eq!((plan.delete, plan.create), (None, None));
    assert_eq!(
        (plan.report.status.phase, plan.report.progress.word()),
        (Some(phase), word.to_owned())
    );
}

#[rstest]
#[case::failed("Failed")]
#[case::succeeded("Succeeded")]
#[case::at_work("Running")]
fn a_pod_of_another_input_is_replaced(#[case] phase: &str) {
    let plan = plan(
        &build("http://y"),
        &observed(Some(pod("http://x", phase, ""))),
        later(),
    );
    assert!(plan.delete.is_some() && plan.create.is_none());
}

#[test]
fn the_result_is_recorded_before_the_pod_goes() {
    let pod = pod("http://x", "Succeeded", RESULT);
    let mut build = build("http://x");
    let first = plan(&build, &observed(Some(pod.clone())), later());
    assert_eq!(
        (first.report.status.image.as_deref(), &first.delete),
        (Some("registry/shop@sha256:1"), &None)
    );
    build.status = Some(first.report.status);
    let second = plan(&build, &observed(Some(pod)), later());
    assert!(second.delete.is_some());
    build.status = Some(second.report.status);
    let end = plan(&build, &observed(None), later());
    assert_eq!(
        (end.delete, end.create, end.report.progress),
        (None, None, Progress::Ready)
    );
}

#[test]
fn the_last_image_stays_while_a_later_build_fails() {
    let mut build = build("http://y");
    build.status = Some(BuildStatus {
        built_input: Some("of x".to_owned()),
        image: Some("registry/shop@sha256:1".to_owned()),
        ..BuildStatus::default()
    });
    let plan = plan(
        &build,
        &observed(Some(pod("http://y", "Failed", "no zip"))),
        later(),
    );
    assert_eq!(
        plan.report.status.image.as_deref(),
        Some("registry/shop@sha256:1")
    );
    assert_eq!(plan.report.status.phase, Some(TaskPhase::Failed));
}

#[test]
fn the_pod_of_a_later_build_is_told_of_the_last_image() {
    let mut build = build("http://y");
    build.status = Some(BuildStatus {
        built_input: Some("of x".to_owned()),
        image: Some("nodes/shop@sha256:1".to_owned()),
        ..BuildStatus::default()
    });
    let pod = plan(&build, &observed(None), later()).create.expect("pod");
    let env = pod
        .spec
        .expect("spec")
        .containers
        .remove(0)
        .env
        .unwrap_or_default();
    let told = env
        .iter()
        .find(|variable| variable.name == "MENDIX_PREVIOUS_IMAGE");
    assert_eq!(
        told.and_then(|variable| variable.value.as_deref()),
        Some("nodes/shop@sha256:1")
    );
}

#[test]
fn a_missing_registry_stops_the_build() {
    let plan = plan(&build("http://x"), &Observed::default(), later());
    assert_eq!(
        plan.report.progress.word(),
        "OperatorConfiguration mendix-operator-configuration in namespace prod names no registry: set \
         spec.registry.pushURL"
    );
    assert_eq!(plan.create, None);
}

#[test]
fn the_build_pod_has_what_it_needs() {
    let pod = plan(&build("http://x"), &observed(None), Timestamp::UNIX_EPOCH)
        .create
        .expect("pod");
    let spec = pod.spec.expect("spec");
    let container = &spec.containers[0];
    let parts = json!({"command": container.command, "args": container.args, "env": container.env,
        "volumes": spec.volumes, "account": spec.service_account_name});
    insta::assert_yaml_snapshot!(parts, @r#"
    account: mendix-builder
    args:
      - build
    command:
      - /mendix
    env:
      - name: MENDIX_ACTION
        value: build
      - name: MENDIX_NAMESPACE
        value: prod
      - name: MENDIX_ENVIRONMENT
        value: shop
      - name: MENDIX_SOURCE_URL
        value: "http://x"
      - name: MENDIX_BASE_IMAGE
        value: "base:{{.MxRuntimeVersion}}"
      - name: MENDIX_PUSH_IMAGE
        value: "registry/shop:0"
      - name: MENDIX_PULL_REPOSITORY
        value: registry/shop
    volumes:
      - name: secret-0
        secret:
          items:
            - key: ".dockerconfigjson"
              path: config.json
          optional: false
          secretName: push
      - emptyDir: {}
        name: tmp
    "#);
}
