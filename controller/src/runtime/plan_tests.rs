use super::*;
use k8s_openapi::ByteString;
use kube::ResourceExt;
use mendix_model::crd::app::{EnvironmentVariable, RuntimeSettings};
use mendix_model::crd::claim::Owner;
use mendix_model::crd::common::LeaderSelection;
use mendix_model::crd::environment::Adopt;
use mendix_model::crd::{Environment, EnvironmentSpec, RuntimeSpec};
use rstest::rstest;
use serde_json::json;

/// At a time when nothing is late.
pub(crate) fn plan(runtime: &Runtime, observed: &Observed) -> Plan {
    super::plan(runtime, observed, Timestamp::UNIX_EPOCH)
}

pub(crate) fn runtime() -> Runtime {
    let text = |text: &str| Some(text.to_owned());
    let spec = RuntimeSpec {
        environment: "shop".to_owned(),
        image: "registry/shop@sha256:1".to_owned(),
        model: "one".to_owned(),
        replicas: 2,
        application_root_url: text("http://shop"),
        database_secret_name: text("shop-database"),
        file_secret_name: text("shop-file"),
        ..RuntimeSpec::default()
    };
    let mut runtime = Runtime::new("shop", spec);
    runtime.metadata.namespace = Some("prod".to_owned());
    runtime.metadata.uid = Some("uid-runtime".to_owned());
    runtime
}

fn secret(name: &str, password: &str) -> Secret {
    let mut secret = Secret::default();
    secret.metadata.name = Some(name.to_owned());
    secret.data = Some(
        [(
            "database-password".to_owned(),
            ByteString(password.as_bytes().to_vec()),
        )]
        .into(),
    );
    secret
}

pub(crate) fn observed() -> Observed {
    Observed {
        admin_secret: true,
        database: Some(secret("shop-database", "x")),
        file: Some(secret("shop-file", "y")),
        image: "mendix:1".to_owned(),
        claim: Some("database-1".to_owned()),
        owner: Owner {
            cluster: "cluster-1".to_owned(),
            namespace: "prod".to_owned(),
            environment: "shop".to_owned(),
        },
        ..Observed::default()
    }
}

/// The state after `plan` was carried out and all pods became ready.
fn carried_out(runtime: &mut Runtime, mut observed: Observed, plan: Plan) -> Observed {
    if !plan.writes.deployments.is_empty() {
        observed.pods.clear();
    }
    for mut deployment in plan.writes.deployments {
        let replicas = deployment
            .spec
            .as_ref()
            .and_then(|spec| spec.replicas)
            .expect("replicas");
        observed.pods.extend(ready_pods(&deployment, replicas));
        deployment.metadata.generation = Some(1);
        deployment.status = serde_json::from_value(json!({
            "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas,
        }))
        .expect("status");
        if deployment.name_any() == "shop-master" {
            observed.leader = Some(deployment);
        } else {
            observed.worker = Some(deployment);
        }
    }
    runtime.status = Some(plan.report.status);
    observed.copies = runtime
        .status
        .as_ref()
        .and_then(|it| it.copies.clone())
        .into_iter()
        .flatten()
        .collect();
    observed
}

fn ready_pods(deployment: &Deployment, replicas: i32) -> Vec<Pod> {
    let template = deployment.spec.as_ref().map(|spec| &spec.template.metadata);
    let status = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
    let pod = |index| -> Pod {
        let pod = serde_json::from_value(json!({ "metadata": template, "status": status }));
        let mut pod: Pod = pod.expect("a pod");
        pod.metadata.name = Some(format!("{}-{index}", deployment.name_any()));
        pod
    };
    (0..replicas).map(pod).collect()
}

/// Planned and carried out until nothing changes.
pub(crate) fn settled(runtime: &mut Runtime) -> Observed {
    let mut now = observed();
    for _ in 0..3 {
        let plan = plan(runtime, &now);
        now = carried_out(runtime, now, plan);
    }
    now
}

pub(crate) fn of<'a>(plan: &'a Plan, name: &str) -> Option<&'a Deployment> {
    plan.writes
        .deployments
        .iter()
        .find(|deployment| deployment.name_any() == name)
}

fn container(deployment: &Deployment) -> &k8s_openapi::api::core::v1::Container {
    let spec = deployment.spec.as_ref().expect("spec");
    &spec.template.spec.as_ref().expect("pod").containers[0]
}

