use crate::runtime::observe::Observed;
use crate::runtime::plan::tests::{observed, plan, runtime};
use mendix_model::conditions::Progress;
use mendix_model::lease::{GuardStatus, LeaseState, LeaseStatus};
use serde_json::json;

/// The whole way, from a pod that runs and is not ready to what a person reads first.
#[test]
fn an_app_that_waits_for_its_database_is_not_ready_for_that_reason() {
    let why = "leader shop-master-0 of model 1 may still run on the database";
    let waiting = LeaseStatus {
        state: LeaseState::Waiting,
        message: Some(why.to_owned()),
        remaining_seconds: None,
        bound_seconds: Some(20),
        foreign: None,
    };
    let pod = serde_json::from_value(json!({"metadata": {"name": "shop-master-1"}})).expect("a pod");
    let observed = Observed {
        pods: vec![pod],
        answers: [("shop-master-1".to_owned(), Ok(GuardStatus::of_lease(waiting)))].into(),
        ..observed()
    };
    let plan = plan(&runtime(), &observed);
    let sentence = format!("waits for its turn on the database: {why}");
    let pods = plan.report.status.pods.expect("pods");
    assert_eq!(pods[0].message.as_deref(), Some(sentence.as_str()));
    assert_eq!(
        plan.report.progress.word(),
        format!("pod shop-master-1: {sentence}")
    );
    assert_eq!(plan.report.facts[0].reason, "Waiting");
    assert!(plan.report.requeue.is_some());
}

/// A leader whose Deployment has been without progress for too long, and whose guard says this.
fn late(state: &str) -> Progress {
    let lease = LeaseStatus {
        state: LeaseState::Held,
        message: None,
        remaining_seconds: None,
        bound_seconds: Some(20),
        foreign: None,
    };
    let answer = GuardStatus {
        state: Some(state.to_owned()),
        ..GuardStatus::of_lease(lease)
    };
    let exceeded = json!({ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" });
    let leader = json!({
        "metadata": { "name": "shop-master" }, "spec": { "selector": {}, "template": {} },
        "status": { "replicas": 1, "updatedReplicas": 1, "conditions": [exceeded] },
    });
    let pod = serde_json::from_value(json!({"metadata": {"name": "shop-master-1"}})).expect("a pod");
    let observed = Observed {
        leader: Some(serde_json::from_value(leader).expect("a Deployment")),
        pods: vec![pod],
        answers: [("shop-master-1".to_owned(), Ok(answer))].into(),
        ..observed()
    };
    plan(&runtime(), &observed).report.progress
}

#[test]
fn a_leader_that_works_on_the_database_is_not_late() {
    assert!(
        late("synchronising")
            .word()
            .contains("brings the schema of the database to its model")
    );
    assert!(matches!(late("startingModel"), Progress::Stalled { .. }));
}
