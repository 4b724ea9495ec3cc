//! The upload of one layer while it is made.

use crate::image::{ImageError, Operation, Reference, Registry, Upload};
use bytes::Bytes;
use futures::stream;
use mendix_package::Kind;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Pieces that may wait to be sent: enough that neither side waits for the other all the time, and little memory.
const WAITING: usize = 4;
/// How long the registry may take nothing.
const LIMIT: Duration = Duration::from_mins(2);

/// How the uploads ended.
pub(super) type Outcome = (Kind, Result<(), ImageError>);

/// All uploads of a pass; they end with it.
#[derive(Default)]
pub(super) struct Uploads(JoinSet<Outcome>);

/// Where the bytes of one layer go.
pub(super) struct Outlet {
    bytes: mpsc::Sender<Bytes>,
    digest: oneshot::Sender<String>,
}

impl Uploads {
    /// Starts an upload.
    pub(super) fn start(&mut self, kind: Kind, registry: &Registry, image: &Reference) -> Outlet {
        let (bytes, received) = mpsc::channel(WAITING);
        let (digest, known) = oneshot::channel();
        let upload = Upload::new(registry, image);
        self.0.spawn(async move {
            let next =
                |mut received: mpsc::Receiver<Bytes>| async move { Some((received.recv().await?, received)) };
            let pieces = stream::unfold(received, next);
            (kind, upload.send(pieces, known).await)
        });
        Outlet { bytes, digest }
    }

    /// Waits for all.
    pub(super) async fn outcomes(&mut self, image: &Reference) -> Vec<Outcome> {
        let mut all = Vec::new();
        while let Ok(Some(outcome)) = timeout(LIMIT, self.0.join_next()).await {
            // A task that panicked has said so; its layer is as good as not sent.
            all.extend(outcome);
        }
        if !self.0.is_empty() {
            let stalled = |kind| (kind, Err(stalled(image)));
            let missing = Kind::ALL
                .into_iter()
                .filter(|kind| all.iter().all(|(done, _)| done != kind));
            let missing: Vec<_> = missing.map(stalled).collect();
            all.extend(missing);
        }
        all
    }
}

/// Whether the other side still takes bytes.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Sent {
    Taken,
    /// The upload has failed; its outcome says why.
    Closed,
}

impl Outlet {
    /// Sends bytes; waits while too many are on their way.
    pub(super) async fn send(&self, pieces: Vec<Bytes>, image: &Reference) -> Result<Sent, ImageError> {
        for piece in pieces {
            match timeout(LIMIT, self.bytes.send(piece)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Ok(Sent::Closed),
                Err(_) => return Err(stalled(image)),
            }
        }
        Ok(Sent::Taken)
    }

    /// Ends the layer.
    pub(super) fn end(self, digest: String) {
        // The upload may have failed already, and says so itself.
        let _ = self.digest.send(digest);
    }
}

fn stalled(image: &Reference) -> ImageError {
    ImageError::Stalled {
        operation: Operation::Push,
        reference: image.whole(),
        registry: image.registry().to_owned(),
        seconds: LIMIT.as_secs(),
    }
}