fn guard_image(deployment: &Deployment) -> String {
    let pod = deployment
        .spec
        .as_ref()
        .and_then(|spec| spec.template.spec.as_ref())
        .expect("pod");
    pod.init_containers.as_ref().expect("init containers")[0]
        .image
        .clone()
        .expect("image")
}

#[test]
fn a_finished_state_is_a_fixed_point() {
    let mut runtime = runtime();
    let now = settled(&mut runtime);
    let plan = plan(&runtime, &now);
    let strip = |deployment: &Deployment| {
        let mut deployment = deployment.clone();
        (deployment.status, deployment.metadata.generation) = (None, None);
        deployment
    };
    assert_eq!(of(&plan, "shop-master"), now.leader.as_ref().map(strip).as_ref());
    assert_eq!(of(&plan, "shop-worker"), now.worker.as_ref().map(strip).as_ref());
    assert_eq!(
        (&plan.report.progress, plan.writes.admin_secret),
        (&Progress::Ready, false)
    );
    assert!(plan.writes.delete_copies.is_empty());
}

#[test]
fn a_new_release_of_the_controller_restarts_nothing() {
    let mut runtime = runtime();
    let before = settled(&mut runtime);
    let after = Observed {
        image: "mendix:2".to_owned(),
        ..before
    };
    let plan = plan(&runtime, &after);
    assert_eq!(guard_image(of(&plan, "shop-master").expect("leader")), "mendix:1");
}

#[test]
fn the_next_change_brings_the_new_release_along() {
    let mut runtime = runtime();
    let after = Observed {
        image: "mendix:2".to_owned(),
        ..settled(&mut runtime)
    };
    runtime.spec.settings = Some(RuntimeSettings {
        dtap_mode: Some("D".to_owned()),
        ..RuntimeSettings::default()
    });
    let plan = plan(&runtime, &after);
    assert_eq!(guard_image(of(&plan, "shop-worker").expect("worker")), "mendix:2");
}

#[test]
fn a_takeover_of_the_database_reaches_the_pods() {
    let adopt = Some(Adopt { id: "7".to_owned() });
    let spec = EnvironmentSpec {
        adopt,
        ..EnvironmentSpec::default()
    };
    let plan = plan(
        &runtime(),
        &Observed {
            environment: Some(Environment::new("shop", spec)),
            ..observed()
        },
    );
    let template = of(&plan, "shop-worker").and_then(|it| it.spec.as_ref());
    let template = serde_json::to_string(&template.map(|it| &it.template)).expect("json");
    assert!(template.contains(r#"\"adopt\":\"7\""#), "{template}");
}

#[test]
fn scaling_restarts_nothing() {
    let mut runtime = runtime();
    let now = settled(&mut runtime);
    runtime.spec.replicas = 5;
    let plan = plan(&runtime, &now);
    let (new, old) = (
        of(&plan, "shop-worker").expect("worker"),
        now.worker.as_ref().expect("worker"),
    );
    assert_eq!(
        new.spec.as_ref().map(|it| &it.template),
        old.spec.as_ref().map(|it| &it.template)
    );
    assert_eq!(new.spec.as_ref().and_then(|it| it.replicas), Some(4));
}

#[test]
fn a_changed_password_makes_new_copies_and_old_ones_go_when_nothing_mounts_them() {
    let mut runtime = runtime();
    let now = settled(&mut runtime);
    let old = runtime
        .status
        .as_ref()
        .and_then(|it| it.copies.clone())
        .expect("copies");
    let changed = Observed {
        database: Some(secret("shop-database", "new")),
        ..now
    };
    let first = plan(&runtime, &changed);
    // What is mounted stays.
    assert!(first.writes.delete_copies.is_empty());
    let changed = carried_out(&mut runtime, changed, first);
    let second = plan(&runtime, &changed);
    let changed = carried_out(&mut runtime, changed, second);
    let third = plan(&runtime, &changed);
    let database: Vec<_> = old
        .into_iter()
        .filter(|name| name.starts_with("shop-database-"))
        .collect();
    let after = carried_out(&mut runtime, changed, third);
    assert!(!after.copies.contains(&database[0]), "{:?}", after.copies);
}

#[rstest]
#[case::settings(
    |spec: &mut RuntimeSpec| spec.settings = Some(RuntimeSettings { custom_configuration: Some("{".into()), ..RuntimeSettings::default() }),
    "spec.runtime.customConfiguration: is not a JSON object"
)]
#[case::variable(
    |spec: &mut RuntimeSpec| spec.settings = Some(RuntimeSettings {
        environment_variables: Some(vec![EnvironmentVariable { name: "MENDIX_ROLE".into(), ..EnvironmentVariable::default() }]),
        ..RuntimeSettings::default()
    }),
    "spec.runtime.environmentVariables: MENDIX_ROLE is set by the controller"
)]
#[case::leaderless(
    |spec: &mut RuntimeSpec| spec.leader_selection = Some(LeaderSelection::Leaderless),
    "leaderless is not supported yet"
)]
fn running_pods_are_not_touched_by_what_is_wrong(#[case] change: fn(&mut RuntimeSpec), #[case] said: &str) {
    let mut runtime = runtime();
    let now = settled(&mut runtime);
    change(&mut runtime.spec);
    let plan = plan(&runtime, &now);
    assert_eq!(plan.writes, Writes::default());
    assert!(
        plan.report.progress.word().contains(said),
        "{:?}",
        plan.report.progress
    );
}

