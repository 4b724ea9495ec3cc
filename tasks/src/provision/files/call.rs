//! One signed request to a store, and its answer.

use crate::network::{self, NetworkFailure};
use futures::TryStreamExt as _;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::azure::{AzureAuthorizer, AzureCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request, Response, Url};
use std::time::Duration;

/// More than an answer to any of our requests takes; what is longer is no answer of a store.
const ANSWER_LIMIT: usize = 1 << 20;

/// Status of a store that has not done what was asked, and may do it later.
const BUSY: u16 = 503;
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Who signs, and how.
pub(in crate::provision) enum Signer {
    /// Signature version 4 (AWS General Reference, "Signing AWS API requests").
    Aws {
        credential: AwsCredential,
        service: &'static str,
        region: String,
    },
    /// Shared key (Azure Storage REST API, "Authorize with Shared Key").
    Azure {
        credential: AzureCredential,
        account: String,
    },
}

/// A client of one account.
pub(in crate::provision) struct Caller {
    http: Client,
    signer: Signer,
}

/// What is asked of a store.
#[derive(Clone)]
pub(in crate::provision) struct Call {
    pub(in crate::provision) method: Method,
    pub(in crate::provision) url: Url,
    pub(in crate::provision) headers: Vec<(&'static str, String)>,
    pub(in crate::provision) body: Vec<u8>,
}

impl Call {
    /// A request without content.
    pub(in crate::provision) const fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// Why a request came to nothing. Holds no address, and nothing of what was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::provision) enum Failure {
    /// Nothing came back.
    Network(NetworkFailure),
    /// The store said no.
    Refused(Refusal),
    /// The request cannot be written down.
    Unsayable(String),
}

/// A no.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::provision) struct Refusal {
    /// Status of HTTP.
    pub(in crate::provision) status: u16,
    /// The store's word for it.
    pub(in crate::provision) code: Option<String>,
    /// Region that a bucket is in, where the answer says it.
    pub(in crate::provision) region: Option<String>,
}

impl Failure {
    /// Whether the store refused with this word.
    pub(in crate::provision) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Refused(Refusal { code: Some(code), .. }) if code == word)
    }
}

impl Caller {
    pub(in crate::provision) const fn new(http: Client, signer: Signer) -> Self {
        Self { http, signer }
    }

    /// Asks, and again where the store is busy; answers the content of a success.
    pub(in crate::provision) async fn call(&self, call: Call) -> Result<Vec<u8>, Failure> {
        for pause in PAUSES {
            match self.once(call.clone()).await {
                Err(Failure::Refused(refusal)) if refusal.status == BUSY => {
                    tracing::info!("the store is busy");
                }
                result => return result,
            }
            tokio::time::sleep(pause).await;
        }
        self.once(call).await
    }

    async fn once(&self, call: Call) -> Result<Vec<u8>, Failure> {
        let network = |error: reqwest::Error| Failure::Network(network::failure(&error));
        let response = self.http.execute(self.signed(call)?).await.map_err(network)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let content = read(response).await.map_err(network)?;
        if status.is_success() {
            Ok(content)
        } else {
            Err(Failure::Refused(refusal(status.as_u16(), &headers, &content)))
        }
    }

    fn signed(&self, call: Call) -> Result<Request, Failure> {
        let unsayable =
            |error: &(dyn std::error::Error + 'static)| Failure::Unsayable(network::innermost(error));
        let mut request = HttpRequest::new(HttpRequestBody::from(call.body));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = call.url.as_str().parse().map_err(|error| unsayable(&error))?;
        for (name, value) in call.headers {
            let value = HeaderValue::try_from(value).map_err(|error| unsayable(&error))?;
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self.signer
            .sign(&mut request)
            .map_err(|error| unsayable(&error))?;
        let (parts, body) = request.into_parts();
        let mut request = Request::new(call.method, call.url);
        *request.headers_mut() = parts.headers;
        *request.body_mut() = body.as_bytes().cloned().map(Into::into);
        Ok(request)
    }
}

impl Signer {
    fn sign(&self, request: &mut HttpRequest) -> object_store::Result<()> {
        match self {
            Self::Aws {
                credential,
                service,
                region,
            } => AwsAuthorizer::new(credential, service, region).try_authorize(request, None),
            Self::Azure { credential, account } => {
                // Part of what is signed; the client adds it only later.
                let length = request.body().content_length();
                if length > 0 {
                    request
                        .headers_mut()
                        .insert(reqwest::header::CONTENT_LENGTH, length.into());
                }
                AzureAuthorizer::new(credential, account).try_authorize(request)
            }
        }
    }
}

async fn read(response: Response) -> reqwest::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.try_next().await? {
        if content.len() + chunk.len() > ANSWER_LIMIT {
            break;
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

fn refusal(status: u16, headers: &HeaderMap, content: &[u8]) -> Refusal {
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    Refusal {
        status,
        code: header("x-ms-error-code").or_else(|| code(content)),
        region: header("x-amz-bucket-region"),
    }
}

/// The word for an error: element `Code` in XML, field `Code` in JSON (administration of MinIO).
pub(super) fn code(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    let json = || serde_json::from_str::<serde_json::Value>(text).ok();
    let code = super::xml::text_of(text, "Code").or_else(|| Some(json()?["Code"].as_str()?.to_owned()))?;
    // It goes into sentences.
    let is_word = code.len() <= 80
        && code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    is_word.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message>x</Message></Error>",
        Some("NoSuchBucket")
    )]
    #[case(
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
         <Code>NoSuchEntity</Code></Error></ErrorResponse>",
        Some("NoSuchEntity")
    )]
    #[case(
        r#"{"Code":"XMinioAdminNoSuchUser","Message":"x"}"#,
        Some("XMinioAdminNoSuchUser")
    )]
    #[case("<html><body>Not found</body></html>", None)]
    #[case("<Error><Code>a word\nand a password</Code></Error>", None)]
    #[case("", None)]
    fn the_word_of_an_error_is_found(#[case] content: &str, #[case] expected: Option<&str>) {
        assert_eq!(code(content.as_bytes()).as_deref(), expected);
    }

    #[test]
    fn the_region_of_a_bucket_is_read() {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("x-amz-bucket-region"),
            HeaderValue::from_static("eu-west-1"),
        )]);
        assert_eq!(refusal(301, &headers, b"").region.as_deref(), Some("eu-west-1"));
    }
}
