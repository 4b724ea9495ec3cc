//! Why a connection failed, from what the HTTP client says.

use mendix_postgres_tls::CertificateDer;
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use std::error::Error;
use std::time::Duration;

/// Kinds of failure that people mend in different ways.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum NetworkFailure {
    /// The certificate of the other side is not trusted, or not for this name.
    Certificate(String),
    /// We speak TLS, the other side does not.
    PlainHttp,
    /// Anything else, with the innermost cause.
    Other(String),
}

/// Sorts a failure. The text never holds an address, which could carry a token.
pub(crate) fn failure(error: &reqwest::Error) -> NetworkFailure {
    sort(&innermost(error))
}

fn sort(cause: &str) -> NetworkFailure {
    // The words are those of rustls; its errors are hidden two libraries deep, behind boxes.
    if cause.contains("InvalidContentType") {
        NetworkFailure::PlainHttp
    } else if cause.contains("certificate") {
        NetworkFailure::Certificate(cause.to_owned())
    } else {
        NetworkFailure::Other(cause.to_owned())
    }
}

/// The last error of a chain in words: the only one that says more than "request failed".
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    match last.downcast_ref::<reqwest::Error>() {
        // Only the client's own errors print the address.
        Some(_) => "the connection failed".to_owned(),
        None => last.to_string(),
    }
}

/// Makes ring the cryptography provider, unless the process has chosen one already.
///
/// Without one the TLS clients panic when they are made; libraries cannot count on `main`.
pub(crate) fn ensure_cryptography() {
    // An error says that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client for downloads: ten redirects, ten seconds to connect, proxies as the environment says.
pub(crate) fn http_client() -> reqwest::Result<reqwest::Client> {
    client(builder)
}

/// A client for signed requests: follows no redirect, for a signature is good for one address; a minute a request.
pub(crate) fn signed_client() -> reqwest::Result<reqwest::Client> {
    client(|| {
        builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
    })
}

/// A client for what a node answers to its own pods: no proxy can reach it, and what is there answers at once.
pub(crate) fn node_client() -> reqwest::Result<reqwest::Client> {
    client(|| {
        builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(1))
            .timeout(Duration::from_secs(5))
    })
}

fn client(builder: impl Fn() -> reqwest::ClientBuilder) -> reqwest::Result<reqwest::Client> {
    ensure_cryptography();
    // An image without a certificate store fails the first attempt; then the authorities of the public web serve.
    builder().build().or_else(|_| {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        let roots: Result<Vec<_>, _> = roots.map(|root| reqwest::Certificate::from_der(root)).collect();
        builder().tls_certs_only(roots?).build()
    })
}

/// Hands our own client to the library, with the authorities and proxies that this pod is given.
#[derive(Debug)]
pub(crate) struct Connector(pub(crate) reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// The authorities that this process is told to trust, by the variables that the HTTP client follows too. What cannot be
/// read is left out: the task then says which server it does not trust.
pub(crate) fn authorities() -> Vec<CertificateDer<'static>> {
    let read = rustls_native_certs::load_native_certs();
    for error in read.errors {
        tracing::debug!("certificates are left out: {error}");
    }
    read.certs
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::limited(10))
        .user_agent(concat!("kubectl-mendix/", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use super::{NetworkFailure, sort};

    #[test]
    fn failures_are_sorted() {
        let certificate = "invalid peer certificate: UnknownIssuer";
        assert_eq!(
            sort(certificate),
            NetworkFailure::Certificate(certificate.to_owned())
        );
        assert_eq!(
            sort("received corrupt message of type InvalidContentType"),
            NetworkFailure::PlainHttp
        );
        assert_eq!(sort("refused"), NetworkFailure::Other("refused".to_owned()));
    }
}
