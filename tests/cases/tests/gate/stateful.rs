//! A `StatefulSet` waits for a pod that does not become ready, whatever its template says by then.

use crate::pair::Pair;
use anyhow::Result;
use mendix_cases::plain::CONTAINER;

/// Kubernetes documentation, "Forced rollback": such a pod has to be deleted by hand. The planner does it.
#[tokio::test(flavor = "multi_thread")]
async fn update_that_cannot_be_pulled_is_taken_back() -> Result<()> {
    let pair = Pair::new("gate-stateful").await?;
    let (side, set) = (&pair.guarded, "statefulset/gate-stateful");
    side.apply(&side.environment.ordinal(2)).await?;
    side.until("leader and worker", |summary| summary.running().count() == 2)
        .await?;
    let image = |tag: &str| format!("{CONTAINER}={}", pair.images[0].tag.replace(":1", tag));
    side.kubectl(&["set", "image", set, &image(":nowhere")])?;
    side.until_held("MX006").await?;
    side.kubectl(&["set", "image", set, &image(":1")])?;
    side.kubectl(&["rollout", "status", set, "--timeout=90s"])?;
    let summary = side.database.register().await?;
    assert!(!summary.is_corrupted(), "{summary:#?}");
    side.kubectl(&["delete", set])?;
    Ok(())
}
