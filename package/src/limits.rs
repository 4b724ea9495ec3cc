//! How much a package may unpack to. Pure.

/// Sizes up to which the ratio says nothing: small files of one repeated byte are no bombs.
const HARMLESS: u64 = 16 << 20;

/// How much a package may unpack to: what is beyond is taken for an attack or a mistake.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most bytes that a package may unpack to.
    pub unpacked: u64,
    /// How many times larger than packed an entry, or the whole package, may be.
    pub ratio: u64,
    /// Most files and folders that a package may hold.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unpacked: 16 << 30,
            ratio: 250,
            entries: 200_000,
        }
    }
}

impl Limits {
    /// Whether something unpacks to more than its packed size may.
    pub(super) fn is_bomb(&self, packed: u64, unpacked: u64) -> bool {
        unpacked > HARMLESS && unpacked / self.ratio.max(1) > packed
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;
    use rstest::rstest;

    #[rstest]
    #[case(16 << 10, 16 << 20, false)]
    #[case(16 << 10, 17 << 20, true)]
    #[case(1 << 20, 250 << 20, false)]
    #[case(1 << 20, 252 << 20, true)]
    #[case(0, u64::MAX, true)]
    fn what_grows_too_much_is_a_bomb(#[case] packed: u64, #[case] unpacked: u64, #[case] bomb: bool) {
        assert_eq!(Limits::default().is_bomb(packed, unpacked), bomb);
    }
}
