//! Waiting for a condition, with the last state in the message when it never comes.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Far longer than any healthy run takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Asks until `done` says yes.
pub(crate) async fn until<T: Debug>(
    what: &str,
    mut ask: impl AsyncFnMut() -> T,
    done: impl Fn(&T) -> bool,
) -> T {
    let limit = Instant::now() + LIMIT;
    loop {
        let last = ask().await;
        if done(&last) {
            return last;
        }
        assert!(
            Instant::now() < limit,
            "waited in vain for: {what}; last seen: {last:#?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
