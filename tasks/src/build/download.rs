//! Downloads a package into an unnamed temporary file.

use super::SourceError;
use super::source::shown;
use crate::network::{NetworkFailure, failure, http_client, innermost};
use crate::progress::{Progress, Step};
use reqwest::{Response, StatusCode, Url};
use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::timeout;

/// How long a server may send nothing before the download is given up.
pub const INACTIVITY: Duration = Duration::from_secs(20);

/// Downloads; the file starts where the package starts.
pub(super) async fn download(
    url: &Url,
    inactivity: Duration,
    progress: &dyn Progress,
) -> Result<File, SourceError> {
    let address = shown(url);
    let response = request(url, &address, inactivity).await?;
    check(&address, response.status())?;
    let mut file = tempfile::tempfile().map_err(SourceError::Write)?;
    receive(response, &mut file, &address, inactivity, progress).await?;
    io::Seek::rewind(&mut file).map_err(SourceError::Write)?;
    Ok(file)
}

async fn request(url: &Url, address: &str, inactivity: Duration) -> Result<Response, SourceError> {
    let client = http_client().map_err(|error| SourceError::Client {
        cause: innermost(&error),
    })?;
    match timeout(inactivity, client.get(url.clone()).send()).await {
        Ok(answer) => answer.map_err(|error| connection(address, &error)),
        Err(_) => Err(stalled(address, 0, inactivity)),
    }
}

async fn receive(
    mut response: Response,
    file: &mut File,
    address: &str,
    inactivity: Duration,
    progress: &dyn Progress,
) -> Result<(), SourceError> {
    let expected = response.content_length();
    let mut received = 0;
    progress.advance(Step::Download, received, expected);
    loop {
        let chunk = match timeout(inactivity, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(broken(address, received, expected, &error)),
            Err(_) => return Err(stalled(address, received, inactivity)),
        };
        // The page cache takes it: no need for another thread for each piece.
        file.write_all(&chunk).map_err(SourceError::Write)?;
        received += chunk.len() as u64;
        progress.advance(Step::Download, received, expected);
    }
}

fn check(address: &str, status: StatusCode) -> Result<(), SourceError> {
    if status == StatusCode::OK {
        return Ok(());
    }
    Err(SourceError::Status {
        address: address.to_owned(),
        status: status.to_string(),
        advice: advice(status),
    })
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "check that the address still gives access: its token may have expired",
        404 | 410 => "check the address: the package is not there, or no longer",
        500.. => "try again later, or look at the server",
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

fn broken(address: &str, received: u64, expected: Option<u64>, error: &reqwest::Error) -> SourceError {
    match expected {
        Some(expected) if received < expected => SourceError::Truncated {
            address: address.to_owned(),
            received,
            expected,
        },
        _ => connection(address, error),
    }
}

fn stalled(address: &str, received: u64, inactivity: Duration) -> SourceError {
    SourceError::Stalled {
        address: address.to_owned(),
        received,
        seconds: inactivity.as_secs(),
    }
}
