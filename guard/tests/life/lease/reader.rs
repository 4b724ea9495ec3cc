//! What the controller reads of a guard's status, by its own reader.

use super::{Database, LEADER, OTHER, running, waiting};
use crate::guard::{Guard, Setup, eventually};
use crate::postgres;
use crate::runtime::Runtime;
use crate::start::OBEDIENT;
use mendix_controller::testing::ask;
use mendix_model::lease::{LeaseState, LeaseStatus, TERMS};
use std::time::Duration;
use tokio::time::Instant;

/// What the controller is told.
async fn told(guard: &Guard) -> LeaseStatus {
    let far = Instant::now() + Duration::from_mins(1);
    ask(guard.address().await, far).await.expect("an answer").lease
}

#[tokio::test]
async fn the_controller_reads_who_holds_and_who_waits_for_whom() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let holder = database.guard(&LEADER, &runtime);
    running(&holder).await;
    let held = LeaseStatus {
        state: LeaseState::Held,
        message: None,
        remaining_seconds: None,
        bound_seconds: Some(TERMS.bound().as_secs()),
        foreign: None,
    };
    assert_eq!(told(&holder).await, held);

    let other = database.guard(&OTHER, &runtime);
    waiting(&other, "leader leader-a of model model-a may still run").await;
    let first = told(&other).await;
    assert_eq!(first.state, LeaseState::Waiting);
    let seconds = first.remaining_seconds.expect("it is watched");
    // The holder renews, so that the seconds go up and down, and the sentence stays.
    let later = eventually("other seconds", || async {
        let later = told(&other).await;
        (later.remaining_seconds? != seconds).then_some(later)
    })
    .await;
    assert_eq!((later.state, later.message), (first.state, first.message));
}

#[tokio::test]
async fn the_controller_reads_why_no_rows_are_kept() {
    let runtime = Runtime::start().await;
    let guard = Setup::new("leader", &runtime, OBEDIENT).start();
    guard.state_is("running").await;
    let told = told(&guard).await;
    assert_eq!((told.state, told.bound_seconds), (LeaseState::Absent, None));
    let why = told.message.expect("a reason");
    assert!(why.contains("earlier release"), "{why}");
}
