//! An entry's own header, which has to say what the table of contents says. Pure.
//!
//! Source: PKWARE, APPNOTE.TXT, 4.3.7 and 4.5.3.

use super::entry::{Entry, Method};

const FIXED: usize = 30;
const SIGNATURE: &[u8] = b"PK\x03\x04";
const ENCRYPTED: u16 = 1;
/// Sum and sizes stand behind the content, and may be zero here.
const SIZES_BEHIND: u16 = 1 << 3;
/// In a field of 32 bits: the number is in the extra field.
const ELSEWHERE: u32 = u32::MAX;
const ZIP64: u16 = 1;

/// How many bytes of a header are needed, as far as the first ones say it.
pub(super) fn length(start: &[u8]) -> usize {
    match start.get(26..FIXED) {
        Some(_) => FIXED + usize::from(short(start, 26)) + usize::from(short(start, 28)),
        None => FIXED,
    }
}

/// Compares a whole header with the table of contents.
pub(super) fn check(header: &[u8], entry: &Entry, raw_name: &[u8]) -> Result<(), &'static str> {
    let name = &header[FIXED..][..usize::from(short(header, 26))];
    let flags = short(header, 6);
    let method = match entry.method {
        Method::Stored => 0,
        Method::Deflated => 8,
    };
    if !header.starts_with(SIGNATURE) {
        Err("is not where the table of contents says")
    } else if name != raw_name {
        Err("has another name in its own header than in the table of contents")
    } else if flags & ENCRYPTED != 0 {
        Err("is encrypted")
    } else if short(header, 8) != method {
        Err("is compressed in another way than the table of contents says")
    } else if !says_the_same(header, flags, entry) {
        Err("has another size or sum in its own header than in the table of contents")
    } else {
        Ok(())
    }
}

fn says_the_same(header: &[u8], flags: u16, entry: &Entry) -> bool {
    let behind = flags & SIZES_BEHIND != 0;
    let mut large = zip64(header);
    let mut same = |at: usize, expected: u64| {
        let number = long(header, at);
        let number = match number {
            ELSEWHERE => large.next().unwrap_or_else(|| u64::from(number)),
            number => u64::from(number),
        };
        number == expected || (behind && number == 0)
    };
    // In this order do they stand in the extra field.
    let sizes = same(22, entry.size) && same(18, entry.packed);
    let crc = long(header, 14);
    sizes && (crc == entry.crc || (behind && crc == 0))
}

/// The numbers of the extra field for large files.
fn zip64(header: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = header
        .get(FIXED + usize::from(short(header, 26))..)
        .unwrap_or_default();
    let mut found: &[u8] = &[];
    while let [a, b, c, d, tail @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*c, *d])).min(tail.len());
        let (field, next) = tail.split_at(length);
        if u16::from_le_bytes([*a, *b]) == ZIP64 {
            found = field;
        }
        rest = next;
    }
    let (numbers, _) = found.as_chunks::<8>();
    numbers.iter().copied().map(u64::from_le_bytes)
}

/// Zero where the header is too short.
fn short(header: &[u8], at: usize) -> u16 {
    header
        .get(at..at + 2)
        .map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn long(header: &[u8], at: usize) -> u32 {
    u32::from(short(header, at)) | u32::from(short(header, at + 2)) << 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::index;
    use rstest::rstest;

    fn header(extra: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; FIXED];
        bytes[..4].copy_from_slice(SIGNATURE);
        bytes[8] = 8;
        bytes[14..18].copy_from_slice(&7_u32.to_le_bytes());
        bytes[18..22].copy_from_slice(&5_u32.to_le_bytes());
        bytes[22..26].copy_from_slice(&9_u32.to_le_bytes());
        bytes[26] = 1;
        bytes[28] = u8::try_from(extra.len()).expect("short");
        bytes.push(b'a');
        bytes.extend(extra);
        bytes
    }

    fn compare(header: &[u8]) -> Result<(), &'static str> {
        let mut index = index(&[("a", 5, 9)]);
        index.entries[0].crc = 7;
        check(header, &index.entries[0], b"a")
    }

    #[test]
    fn a_header_says_how_long_it_is() {
        let whole = header(b"xyz");
        assert_eq!(
            (length(&whole[..9]), length(&whole[..FIXED]), length(&whole)),
            (30, 34, 34)
        );
    }

    #[test]
    fn a_header_that_says_the_same_is_accepted() {
        assert_eq!(compare(&header(&[])), Ok(()));
        let mut streamed = header(&[]);
        streamed[6] = 8;
        streamed[14..26].fill(0);
        assert_eq!(compare(&streamed), Ok(()));
        let mut extra = vec![9, 0, 1, 0, 7, 1, 0, 16, 0];
        extra.extend(9_u64.to_le_bytes());
        extra.extend(5_u64.to_le_bytes());
        let mut large = header(&extra);
        large[18..26].fill(255);
        assert_eq!(compare(&large), Ok(()));
    }

    #[rstest]
    #[case(0, "is not where")]
    #[case(6, "is encrypted")]
    #[case(8, "in another way")]
    #[case(14, "size or sum")]
    #[case(18, "size or sum")]
    #[case(22, "size or sum")]
    #[case(30, "another name")]
    fn a_header_that_says_something_else_is_refused(#[case] at: usize, #[case] part: &str) {
        let mut changed = header(&[]);
        changed[at] ^= 1;
        assert!(
            compare(&changed).is_err_and(|fault| fault.contains(part)),
            "{:?}",
            compare(&changed)
        );
    }
}
