//! Certificates of a database server, and the authority that signs them.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// Signs certificates of servers.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Certificate and key, as PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("key");
        Self(CertifiedIssuer::self_signed(params, key).expect("authority"))
    }

    /// Its own certificate, as PEM.
    pub fn certificate(&self) -> String {
        self.0.pem()
    }

    /// Its own certificate, for a server that shows it as if it were one of a server.
    pub fn own(&self) -> Pair {
        Pair {
            certificate: self.certificate(),
            key: self.0.key().serialize_pem(),
        }
    }

    /// A certificate for a host.
    pub fn sign(&self, host: &str) -> Pair {
        self.signed(&CertificateParams::new([host.to_owned()]).expect("name"))
    }

    /// A certificate for a host that has expired.
    pub fn sign_expired(&self, host: &str) -> Pair {
        let mut params = CertificateParams::new([host.to_owned()]).expect("name");
        params.not_after = date_time_ymd(2020, 1, 1);
        self.signed(&params)
    }

    fn signed(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().expect("key");
        let certificate = params.signed_by(&key, &self.0).expect("certificate");
        Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}
