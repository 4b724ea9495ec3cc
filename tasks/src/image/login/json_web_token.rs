//! JSON Web Tokens: what one of a vendor says about its end, and one of our own that is signed with RSA.
//!
//! Sources: RFC 7519, 4.1.4 (`exp`); RFC 7515, 3.1 and 7.1; RFC 7518, 3.3 (`RS256`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// When a token ends, by its own word: it is the vendor's, and is not checked.
pub(super) fn expiry(token: &str) -> Option<SystemTime> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(claims["exp"].as_u64()?))
}

/// Signs claims with a PEM key in PKCS #8 form; what is wrong with the key when it cannot be used.
pub(super) fn sign(header: &Value, claims: &Value, key: &str) -> Result<String, &'static str> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).map_err(|_| "is no PEM file of PKCS #8")?;
    let key =
        RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|_| "is no RSA key of 2048 bits or more")?;
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encoded(header), encoded(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| "cannot sign")?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_and_other_texts_have_none() {
        let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(r#"{"exp":1700000000}"#));
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(expiry(&token), Some(end));
        assert_eq!((expiry("opaque"), expiry("a.b.c")), (None, None));
    }

    #[test]
    fn what_is_no_key_does_not_sign() {
        let problem = sign(&Value::Null, &Value::Null, "hunter2");
        assert_eq!(problem, Err("is no PEM file of PKCS #8"));
    }
}
