use super::*;
use crate::gather::Part;
use mendix_model::conditions::{Progress, conditions};
use mendix_model::crd::environment::HeldPod;
use mendix_model::crd::{EnvironmentSpec, EnvironmentStatus, MendixApp, MendixAppSpec};
use rstest::rstest;
use serde_json::json;

fn environment(progress: &Progress, held: usize) -> Environment {
    let mut environment = Environment::new("shop", EnvironmentSpec::default());
    let pod = |number| HeldPod {
        pod: format!("shop-{number}"),
        rule: "MX011".to_owned(),
        message: "pod shop-0 may still run as leader".to_owned(),
    };
    environment.metadata.namespace = Some("prod".to_owned());
    environment.status = Some(EnvironmentStatus {
        conditions: conditions(&[], progress, None, Timestamp::UNIX_EPOCH),
        held: (held > 0).then(|| (1..=held).map(pod).collect()),
        ..EnvironmentStatus::default()
    });
    environment
}

fn pod(name: &str, role: &str, state: &str, health: Health) -> PodView {
    PodView {
        name: name.to_owned(),
        role: Some(role.to_owned()),
        health,
        state: state.to_owned(),
        failed: state == "Failed",
        ..PodView::default()
    }
}

fn serving() -> PodView {
    pod("shop-1", "leader", "Ready", Health::Ready)
}

#[rstest]
#[case::serving(vec![serving()], Health::Ready, "Ready")]
#[case::starting(vec![serving(), pod("shop-2", "worker", "Starting", Health::Progressing)], Health::Progressing, "Starting")]
#[case::crashing(vec![pod("shop-1", "leader", "CrashLoopBackOff", Health::Stalled)], Health::Progressing, "Starting")]
#[case::left_behind(vec![serving(), pod("shop-0", "leader", "Failed", Health::Stalled)], Health::Ready, "Ready")]
#[case::ending_beside_others(vec![serving(), pod("shop-0", "leader", "Terminating", Health::Progressing)], Health::Ready, "Ready")]
#[case::failed(vec![pod("shop-1", "leader", "Failed", Health::Stalled)], Health::Stalled, "Failed")]
#[case::ending(vec![pod("shop-1", "leader", "Terminating", Health::Progressing)], Health::Progressing, "Stopping")]
#[case::none(vec![], Health::Ready, "Stopped")]
fn pods_count_where_the_gate_keeps_none(
    #[case] pods: Vec<PodView>,
    #[case] health: Health,
    #[case] expected: &str,
) {
    let judged = judge(&environment(&Progress::Ready, 0), 0, Some(&pods));
    assert_eq!((judged.health, judged.word), (health, expected));
}

#[rstest]
#[case::held(&Progress::working("Held", "pod shop-1 waits"), 1, Health::Progressing, "Held")]
#[case::not_yet_judged(&Progress::working("Changing", "trying again"), 0, Health::Progressing, "Pending")]
#[case::no_database(&Progress::stalled("DatabaseUnknown", "no host"), 1, Health::Stalled, "Stalled")]
#[case::fine(&Progress::Ready, 0, Health::Ready, "Ready")]
fn the_word_of_the_gate_comes_first(
    #[case] progress: &Progress,
    #[case] held: usize,
    #[case] health: Health,
    #[case] expected: &str,
) {
    let environment = environment(progress, held);
    // Whether pods may be listed changes nothing.
    for pods in [None, Some([serving()].as_slice())] {
        let judged = judge(&environment, held, pods);
        assert_eq!((judged.health, judged.word), (health, expected));
    }
}

#[test]
fn the_end_is_told_from_the_beginning() {
    let mut environment = environment(&Progress::Ready, 0);
    environment.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
        Timestamp::UNIX_EPOCH,
    ));
    let judged = judge(&environment, 0, None);
    assert_eq!((judged.health, judged.word), (Health::Progressing, "Deleting"));
}

#[test]
fn pods_are_counted_by_role_without_those_that_are_over() {
    let pods = [
        serving(),
        pod("shop-0", "leader", "Failed", Health::Stalled),
        pod("shop-2", "worker", "Ready", Health::Ready),
        pod("shop-3", "worker", "Gated", Health::Progressing),
    ];
    let summary = EnvironmentSummary::new(&environment(&Progress::Ready, 0), Some(&pods));
    assert_eq!(
        (summary.leader.as_deref(), summary.workers.as_deref()),
        (Some("1/1"), Some("1/2"))
    );
}

#[test]
fn without_the_right_to_list_pods_the_gate_still_names_those_that_wait() {
    let gathered = GatheredEnvironment {
        environment: environment(&Progress::working("Held", "pod shop-1 waits"), 1),
        pods: Part::Unknown,
        nodes: Nodes::new(),
        problems: vec!["failed to list pods".to_owned()],
    };
    let view = EnvironmentView::new(gathered);
    let pods: Vec<_> = view
        .pods
        .iter()
        .map(|pod| (pod.name.as_str(), pod.state.as_str()))
        .collect();
    assert_eq!(pods, [("shop-1", "Gated")]);
    assert_eq!(view.summary.leader, None);
}

#[test]
fn pods_that_only_pull_are_told_apart() {
    let pull = serde_json::from_value(json!({
        "metadata": {"name": "shop-pull-1", "labels": {"kubectl-mendix.io/component": "puller"}},
        "status": {"phase": "Pending"},
    }))
    .expect("pod");
    let view = EnvironmentView::new(GatheredEnvironment {
        environment: environment(&Progress::Ready, 0),
        pods: Part::Found(vec![pull]),
        nodes: Nodes::new(),
        problems: Vec::new(),
    });
    assert_eq!((view.pods.len(), view.pulls.len()), (0, 1));
    assert_eq!(view.summary.state, "Stopped");
}

#[test]
fn an_environment_with_an_app_of_its_name_is_not_listed_twice() {
    let mut app = MendixApp::new("shop", MendixAppSpec::default());
    app.metadata.namespace = Some("prod".to_owned());
    let mut elsewhere = environment(&Progress::Ready, 0);
    elsewhere.metadata.namespace = Some("test".to_owned());
    let gathered = GatheredApps {
        apps: vec![app],
        environments: vec![elsewhere, environment(&Progress::Ready, 0)],
        ..GatheredApps::default()
    };
    let listed: Vec<_> = summaries(&gathered).into_iter().map(|it| it.namespace).collect();
    assert_eq!(listed, ["test"]);
}
