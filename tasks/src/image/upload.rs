//! One upload of a blob whose digest is known only when its last byte is made.
//!
//! The client library sends such a blob as many requests of 4 MiB, each of which waits for the answer to the one
//! before. This is one request for all bytes, as the library would make it: its logins and its errors are used. Source:
//! OCI distribution specification, "Pushing blobs"; a `PATCH` without `Content-Range` is the streamed upload of Docker's
//! registry, which `crane` and others use.

use super::explain::explain;
use super::stall::LIMIT;
use super::{ImageError, Operation, Registry};
use crate::patience::Again;
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use oci_client::errors::OciDistributionError as Error;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Body, RequestBuilder, Response, StatusCode, Url};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Header by which registries say what they stored.
const STORED_DIGEST: &str = "docker-content-digest";

/// An upload into the repository of an image.
pub(crate) struct Upload {
    registry: Registry,
    image: Reference,
}

impl Upload {
    pub(crate) fn new(registry: &Registry, image: &Reference) -> Self {
        Self {
            registry: registry.clone(),
            image: image.clone(),
        }
    }

    /// Sends the bytes, and then their digest; without a digest the upload is left alone, and the registry forgets it.
    pub(crate) async fn send(
        self,
        bytes: impl Stream<Item = Bytes> + Send + 'static,
        digest: oneshot::Receiver<String>,
    ) -> Result<(), ImageError> {
        let start = self.start().await?;
        let body = Body::wrap_stream(bytes.map(Ok::<_, Infallible>));
        let sent = self
            .authorized(self.registry.http.patch(start.clone()), &start)
            .await?;
        let sent = sent
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(body)
            .send();
        // No limit of time: whoever makes the bytes sees whether they are taken.
        let sent = self.check(sent.await, StatusCode::ACCEPTED).await?;
        let end = self.location(&sent)?;
        match digest.await {
            Ok(digest) => self.end(end, &digest).await,
            // Who makes the bytes has failed, and says so.
            Err(_) => Ok(()),
        }
    }

    async fn start(&self) -> Result<Url, ImageError> {
        let (registry, repository) = (self.image.resolve_registry(), self.image.repository());
        let scheme = self.registry.scheme(&self.image);
        let url = format!("{scheme}://{registry}/v2/{repository}/blobs/uploads/");
        let url = Url::parse(&url).map_err(|error| self.broken(&error.to_string()))?;
        let request = self
            .authorized(self.registry.http.post(url.clone()), &url)
            .await?;
        let answer = self
            .small(request.header(CONTENT_LENGTH, 0), StatusCode::ACCEPTED)
            .await?;
        self.location(&answer)
    }

    async fn end(&self, mut url: Url, digest: &str) -> Result<(), ImageError> {
        url.query_pairs_mut().append_pair("digest", digest);
        // The login of the start may have expired meanwhile.
        let request = self.authorized(self.registry.http.put(url.clone()), &url).await?;
        let answer = self
            .small(request.header(CONTENT_LENGTH, 0), StatusCode::CREATED)
            .await?;
        let stored = answer.headers().get(STORED_DIGEST).map(HeaderValue::as_bytes);
        match stored {
            Some(stored) if stored != digest.as_bytes() => {
                Err(self.broken("says that it stored other bytes than were sent"))
            }
            _ => Ok(()),
        }
    }

    /// A request whose time does not depend on any size.
    async fn small(&self, request: RequestBuilder, expected: StatusCode) -> Result<Response, ImageError> {
        match timeout(LIMIT, request.send()).await {
            Ok(answer) => self.check(answer, expected).await,
            Err(_) => Err(ImageError::Stalled {
                operation: Operation::Push,
                reference: self.image.whole(),
                registry: self.image.registry().to_owned(),
                seconds: LIMIT.as_secs(),
            }),
        }
    }

    async fn check(
        &self,
        answer: reqwest::Result<Response>,
        expected: StatusCode,
    ) -> Result<Response, ImageError> {
        let answer = answer.map_err(|error| self.explain(&error.into()))?;
        let code = answer.status();
        if code == expected {
            return Ok(answer);
        }
        let url = answer.url().to_string();
        let asked = retry_after(&answer);
        let message = answer.text().await.unwrap_or_default();
        let mut error = self.explain(&Error::ServerError {
            code: code.as_u16(),
            url,
            message,
        });
        if let (
            ImageError::Registry {
                again: again @ Again::Later,
                ..
            },
            Some(asked),
        ) = (&mut error, asked)
        {
            *again = Again::After(asked);
        }
        Err(error)
    }

    /// Where the upload goes on, which may be another host.
    fn location(&self, answer: &Response) -> Result<Url, ImageError> {
        let location = answer
            .headers()
            .get(LOCATION)
            .and_then(|location| location.to_str().ok());
        let location = location.and_then(|location| answer.url().join(location).ok());
        location.ok_or_else(|| self.explain(&Error::RegistryNoLocationError))
    }

    /// Adds the login, for the registry alone: a host that it names may be anybody's.
    async fn authorized(&self, request: RequestBuilder, url: &Url) -> Result<RequestBuilder, ImageError> {
        if !self.is_of_registry(url) {
            return Ok(request);
        }
        let auth = self.registry.login(&self.image).await?.auth;
        let login = self
            .registry
            .client
            .auth(&self.image, &auth, RegistryOperation::Push);
        let token = login.await.map_err(|error| self.explain(&error))?;
        Ok(match (token, auth) {
            (Some(token), _) => request.headers(self.bearer(&token)?),
            (None, RegistryAuth::Basic(name, password)) => request.basic_auth(name, Some(password)),
            (None, _) => request,
        })
    }

    fn is_of_registry(&self, url: &Url) -> bool {
        let scheme = self.registry.scheme(&self.image);
        let own = Url::parse(&format!("{scheme}://{}/", self.image.resolve_registry()));
        own.is_ok_and(|own| own.origin() == url.origin())
    }

    fn bearer(&self, token: &str) -> Result<HeaderMap, ImageError> {
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| self.broken("gave a token that is none"))?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }

    fn explain(&self, error: &Error) -> ImageError {
        explain(error, Operation::Push, &self.image)
    }

    fn broken(&self, cause: &str) -> ImageError {
        ImageError::Registry {
            operation: Operation::Push,
            reference: self.image.whole(),
            registry: self.image.registry().to_owned(),
            cause: cause.to_owned(),
            again: Again::Never,
        }
    }
}

/// How long a busy server asks to wait. Source: RFC 9110, 10.2.3; the form with a date is rare, and not read.
fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}
