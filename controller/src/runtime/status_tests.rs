use crate::runtime::observe::Observed;
use crate::runtime::plan::tests::{observed, plan, runtime};
use mendix_model::lease::{LeaseState, LeaseStatus};
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
        answers: [("shop-master-1".to_owned(), Ok(waiting))].into(),
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
