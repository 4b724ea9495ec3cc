//! A client that counts.

use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Between two requests.
const PAUSE: Duration = Duration::from_millis(10);

/// A client that asks again and again, each time over a connection of its own.
pub struct Requests {
    over: Arc<AtomicBool>,
    task: JoinHandle<Answers>,
}

/// What it was answered.
#[derive(Debug, Default)]
pub struct Answers {
    /// Answers that say success.
    pub good: usize,
    /// All others, and what failed without one.
    pub failed: Vec<String>,
    /// From the last good answer before a failure to the next good one, all such times together.
    pub outage: Duration,
}

impl Requests {
    /// Begins to ask.
    ///
    /// # Errors
    /// When there can be no client.
    pub fn begin(url: String) -> Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .pool_max_idle_per_host(0)
            .build()?;
        let over = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(ask(client, url, over.clone()));
        Ok(Self { over, task })
    }

    /// Ends, and tells what came back.
    ///
    /// # Errors
    /// When the client has panicked.
    pub async fn end(self) -> Result<Answers> {
        self.over.store(true, Ordering::Relaxed);
        Ok(self.task.await?)
    }
}

async fn ask(client: reqwest::Client, url: String, over: Arc<AtomicBool>) -> Answers {
    let mut answers = Answers::default();
    let mut good = Instant::now();
    let mut before = 0;
    while !over.load(Ordering::Relaxed) {
        match client.get(&url).send().await {
            Ok(answer) if answer.status().is_success() => {
                answers.good += 1;
                if answers.failed.len() > before {
                    answers.outage += good.elapsed();
                }
                (good, before) = (Instant::now(), answers.failed.len());
            }
            Ok(answer) => answers.failed.push(answer.status().to_string()),
            Err(error) => answers.failed.push(format!("{error:?}")),
        }
        tokio::time::sleep(PAUSE).await;
    }
    answers
}