#[test]
fn an_app_with_wrong_settings_can_be_stopped() {
    let mut runtime = runtime();
    let now = settled(&mut runtime);
    runtime.spec.settings = Some(RuntimeSettings {
        custom_configuration: Some("{".into()),
        ..RuntimeSettings::default()
    });
    runtime.spec.replicas = 0;
    let plan = plan(&runtime, &now);
    let replicas: Vec<_> = plan
        .writes
        .deployments
        .iter()
        .filter_map(|it| it.spec.as_ref()?.replicas)
        .collect();
    assert_eq!(replicas, [0, 0]);
}

#[test]
fn a_lost_secret_is_told_and_touches_no_pod() {
    let mut runtime = runtime();
    let now = Observed {
        database: None,
        ..settled(&mut runtime)
    };
    let plan = plan(&runtime, &now);
    assert_eq!(plan.writes, Writes::default());
    assert!(
        plan.report.progress.word().contains("Secret shop-database"),
        "{:?}",
        plan.report.progress
    );
}

#[test]
fn every_worker_is_told_that_it_is_one() {
    let plan = plan(&runtime(), &observed());
    for (name, role) in [("shop-master", "leader"), ("shop-worker", "worker")] {
        let container = container(of(&plan, name).expect("deployment"));
        let variable = container
            .env
            .iter()
            .flatten()
            .find(|it| it.name == "MENDIX_ROLE")
            .expect("variable");
        // A literal: a reference could be empty.
        assert_eq!(
            (variable.value.as_deref(), &variable.value_from),
            (Some(role), &None)
        );
    }
}

#[test]
fn the_leader_is_recreated_never_rolled() {
    let plan = plan(&runtime(), &observed());
    let spec = of(&plan, "shop-master")
        .expect("leader")
        .spec
        .clone()
        .expect("spec");
    assert_eq!(
        spec.strategy.and_then(|strategy| strategy.type_).as_deref(),
        Some("Recreate")
    );
    assert_eq!(spec.replicas, Some(1));
}

#[test]
fn a_database_in_memory_has_a_leader_only() {
    let mut database = secret("shop-database", "x");
    database
        .data
        .as_mut()
        .expect("data")
        .insert("database-type".to_owned(), ByteString(b"HSQLDB".to_vec()));
    let mut runtime = runtime();
    let mut now = Observed {
        database: Some(database),
        ..observed()
    };
    let refused = plan(&runtime, &now);
    assert!(refused.writes.deployments.is_empty());
    let said = refused.report.progress.word();
    assert!(
        said.contains("MX108 spec.replicas") && said.contains("set replicas to 1"),
        "{said}"
    );
    runtime.spec.replicas = 1;
    for _ in 0..2 {
        let plan = plan(&runtime, &now);
        now = carried_out(&mut runtime, now, plan);
    }
    let plan = plan(&runtime, &now);
    assert_eq!(
        of(&plan, "shop-worker").and_then(|it| it.spec.as_ref()?.replicas),
        Some(0)
    );
    assert_eq!(plan.report.progress, Progress::Ready);
}

#[test]
fn no_secret_value_is_part_of_a_template() {
    let plan = plan(
        &runtime(),
        &Observed {
            database: Some(secret("shop-database", "geheim")),
            ..observed()
        },
    );
    let text = serde_json::to_string(&plan.writes.deployments).expect("json");
    assert!(!text.contains("geheim") && !text.contains("Z2VoZWlt"));
}
