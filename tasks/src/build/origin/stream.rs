//! The bytes of a package from one place to another. A connection that breaks is made again where it stopped.

use super::Origin;
use super::web::Answer;
use crate::build::{BuildError, SourceError};
use backon::ExponentialBackoff;
use bytes::Bytes;

/// So many bytes show that a server works after all: what went wrong before them is forgotten.
const PROGRESS: u64 = 1 << 20;

/// A part of a package.
pub(in crate::build) struct Stream<'a> {
    origin: &'a Origin,
    position: u64,
    end: u64,
    answer: Option<Answer>,
    failures: Failures,
}

/// What went wrong since bytes last came.
#[derive(Default)]
struct Failures {
    first: Option<SourceError>,
    pauses: Option<ExponentialBackoff>,
    position: u64,
}

impl<'a> Stream<'a> {
    pub(super) fn new(origin: &'a Origin, start: u64, end: u64) -> Self {
        Self {
            origin,
            position: start,
            end: origin.length().map_or(end, |length| end.min(length)),
            answer: None,
            failures: Failures::default(),
        }
    }

    /// Length of the whole package, as far as it is known.
    pub(super) fn expected(&self) -> Option<u64> {
        let answered = || self.answer.as_ref().and_then(|answer| answer.length);
        self.origin.length().or_else(answered)
    }

    /// The next bytes; nothing at the end.
    pub(in crate::build) async fn next(&mut self) -> Result<Option<Bytes>, BuildError> {
        if self.position >= self.end {
            return Ok(None);
        }
        let bytes = match self.origin {
            Origin::File(file) => {
                let read = file
                    .read(self.position, self.end)
                    .await
                    .map_err(SourceError::Read)?;
                if read.is_empty() {
                    return Err(SourceError::Read(std::io::ErrorKind::UnexpectedEof.into()).into());
                }
                Some(read)
            }
            Origin::Web(_) => self.receive().await?,
        };
        self.position += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Ok(bytes)
    }

    async fn receive(&mut self) -> Result<Option<Bytes>, SourceError> {
        loop {
            match self.attempt().await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => self.recover(error).await?,
            }
        }
    }

    async fn attempt(&mut self) -> Result<Option<Bytes>, SourceError> {
        let Origin::Web(remote) = self.origin else {
            return Ok(None);
        };
        let answer = match &mut self.answer {
            Some(answer) => answer,
            none => none.insert(remote.ask(self.position, self.end).await?),
        };
        answer.next(remote, self.position, self.end).await
    }

    /// Waits before another attempt, or gives up with what went wrong first.
    async fn recover(&mut self, error: SourceError) -> Result<(), SourceError> {
        let Origin::Web(remote) = self.origin else {
            return Err(error);
        };
        self.answer = None;
        if self.position >= self.failures.position + PROGRESS {
            self.failures = Failures::default();
        }
        let pauses = self
            .failures
            .pauses
            .get_or_insert_with(|| remote.patience.pauses());
        let Some(pause) = error.again().pause(pauses) else {
            return Err(self.failures.first.take().unwrap_or(error));
        };
        tracing::warn!("{error}: trying again in {pause:?}");
        self.failures.first.get_or_insert(error);
        self.failures.position = self.position;
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
