//! Ends a transfer that no byte moves in, however long a healthy one may take.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a registry may do nothing. Generous: some assemble a whole layer before they answer.
pub(super) const LIMIT: Duration = Duration::from_mins(2);
/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(200);

/// Bytes moved so far.
#[derive(Clone, Default)]
pub(super) struct Moved(Arc<AtomicU64>);

impl Moved {
    /// Adds bytes.
    pub(super) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Result of `transfer`, or `None` once nothing moved for `limit`; tells `report` the bytes meanwhile.
pub(super) async fn watch<T>(
    moved: &Moved,
    limit: Duration,
    transfer: impl Future<Output = T>,
    report: impl Fn(u64),
) -> Option<T> {
    let mut transfer = Box::pin(transfer);
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        if let Ok(result) = timeout(TICK.min(limit), &mut transfer).await {
            return Some(result);
        }
        let now = moved.get();
        if now != seen {
            (seen, since) = (now, Instant::now());
            report(now);
        } else if since.elapsed() >= limit {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_transfer_that_moves_is_let_alone_and_one_that_does_not_is_ended() {
        let moved = Moved::default();
        let slow = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(8)).await;
                moved.add(1);
            }
        };
        assert_eq!(
            watch(&moved, Duration::from_secs(10), slow, |_| {}).await,
            Some(())
        );
        let stuck = std::future::pending::<()>();
        assert_eq!(watch(&moved, Duration::from_secs(10), stuck, |_| {}).await, None);
    }
}
