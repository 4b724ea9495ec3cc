//! How content is sealed that administers MinIO: for whoever knows the administrator's secret.
//!
//! The format is that of the public client `madmin-go` (function `EncryptData`), over streams of `secure-io/sio-go`:
//!
//! ```text
//! salt (32 bytes) | 2 | nonce (8 bytes) | fragment
//! ```
//!
//! 2 says PBKDF2 and AES-256-GCM, which all servers know; the other ways, with Argon2, are not allowed to those that run
//! under FIPS 140. A fragment is sealed under the nonce with its number behind it, as four bytes, the lowest first. It is
//! bound to a tag, that of nothing sealed under number 0, behind a byte that says whether it is the last.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2::{PBKDF2_HMAC_SHA256, derive};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::num::NonZeroU32;

const PBKDF2_AES_GCM: u8 = 2;
const ROUNDS: NonZeroU32 = NonZeroU32::new(8192).unwrap();
const SALT: usize = 32;
const NONCE: usize = 8;
/// More than fits into one fragment. An account takes a hundredth of it.
const LIMIT: usize = 1 << 14;
const LAST: u8 = 0x80;

/// Seals content; says in words why it could not.
pub(super) fn seal(secret: &str, content: &[u8]) -> Result<Vec<u8>, String> {
    let mut start = [0; SALT + NONCE];
    SystemRandom::new()
        .fill(&mut start)
        .map_err(|_| "there is no randomness".to_owned())?;
    let (salt, nonce) = start.split_at(SALT);
    seal_with(secret, content, salt, nonce).ok_or_else(|| "an account is too long to be sealed".to_owned())
}

fn seal_with(secret: &str, content: &[u8], salt: &[u8], nonce: &[u8]) -> Option<Vec<u8>> {
    if content.len() > LIMIT {
        return None;
    }
    let mut key = [0; 32];
    derive(PBKDF2_HMAC_SHA256, ROUNDS, salt, secret.as_bytes(), &mut key);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
    let mut bound = vec![LAST];
    bound.extend(sealed(&key, numbered(nonce, 0)?, &[], &[])?);
    let fragment = sealed(&key, numbered(nonce, 1)?, &bound, content)?;
    Some([salt, &[PBKDF2_AES_GCM], nonce, &fragment].concat())
}

fn sealed(key: &LessSafeKey, nonce: Nonce, bound: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = content.to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(bound), &mut buffer)
        .ok()?;
    Some(buffer)
}

fn numbered(nonce: &[u8], number: u32) -> Option<Nonce> {
    Nonce::try_assume_unique_for_key(&[nonce, &number.to_le_bytes()].concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_shows_neither_content_nor_secret_and_is_never_the_same() {
        let (first, second) = (
            seal("s3cret", b"content").expect("sealed"),
            seal("s3cret", b"content").expect("sealed"),
        );
        assert_eq!(first.len(), SALT + 1 + NONCE + 7 + 16);
        assert_eq!(first[SALT], PBKDF2_AES_GCM);
        assert_ne!(first, second);
        for part in [&b"content"[..], b"s3cret"] {
            assert!(!first.windows(part.len()).any(|window| window == part));
        }
    }

    #[test]
    fn more_than_a_fragment_is_not_sealed() {
        assert!(seal("s3cret", &vec![0; LIMIT + 1]).is_err());
    }
}
