//! Unpacks the content of one entry and compares it with what the table of contents says. Pure.

use super::entry::{Entry, Method};
use flate2::{Crc, Decompress, FlushDecompress, Status};

/// Pieces that content is unpacked in.
const PIECE: usize = 64 << 10;

/// Unpacks one entry after the other.
pub struct Content {
    inflate: Decompress,
    piece: Vec<u8>,
    crc: Crc,
    size: u64,
    ended: bool,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            inflate: Decompress::new(false),
            piece: Vec::with_capacity(PIECE),
            crc: Crc::new(),
            size: 0,
            ended: false,
        }
    }
}

impl Content {
    /// Starts with another entry.
    pub fn start(&mut self) {
        self.inflate.reset(false);
        self.crc.reset();
        self.size = 0;
        self.ended = false;
    }

    /// Takes packed bytes and gives unpacked ones.
    pub fn take(&mut self, entry: &Entry, packed: &[u8], mut give: impl FnMut(&[u8])) -> Result<(), String> {
        match entry.method {
            Method::Stored => {
                self.count(packed);
                give(packed);
                Ok(())
            }
            Method::Deflated => self.inflate(entry, packed, give),
        }
    }

    fn inflate(&mut self, entry: &Entry, packed: &[u8], mut give: impl FnMut(&[u8])) -> Result<(), String> {
        let start = self.inflate.total_in();
        loop {
            let used = usize::try_from(self.inflate.total_in() - start).unwrap_or(usize::MAX);
            let rest = packed.get(used..).unwrap_or_default();
            if self.ended {
                return if rest.is_empty() {
                    Ok(())
                } else {
                    Err(damaged("it ends early"))
                };
            }
            let mut piece = std::mem::take(&mut self.piece);
            piece.clear();
            let status = self
                .inflate
                .decompress_vec(rest, &mut piece, FlushDecompress::None);
            self.ended = matches!(status, Ok(Status::StreamEnd));
            self.count(&piece);
            let full = piece.len() == piece.capacity();
            if self.size <= entry.size {
                give(&piece);
            }
            self.piece = piece;
            status.map_err(|_| damaged("it is no deflate stream"))?;
            if self.size > entry.size {
                return Err(damaged("it is longer than it says"));
            }
            let used = usize::try_from(self.inflate.total_in() - start).unwrap_or(usize::MAX);
            if used >= packed.len() && !full && !self.ended {
                return Ok(());
            }
        }
    }

    fn count(&mut self, unpacked: &[u8]) {
        self.crc.update(unpacked);
        self.size += unpacked.len() as u64;
    }

    /// Compares what came with what was announced.
    pub fn end(&self, entry: &Entry) -> Result<(), String> {
        if entry.method == Method::Deflated && !self.ended {
            Err(damaged("it has no end"))
        } else if self.size != entry.size {
            Err(damaged("it is shorter than it says"))
        } else if self.crc.sum() != entry.crc {
            Err(damaged("its checksum is wrong"))
        } else {
            Ok(())
        }
    }
}

fn damaged(how: &str) -> String {
    format!("is damaged ({how})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::index;
    use flate2::{Compression, write::DeflateEncoder};
    use rstest::rstest;
    use std::io::Write as _;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("written")
    }

    fn unpack(packed: &[u8], size: u64, crc: u32, piece: usize) -> Result<Vec<u8>, String> {
        let mut index = index(&[("a", packed.len() as u64, size)]);
        index.entries[0].crc = crc;
        let (mut content, mut found) = (Content::default(), Vec::new());
        content.start();
        for some in packed.chunks(piece) {
            content.take(&index.entries[0], some, |bytes| found.extend_from_slice(bytes))?;
        }
        content.end(&index.entries[0])?;
        Ok(found)
    }

    fn crc(bytes: &[u8]) -> u32 {
        let mut crc = Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    #[rstest]
    #[case(0)]
    #[case(1)]
    #[case(PIECE)]
    #[case(PIECE + 1)]
    #[case(3 * PIECE)]
    fn content_is_unpacked(#[case] size: usize) {
        let plain = vec![7; size];
        let packed = deflate(&plain);
        for piece in [1, 7, packed.len()] {
            assert_eq!(
                unpack(&packed, size as u64, crc(&plain), piece),
                Ok(plain.clone())
            );
        }
    }

    #[test]
    fn damage_is_named() {
        let (plain, packed) = (b"content", deflate(b"content"));
        let fault = |packed: &[u8], size, crc| unpack(packed, size, crc, 3).expect_err("damaged");
        assert_eq!(fault(&packed, 7, 1), "is damaged (its checksum is wrong)");
        assert_eq!(
            fault(&packed, 8, crc(plain)),
            "is damaged (it is shorter than it says)"
        );
        assert_eq!(
            fault(&packed, 6, crc(plain)),
            "is damaged (it is longer than it says)"
        );
        assert_eq!(fault(&packed[..4], 7, crc(plain)), "is damaged (it has no end)");
        assert_eq!(
            fault(&[&packed[..], b"x"].concat(), 7, crc(plain)),
            "is damaged (it ends early)"
        );
        assert_eq!(fault(&[7; 9], 7, 0), "is damaged (it is no deflate stream)");
        assert!(unpack(&deflate(&vec![0; 9 * PIECE]), 9, 0, 9999).is_err());
    }
}
