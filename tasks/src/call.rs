//! One request to a store or to who gives logins, signed where that is asked for, and its answer.

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

/// Media type of [`form`].
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Status of a store that has not done what was asked, and may do it later.
const BUSY: u16 = 503;
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Who signs, and how.
pub(crate) enum Signer {
    /// Nobody: what proves who asks is part of the request.
    Nobody,
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
pub(crate) struct Caller {
    http: Client,
    signer: Signer,
}

/// What is asked of a store.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// A request without content.
    pub(crate) const fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// A form as web pages send it. Of the address only the encoder is used: it is here already.
pub(crate) fn form(address: &Url, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut form = address.clone();
    form.set_query(None);
    form.query_pairs_mut().extend_pairs(fields);
    form.query().unwrap_or_default().as_bytes().to_vec()
}

/// Why a request came to nothing. Holds no address, and nothing of what was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// Nothing came back.
    Network(NetworkFailure),
    /// The store said no.
    Refused(Refusal),
    /// The request cannot be written down.
    Unsayable(String),
}

/// A no.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Refusal {
    /// Status of HTTP.
    pub(crate) status: u16,
    /// The store's word for it.
    pub(crate) code: Option<String>,
    /// Region that a bucket is in, where the answer says it.
    pub(crate) region: Option<String>,
}

impl Failure {
    /// Whether the store refused with this word.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Refused(Refusal { code: Some(code), .. }) if code == word)
    }
}

impl Caller {
    pub(crate) const fn new(http: Client, signer: Signer) -> Self {
        Self { http, signer }
    }

    /// Asks, and again where the store is busy; answers the content of a success.
    pub(crate) async fn call(&self, call: Call) -> Result<Vec<u8>, Failure> {
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
            Self::Nobody => Ok(()),
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

/// The word for an error, of XML or JSON.
pub(crate) fn code(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    let code = crate::xml::text_of(text, "Code").or_else(|| code_of_json(text))?;
    // It goes into sentences.
    let is_word = code.len() <= 80
        && code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    is_word.then_some(code)
}

/// Fields: administration of MinIO; AWS JSON protocol 1.1, "Operation error serialization"; OAuth 2.0 (RFC 6749), 5.2; OCI
/// distribution specification, "Error codes".
fn code_of_json(text: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(text).ok()?;
    let fields = ["/Code", "/__type", "/error", "/errors/0/code"];
    let code = fields.iter().find_map(|field| answer.pointer(field)?.as_str())?;
    // AWS may put a namespace before it.
    Some(code.rsplit('#').next().unwrap_or(code).to_owned())
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
    #[case(
        r#"{"__type":"com.amazonaws.ecr#AccessDeniedException","message":"x"}"#,
        Some("AccessDeniedException")
    )]
    #[case(
        r#"{"error":"invalid_client","error_description":"x"}"#,
        Some("invalid_client")
    )]
    #[case(r#"{"errors":[{"code":"UNAUTHORIZED","message":"x"}]}"#, Some("UNAUTHORIZED"))]
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
