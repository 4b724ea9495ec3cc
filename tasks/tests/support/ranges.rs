//! A web server that answers ranges of one package, well or badly.

use super::server::TestServer;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use futures::StreamExt as _;
use std::sync::{Arc, Mutex};

/// What a server does wrong with one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    Nothing,
    /// Closes the connection after so many bytes of what it announced.
    Close(usize),
    /// Answers with this status.
    Status(u16),
    /// Sends the range that starts one byte later.
    Shifted,
    /// Says that the package has another length.
    OtherLength,
    /// Sends another version of the package.
    OtherVersion,
    /// Sends more bytes than were asked for.
    Longer,
}

/// The first and last byte of each request, in turn.
pub type Log = Arc<Mutex<Vec<(usize, usize)>>>;

/// Serves ranges; `fault` says for the number of a request, from 0 on, what goes wrong.
pub async fn ranges(
    package: Vec<u8>,
    fault: impl Fn(usize) -> Fault + Clone + Send + Sync + 'static,
) -> (TestServer, Log) {
    let (package, log) = (Arc::new(package), Log::default());
    let seen = Arc::clone(&log);
    let router = Router::new().fallback(move |headers: HeaderMap| {
        let (package, seen, fault) = (Arc::clone(&package), Arc::clone(&seen), fault.clone());
        async move {
            let (first, last) = asked(&headers, package.len());
            let number = {
                let mut seen = seen.lock().expect("lock");
                seen.push((first, last));
                seen.len() - 1
            };
            answer(&package, first, last, fault(number))
        }
    });
    (TestServer::start(router).await, log)
}

fn asked(headers: &HeaderMap, length: usize) -> (usize, usize) {
    let range = headers.get("range").expect("a range").to_str().expect("text");
    let (first, last) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
        .expect("range");
    let number = |text: &str| text.parse::<usize>().expect("number");
    (number(first), number(last).min(length - 1))
}

fn answer(package: &[u8], first: usize, last: usize, fault: Fault) -> Response<Body> {
    let first = first + usize::from(fault == Fault::Shifted);
    let length = package.len() + usize::from(fault == Fault::OtherLength);
    let mut bytes = package[first..=last].to_vec();
    let announced = bytes.len();
    let body = match fault {
        Fault::Status(code) => {
            return Response::builder()
                .status(code)
                .body(Body::empty())
                .expect("answer");
        }
        Fault::Close(count) => {
            bytes.truncate(count);
            // The server sends what it has as soon as it has to wait.
            let broken = async {
                tokio::task::yield_now().await;
                Err(std::io::Error::other("closed"))
            };
            let sent = futures::stream::once(async { Ok(bytes) });
            Body::from_stream(sent.chain(futures::stream::once(broken)))
        }
        Fault::Longer => return longer(package, first, last),
        _ => Body::from(bytes),
    };
    let version = if fault == Fault::OtherVersion {
        "\"2\""
    } else {
        "\"1\""
    };
    Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header("content-length", announced)
        .header("content-range", format!("bytes {first}-{last}/{length}"))
        .header("etag", version)
        .body(body)
        .expect("answer")
}

fn longer(package: &[u8], first: usize, last: usize) -> Response<Body> {
    Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header("content-range", format!("bytes {first}-{last}/{}", package.len()))
        .header("etag", "\"1\"")
        .body(Body::from(package[first..].to_vec()))
        .expect("answer")
}
