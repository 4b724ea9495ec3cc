//! Plain HTTP on loopback, with a limit of time and size on every answer.
//!
//! Not a client with TLS: that would read the certificates of an image which need not have any, and fail there.

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as Connections;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::error::Error;
use std::time::Duration;

/// An answer of this size is metrics or DDL commands of a very large model; beyond it something is wrong.
const LARGEST_ANSWER: usize = 64 << 20;

/// A client of the runtime in the same container.
#[derive(Clone)]
pub(crate) struct Client(Connections<HttpConnector, Full<Bytes>>);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("no answer within {} s", .0.as_secs_f32())]
    Late(Duration),
    #[error("{}", root(.0))]
    Unreachable(#[from] hyper_util::client::legacy::Error),
    #[error("the answer broke off: {0}")]
    Broken(Box<dyn Error + Send + Sync>),
}

/// The first cause: what lies above it only says that a client met it.
fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a dyn Error {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root
}

impl Client {
    /// A client without connections.
    pub(crate) fn new() -> Self {
        // A runtime that is being stopped closes its connections, and an idle one that is used again at that
        // moment looks like a failure. Connections on loopback cost nothing, so none is kept.
        Self(
            Connections::builder(TokioExecutor::new())
                .pool_max_idle_per_host(0)
                .build_http(),
        )
    }

    /// Status and body of the answer.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let exchange = async {
            let (head, body) = self.0.request(request).await?.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER)
                .collect()
                .await
                .map_err(ClientError::Broken)?;
            Ok((head.status, body.to_bytes()))
        };
        tokio::time::timeout(limit, exchange)
            .await
            .map_err(|_| ClientError::Late(limit))?
    }
}
