//! The sum of the whole package, made beside all else: it names the model.

use crate::build::BuildError;
use crate::build::origin::Origin;
use bytes::Bytes;
use mendix_package::hex;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Pieces that may wait to be summed.
const WAITING: usize = 4;

/// The sum of a package that nothing else is read of.
pub(in crate::build) async fn sum_of(origin: &Origin) -> Result<String, BuildError> {
    let sum = Sum::start();
    let mut stream = origin.stream(0, u64::MAX);
    while let Some(bytes) = stream.next().await? {
        sum.add(bytes).await?;
    }
    sum.end().await
}

/// A sum in the making.
pub(super) struct Sum {
    bytes: mpsc::Sender<Bytes>,
    done: JoinHandle<String>,
}

impl Sum {
    pub(super) fn start() -> Self {
        let (bytes, mut received) = mpsc::channel::<Bytes>(WAITING);
        let done = tokio::task::spawn_blocking(move || {
            let mut sum = Sha256::new();
            while let Some(some) = received.blocking_recv() {
                sum.update(&some);
            }
            hex(&sum.finalize())
        });
        Self { bytes, done }
    }

    pub(super) async fn add(&self, bytes: Bytes) -> Result<(), BuildError> {
        self.bytes.send(bytes).await.map_err(|_| BuildError::Interrupted)
    }

    /// The sum as hex.
    pub(super) async fn end(self) -> Result<String, BuildError> {
        drop(self.bytes);
        self.done.await.map_err(|_| BuildError::Interrupted)
    }
}
