//! A package on a server.

use super::file::START;
use crate::build::SourceError;
use crate::build::source::shown;
use crate::network::{NetworkFailure, failure, http_client, innermost};
use crate::patience::{Again, Patience};
use bytes::{Buf as _, Bytes};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderValue, RANGE};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::time::timeout;

/// A package on a server that answered.
pub(in crate::build) struct Remote {
    client: Client,
    url: Url,
    address: String,
    pub(super) patience: Patience,
    /// Whether the server answers a range with just that.
    pub(super) ranges: bool,
    /// Bytes, as soon as they are known.
    pub(super) length: Option<u64>,
    /// The first bytes.
    pub(super) start: Vec<u8>,
    version: Option<HeaderValue>,
}

/// An answer whose body comes in.
pub(super) struct Answer {
    /// Bytes of the package before the next ones of the body.
    position: u64,
    /// Length of the whole package, where the server says it.
    pub(super) length: Option<u64>,
    response: Response,
}

impl Remote {
    /// Asks for the first bytes, and finds out whether the server answers ranges.
    pub(super) async fn open(url: Url, patience: Patience) -> Result<Self, SourceError> {
        let client = http_client().map_err(|error| SourceError::Client {
            cause: innermost(&error),
        })?;
        let mut remote = Self {
            client,
            address: shown(&url),
            url,
            patience,
            ranges: false,
            length: None,
            start: Vec::new(),
            version: None,
        };
        remote.look().await?;
        Ok(remote)
    }

    async fn look(&mut self) -> Result<(), SourceError> {
        let mut response = self.send(Some(format!("bytes=0-{}", START - 1))).await?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            // Nothing is there, or the server is odd: the whole will tell.
            response = self.send(None).await?;
        }
        let answer = self.accept(response, 0)?;
        self.ranges = answer.response.status() == StatusCode::PARTIAL_CONTENT && answer.length.is_some();
        self.length = answer.length;
        self.version = answer.response.headers().get(ETAG).cloned();
        self.start = self.first_bytes(answer).await?;
        Ok(())
    }

    async fn first_bytes(&self, mut answer: Answer) -> Result<Vec<u8>, SourceError> {
        let mut start = Vec::new();
        let mut position = 0;
        while start.len() < usize::try_from(START).unwrap_or(usize::MAX) {
            match answer.next(self, position, START).await {
                Ok(Some(bytes)) => start.extend_from_slice(&bytes),
                Ok(None) => break,
                // The stream that reads the whole will meet it again, and knows what to do.
                Err(_) if !start.is_empty() => break,
                Err(error) => return Err(error),
            }
            position = start.len() as u64;
        }
        Ok(start)
    }

    /// Asks for the bytes from `start` to `end`; a server without ranges sends all.
    pub(super) async fn ask(&self, start: u64, end: u64) -> Result<Answer, SourceError> {
        let range = self.ranges.then(|| format!("bytes={start}-{}", end - 1));
        let response = self.send(range).await?;
        let answer = self.accept(response, start)?;
        let whole = (answer.length, &answer.response.headers().get(ETAG).cloned());
        let changed = |address: &str| SourceError::Changed {
            address: address.to_owned(),
        };
        match whole {
            (Some(length), _) if self.length.is_some_and(|known| known != length) => {
                Err(changed(&self.address))
            }
            (_, Some(version)) if self.version.as_ref().is_some_and(|known| known != version) => {
                Err(changed(&self.address))
            }
            _ => Ok(answer),
        }
    }

    async fn send(&self, range: Option<String>) -> Result<Response, SourceError> {
        // A packed answer would have other ranges than the package.
        let mut request = self
            .client
            .get(self.url.clone())
            .header(ACCEPT_ENCODING, "identity");
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        match timeout(self.patience.inactivity, request.send()).await {
            Ok(answer) => answer.map_err(|error| connection(&self.address, &error)),
            Err(_) => Err(self.stalled(0)),
        }
    }

    fn accept(&self, response: Response, start: u64) -> Result<Answer, SourceError> {
        let status = response.status();
        match status {
            StatusCode::OK => Ok(Answer {
                position: 0,
                length: response.content_length(),
                response,
            }),
            StatusCode::PARTIAL_CONTENT => match content_range(&response) {
                Some((position, length)) if position == start => Ok(Answer {
                    position,
                    length,
                    response,
                }),
                _ => Err(SourceError::Range {
                    address: self.address.clone(),
                }),
            },
            _ => Err(SourceError::Status {
                address: self.address.clone(),
                status: status.to_string(),
                advice: advice(status),
                again: Again::of_status(status.as_u16()),
            }),
        }
    }

    fn stalled(&self, received: u64) -> SourceError {
        SourceError::Stalled {
            address: self.address.clone(),
            received,
            seconds: self.patience.inactivity.as_secs(),
        }
    }
}

impl Answer {
    /// The next bytes from `position` on; nothing at the end. A server without ranges sends more before them.
    pub(super) async fn next(
        &mut self,
        remote: &Remote,
        position: u64,
        end: u64,
    ) -> Result<Option<Bytes>, SourceError> {
        loop {
            let received = self.position;
            let mut bytes = match timeout(remote.patience.inactivity, self.response.chunk()).await {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => return self.ended(remote, end),
                Ok(Err(error)) => return Err(self.broken(remote, &error)),
                Err(_) => return Err(remote.stalled(received)),
            };
            self.position += bytes.len() as u64;
            let known = usize::try_from(position.saturating_sub(received)).unwrap_or(usize::MAX);
            bytes.advance(known.min(bytes.len()));
            let wanted = usize::try_from(end - position).unwrap_or(usize::MAX);
            bytes.truncate(wanted);
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    fn ended(&self, remote: &Remote, end: u64) -> Result<Option<Bytes>, SourceError> {
        match remote.length.or(self.length) {
            Some(expected) if self.position < end.min(expected) => Err(SourceError::Truncated {
                address: remote.address.clone(),
                received: self.position,
                expected,
            }),
            _ => Ok(None),
        }
    }

    fn broken(&self, remote: &Remote, error: &reqwest::Error) -> SourceError {
        match remote.length.or(self.length) {
            Some(expected) if self.position < expected => SourceError::Truncated {
                address: remote.address.clone(),
                received: self.position,
                expected,
            },
            _ => connection(&remote.address, error),
        }
    }
}

/// First byte and whole length of `bytes 0-511/1234`. Source: RFC 9110, 14.4.
fn content_range(response: &Response) -> Option<(u64, Option<u64>)> {
    let text = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, length) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.parse().ok()?, length.parse().ok()))
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "check that the address still gives access: its token may have expired",
        404 | 410 => "check the address: the package is not there, or no longer",
        429 | 500.. => "try again later, or look at the server",
        _ => "check that the address leads to the package itself",
    }
}

fn connection(address: &str, error: &reqwest::Error) -> SourceError {
    let address = address.to_owned();
    if error.is_redirect() {
        return SourceError::Connection {
            address,
            cause: "it redirects without end".to_owned(),
        };
    }
    match failure(error) {
        NetworkFailure::Certificate(cause) => SourceError::Certificate { address, cause },
        NetworkFailure::PlainHttp => SourceError::Connection {
            address,
            cause: "the server answers with plain HTTP, not HTTPS".to_owned(),
        },
        NetworkFailure::Other(cause) => SourceError::Connection { address, cause },
    }
}
