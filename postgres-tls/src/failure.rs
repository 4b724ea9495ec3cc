use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, OtherError};
use std::error::Error as _;
use std::io;
use tokio_postgres::Error;

/// What tokio-postgres says of a failure between the request for TLS and the login; its kind is hidden.
const OF_TLS: &str = "error performing TLS handshake";
/// Names of a certificate that are told.
const NAMES: usize = 3;

/// Why there is no connection with TLS: what is wrong with the server, and what to do, as the end of a sentence whose
/// subject is the server.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TlsFailure {
    /// The server does without.
    #[error("does not speak TLS, which the address asks for; turn TLS on there, or set sslmode=prefer")]
    NotSpoken,
    /// Its certificate is not taken.
    #[error("shows a certificate that {0}; {remedy}", remedy = .0.remedy())]
    Certificate(CertificateProblem),
    /// Server and client do not get on; holds the library's words.
    #[error("breaks off TLS ({0}); let it speak TLS 1.2 or newer, or set sslmode=disable")]
    Handshake(String),
}

/// What is wrong with a certificate, as the end of a sentence.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateProblem {
    /// It is for none of the names that the address has; holds those that it is for.
    #[error("is not for this host but for {}", names(.0))]
    Name(Vec<String>),
    /// Nobody who is trusted has signed it.
    #[error("no trusted authority has signed")]
    Issuer,
    /// Its time is over.
    #[error("expired at {0}")]
    Expired(Timestamp),
    /// Its time has not come.
    #[error("holds only from {0} on")]
    Early(Timestamp),
    /// An authority's own, which servers may not use (RFC 5280, 4.2.1.9).
    #[error("is an authority's own (CA:TRUE)")]
    Authority,
    /// Version 1 of X.509, which names no host.
    #[error("is of X.509 version 1")]
    Version,
    /// Anything else, in the library's words.
    #[error("is not accepted ({0})")]
    Other(String),
}

impl TlsFailure {
    /// Tells what of an error is of TLS. Nothing where the connection broke, and where the server refused the login.
    pub fn of(error: &Error) -> Option<Self> {
        if error.to_string() != OF_TLS {
            return None;
        }
        let Some(cause) = error.source()?.downcast_ref::<io::Error>() else {
            return Some(Self::NotSpoken);
        };
        // A broken connection has no inner error, but a code of the system.
        let inner = cause.get_ref()?;
        match inner.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(problem)) => Some(Self::Certificate(problem.into())),
            Some(other) => Some(Self::Handshake(other.to_string())),
            None => (cause.kind() == io::ErrorKind::InvalidInput).then(|| Self::Handshake(inner.to_string())),
        }
    }
}

impl CertificateProblem {
    /// What to do.
    const fn remedy(&self) -> &'static str {
        match self {
            Self::Name(_) => "correct the host in the address, or give the server a certificate for it",
            Self::Issuer => {
                "add the certificate of its authority to key custom.crt of the Secret that trust.customCASecretName of \
                 the OperatorConfiguration names"
            }
            Self::Expired(_) => "renew the certificate of the server",
            Self::Early(_) => "set the clocks",
            Self::Authority => "give the server one that this authority has signed",
            Self::Version => "make it again as version 3, with the host under subjectAltName",
            Self::Other(_) => "give the server another one",
        }
    }

    fn of_words(words: &str) -> Self {
        match words {
            "CaUsedAsEndEntity" => Self::Authority,
            "UnsupportedCertVersion" => Self::Version,
            _ => Self::Other(words.replace(char::is_control, " ")),
        }
    }
}

impl From<&CertificateError> for CertificateProblem {
    fn from(error: &CertificateError) -> Self {
        match error {
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::Name(presented.iter().filter_map(|name| host(name)).collect())
            }
            CertificateError::UnknownIssuer => Self::Issuer,
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired(time(*not_after)),
            CertificateError::NotValidYetContext { not_before, .. } => Self::Early(time(*not_before)),
            // The words alone: else it is printed with the types around it.
            CertificateError::Other(OtherError(words)) => Self::of_words(&words.to_string()),
            other => Self::of_words(&other.to_string()),
        }
    }
}

fn time(time: UnixTime) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).ok();
    let told = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    // Only for years that no calendar has.
    told.unwrap_or(Timestamp::MAX)
}

/// The library writes `DnsName("db.example")` and `IpAddress(10.0.0.1)`; other names are no hosts.
fn host(written: &str) -> Option<String> {
    let dns = written
        .strip_prefix("DnsName(\"")
        .and_then(|rest| rest.strip_suffix("\")"));
    let address = || written.strip_prefix("IpAddress(")?.strip_suffix(')');
    Some(dns.or_else(address)?.replace(char::is_control, " "))
}

fn names(all: &[String]) -> String {
    match all {
        [] => "none: it has no host under subjectAltName".to_owned(),
        all if all.len() > NAMES => {
            let told: Vec<_> = all.iter().take(NAMES).map(String::as_str).collect();
            format!("{} and {} more", told.join(", "), all.len() - NAMES)
        }
        all => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn hosts(count: usize) -> CertificateProblem {
        CertificateProblem::Name((1..=count).map(|number| format!("db{number}")).collect())
    }

    #[rstest]
    #[case::none(0, "is not for this host but for none: it has no host under subjectAltName")]
    #[case::some(3, "is not for this host but for db1, db2, db3")]
    #[case::many(5, "is not for this host but for db1, db2, db3 and 2 more")]
    fn a_few_names_are_told(#[case] count: usize, #[case] expected: &str) {
        assert_eq!(hosts(count).to_string(), expected);
    }

    #[rstest]
    #[case("DnsName(\"*.db.example\")", Some("*.db.example"))]
    #[case("DnsName(\"a\u{1b}[31m\")", Some("a [31m"))]
    #[case("IpAddress(10.0.0.1)", Some("10.0.0.1"))]
    #[case("DirectoryName", None)]
    fn names_are_hosts(#[case] written: &str, #[case] expected: Option<&str>) {
        assert_eq!(host(written).as_deref(), expected);
    }

    #[test]
    fn moments_are_told_as_such() {
        let expired = CertificateError::ExpiredContext {
            time: UnixTime::since_unix_epoch(std::time::Duration::from_secs(2_000_000_000)),
            not_after: UnixTime::since_unix_epoch(std::time::Duration::from_hours(24)),
        };
        let failure = TlsFailure::Certificate((&expired).into());
        let expected =
            "shows a certificate that expired at 1970-01-02T00:00:00Z; renew the certificate of the server";
        assert_eq!(failure.to_string(), expected);
    }

    #[test]
    fn words_of_the_library_are_understood_or_handed_on() {
        assert_eq!(
            CertificateProblem::of_words("UnsupportedCertVersion"),
            CertificateProblem::Version
        );
        let other = CertificateProblem::from(&CertificateError::BadSignature);
        assert!(matches!(other, CertificateProblem::Other(words) if !words.is_empty()));
    }
}
