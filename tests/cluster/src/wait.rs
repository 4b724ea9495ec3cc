//! Waiting in tests: for a condition, never for a time.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll<Found> {
    /// The condition holds.
    Ready(Found),
    /// It does not hold yet; the text says what is there instead.
    Pending(String),
}

impl<Found> Poll<Found> {
    /// `found`, or pending with `state` where there is none.
    pub fn when(found: Option<Found>, state: impl FnOnce() -> String) -> Self {
        found.map_or_else(|| Self::Pending(state()), Self::Ready)
    }
}

/// Looks until the condition holds, and returns what was found.
///
/// # Errors
/// At once when looking fails; after `limit`, with what was last seen.
pub async fn wait_for<Found, Look>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Look,
) -> Result<Found>
where
    Look: Future<Output = Result<Poll<Found>>>,
{
    let begin = Instant::now();
    loop {
        let seen = match look().await? {
            Poll::Ready(found) => return Ok(found),
            Poll::Pending(seen) => seen,
        };
        if begin.elapsed() > limit {
            bail!(
                "failed to see {what} within {} s; last seen: {seen}",
                limit.as_secs()
            );
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_looks_until_the_condition_holds() {
        let mut looks = 0;
        let found = wait_for("three", Duration::from_mins(1), || {
            looks += 1;
            let seen = looks;
            async move { Ok(Poll::when((seen == 3).then_some(seen), || seen.to_string())) }
        });
        assert_eq!(found.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_timeout_says_what_was_last_seen() {
        let error = wait_for("a door", Duration::ZERO, || async {
            Ok(Poll::<()>::Pending("a wall".into()))
        });
        let text = error.await.unwrap_err().to_string();
        assert_eq!(text, "failed to see a door within 0 s; last seen: a wall");
    }

    #[tokio::test]
    async fn an_error_ends_the_waiting() {
        let error = wait_for::<(), _>("anything", Duration::from_mins(1), || async { bail!("broken") });
        assert_eq!(error.await.unwrap_err().to_string(), "broken");
    }
}
