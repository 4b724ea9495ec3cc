use crate::failure::TlsFailure;
use crate::verifier::Verifier;
use mendix_model::database::Tls;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What moves the bytes of a connection; to be polled in a task of its own.
pub type Driver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// TLS could not be set up, before anything was sent.
#[derive(Debug, thiserror::Error)]
#[error("failed to set up TLS: {0}")]
pub struct SetUpError(#[from] rustls::Error);

/// Makes connections that go as far for TLS as they were told to.
#[derive(Clone)]
pub struct Connector {
    tls: Tls,
    make: MakeRustlsConnect,
}

impl Connector {
    /// Where certificates are looked at, they are trusted when one of `authorities` or an authority of the public web
    /// has signed them. Of `authorities`, those that cannot be read are left out.
    ///
    /// # Errors
    /// The cryptography has no protocol version that the library takes for safe.
    pub fn new(
        tls: Tls,
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, SetUpError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = match tls {
            Tls::Host => builder.with_root_certificates(roots(authorities)),
            Tls::Authority => builder
                .dangerous()
                .with_custom_certificate_verifier(Verifier::of_authorities(provider, roots(authorities))),
            Tls::Never | Tls::Offered | Tls::Required => builder
                .dangerous()
                .with_custom_certificate_verifier(Verifier::of_nothing(provider)),
        };
        Ok(Self {
            tls,
            make: MakeRustlsConnect::new(builder.with_no_client_auth()),
        })
    }

    /// Connects and logs in. The mode of TLS that `config` has does not count.
    ///
    /// # Errors
    /// Those of the connection; [`TlsFailure::of`] tells what of them is of TLS.
    pub async fn connect(&self, config: &Config) -> Result<(Client, Driver), Error> {
        let mut config = config.clone();
        config.ssl_mode(mode(self.tls));
        let error = match config.connect(self.make.clone()).await {
            Err(error) if self.goes_on_without(&error) => error,
            done => return done,
        };
        config.ssl_mode(SslMode::Disable);
        let without = config.connect(self.make.clone()).await;
        without.map_err(|second| telling(error, second))
    }

    /// Drivers do so too where TLS is only preferred: there are servers whose TLS is too old for them.
    fn goes_on_without(&self, error: &Error) -> bool {
        self.tls == Tls::Offered && TlsFailure::of(error).is_some()
    }
}

/// A server that admits nobody without TLS says nothing new by that; whatever else it says is of the login.
fn telling(with_tls: Error, without: Error) -> Error {
    if without.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) {
        with_tls
    } else {
        without
    }
}

const fn mode(tls: Tls) -> SslMode {
    match tls {
        Tls::Never => SslMode::Disable,
        Tls::Offered => SslMode::Prefer,
        Tls::Required | Tls::Authority | Tls::Host => SslMode::Require,
    }
}

fn roots(authorities: impl IntoIterator<Item = CertificateDer<'static>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    roots.add_parsable_certificates(authorities);
    roots
}
