//! An authority and the one certificate that it has signed.

use crate::certificate::configuration;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::sync::Arc;

/// How long a certificate holds. It is renewed long before: [`super::Times::renewal`].
const VALIDITY: SignedDuration = SignedDuration::from_hours(24 * 365);
/// The clocks of API servers may be behind.
const SKEW: SignedDuration = SignedDuration::from_hours(24);

/// PEM texts. Holds a key, so it is not shown.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Pair {
    /// Certificate of the authority.
    pub(super) authority: String,
    /// Certificate of the server.
    pub(super) certificate: String,
    /// Its key.
    pub(super) key: String,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Pair")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl Pair {
    /// Makes both for one host name. The authority's key ends with this function.
    pub(super) fn make(host: &str, now: Timestamp) -> Result<Self, rcgen::Error> {
        let authority = CertifiedIssuer::self_signed(of_authority(now), KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = of_server(host, now)?.signed_by(&key, &authority)?;
        Ok(Self {
            authority: authority.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// For the server; or why not, in words that hold no part of the key.
    pub(super) fn configuration(&self) -> Result<Arc<ServerConfig>, String> {
        let chain =
            CertificateDer::pem_slice_iter(self.certificate.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| "its certificate is no PEM".to_owned())?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes());
        let key = key.map_err(|_| "its key is no PEM".to_owned())?;
        configuration(chain, key).map_err(|error| error.to_string())
    }
}

fn of_authority(now: Timestamp) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    // Two authorities of one bundle have two names: a client looks for the issuer by its name.
    let name = format!("kubectl-mendix webhook {}", now.as_nanosecond());
    parameters.distinguished_name.push(DnType::CommonName, name);
    valid(&mut parameters, now);
    parameters
}

fn of_server(host: &str, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(vec![host.to_owned()])?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, "kubectl-mendix webhook");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid(&mut parameters, now);
    Ok(parameters)
}

fn valid(parameters: &mut CertificateParams, now: Timestamp) {
    // Whole days: the library has a time of its own.
    let day = |time: Timestamp| {
        let date = time.to_zoned(TimeZone::UTC).date();
        let (year, month, day) = (date.year(), date.month(), date.day());
        date_time_ymd(i32::from(year), month.unsigned_abs(), day.unsigned_abs())
    };
    parameters.not_before = day(now - SKEW);
    parameters.not_after = day(now + VALIDITY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_can_be_served_and_shows_no_key() {
        let pair = Pair::make("webhook.system.svc", Timestamp::now()).unwrap();
        assert!(pair.configuration().is_ok());
        let shown = format!("{pair:?}");
        assert!(
            pair.key.lines().skip(1).all(|line| !shown.contains(line)),
            "{shown}"
        );
    }

    #[test]
    fn the_key_of_another_pair_is_refused() {
        let [one, other] = [(); 2].map(|()| Pair::make("webhook.system.svc", Timestamp::now()).unwrap());
        let mixed = Pair {
            key: other.key,
            ..one
        };
        assert!(mixed.configuration().is_err());
    }
}
