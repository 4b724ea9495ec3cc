//! Moments that were met, without keeping them.
//!
//! That two of `n` moments share a fingerprint of 128 bits, and the second is not looked at, has a probability below
//! `n * n / 2^129`: less than `10^-22` for a hundred million.

use nohash_hasher::{BuildNoHashHasher, IsEnabled};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::{Hash, Hasher};

/// In halves, which take less room in a table than one number of 128 bits.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Fingerprint(u64, u64);

/// For tables by fingerprint: one is as good a hash as can be had of it.
pub(crate) type AsItIs = BuildNoHashHasher<Fingerprint>;

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl IsEnabled for Fingerprint {}

/// The fingerprint of a moment.
pub(crate) fn fingerprint(state: &impl Hash) -> Fingerprint {
    let mut hasher = SipHasher13::new();
    state.hash(&mut hasher);
    let hash = hasher.finish128();
    Fingerprint(hash.h1, hash.h2)
}
