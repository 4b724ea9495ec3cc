//! Writes a layer as gzip members: content that is deflated already is copied as it is, all else is joined and deflated.
//!
//! A member is a header, a deflate stream, and sum and size of what it unpacks to; members may follow each other (RFC
//! 1952, 2.2), and a zip entry is just such a stream with such a sum and size. What is joined is cut where it has a fixed
//! size, never where the network cut it: the bytes depend on the content alone.

use crate::hex;
use bytes::{Bytes, BytesMut};
use flate2::{Compress, Compression, Crc, FlushCompress};
use sha2::{Digest as _, Sha256};

/// No name, no time, and no operating system: each would make the digest differ from machine to machine.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// So many joined bytes become a member.
const JOINED: usize = 256 << 10;
/// Bytes that are given away together.
const PIECE: usize = 64 << 10;
/// Copied bytes that are shorter are cheaper to copy than to give away alone.
const SHORT: usize = 4 << 10;
/// Most bytes of a stored block. Source: RFC 1951, 3.2.4.
const BLOCK: u64 = 65_535;

/// Whether the bytes are wanted, or only their digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Output {
    Bytes,
    DigestOnly,
}

/// A layer in the making.
pub struct Members {
    output: Output,
    ready: Vec<Bytes>,
    piece: BytesMut,
    joined: Vec<u8>,
    compress: Compress,
    /// Bytes of stored content to come, and those of them that the current block still takes.
    stored: (u64, u64),
    digest: Sha256,
    size: u64,
}

impl Members {
    pub fn new(output: Output) -> Self {
        Self {
            output,
            ready: Vec::new(),
            piece: BytesMut::new(),
            joined: Vec::new(),
            // The size of what is joined is small beside that of what is copied: fast, rather than small.
            compress: Compress::new(Compression::new(3), false),
            stored: (0, 0),
            digest: Sha256::new(),
            size: 0,
        }
    }

    /// Adds plain bytes, which are joined with their neighbours.
    pub fn join(&mut self, mut plain: &[u8]) {
        while !plain.is_empty() {
            let (now, later) = plain.split_at(plain.len().min(JOINED - self.joined.len()));
            self.joined.extend_from_slice(now);
            plain = later;
            if self.joined.len() == JOINED {
                self.end_joined();
            }
        }
    }

    fn end_joined(&mut self) {
        if self.joined.is_empty() {
            return;
        }
        let mut crc = Crc::new();
        crc.update(&self.joined);
        // In one call, with room for all: how it is cut must not depend on what comes when. Deflate makes nothing longer
        // than five bytes a block of its own choice, and a little at the end.
        let mut packed = Vec::with_capacity(self.joined.len() + self.joined.len() / 64 + 1024);
        self.compress.reset();
        let done = self
            .compress
            .compress_vec(&self.joined, &mut packed, FlushCompress::Finish);
        debug_assert!(done.is_ok() && self.compress.total_in() == self.joined.len() as u64);
        let size = self.joined.len() as u64;
        self.joined.clear();
        self.put(&HEADER);
        self.put(&packed);
        self.put_trailer(crc.sum(), size);
    }

    /// Starts a member whose deflate stream is given with [`Self::copy`].
    pub fn start_copy(&mut self) {
        self.end_joined();
        self.put(&HEADER);
    }

    /// Starts a member of so many plain bytes, which are given with [`Self::store`].
    pub fn start_stored(&mut self, size: u64) {
        self.start_copy();
        self.stored = (size, 0);
        if size == 0 {
            self.put_block();
        }
    }

    /// Adds a part of a deflate stream.
    pub fn copy(&mut self, packed: Bytes) {
        if packed.len() < SHORT {
            self.put(&packed);
        } else {
            self.give_piece();
            self.give(packed);
        }
    }

    /// Adds plain bytes of a stored member.
    pub fn store(&mut self, mut plain: Bytes) {
        while !plain.is_empty() {
            if self.stored.1 == 0 {
                self.put_block();
            }
            let room = usize::try_from(self.stored.1).unwrap_or(usize::MAX);
            let some = plain.split_to(room.min(plain.len()));
            self.stored.1 -= some.len() as u64;
            self.copy(some);
        }
    }

    /// Header of the next stored block. Source: RFC 1951, 3.2.4.
    fn put_block(&mut self) {
        let length = self.stored.0.min(BLOCK);
        self.stored = (self.stored.0 - length, length);
        let last = u8::from(self.stored.0 == 0);
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        self.put(&[last]);
        self.put(&length.to_le_bytes());
        self.put(&(!length).to_le_bytes());
    }

    /// Ends a copied or stored member with sum and size of what it unpacks to.
    pub fn end_copy(&mut self, crc: u32, size: u64) {
        self.put_trailer(crc, size);
    }

    fn put_trailer(&mut self, crc: u32, size: u64) {
        self.put(&crc.to_le_bytes());
        // The format keeps the low 32 bits. Source: RFC 1952, 2.3.1.
        self.put(&size.to_le_bytes()[..4]);
    }

    /// Ends the layer; answers its digest as hex and its size. What is ready then is the rest.
    pub fn end(&mut self) -> (String, u64) {
        self.end_joined();
        self.give_piece();
        (hex(&std::mem::take(&mut self.digest).finalize()), self.size)
    }

    /// Bytes that are ready.
    pub fn take_ready(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.ready)
    }

    fn put(&mut self, bytes: &[u8]) {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.give_piece();
        }
    }

    fn give_piece(&mut self) {
        if !self.piece.is_empty() {
            let piece = self.piece.split().freeze();
            self.give(piece);
        }
    }

    fn give(&mut self, bytes: Bytes) {
        self.digest.update(&bytes);
        self.size += bytes.len() as u64;
        if self.output == Output::Bytes {
            self.ready.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sha256_hex;
    use flate2::read::MultiGzDecoder;
    use flate2::write::DeflateEncoder;
    use proptest::prelude::*;
    use std::io::{Read as _, Write as _};

    #[derive(Clone, Debug)]
    enum Part {
        Joined(Vec<u8>),
        Copied(Vec<u8>),
        Stored(Vec<u8>),
    }

    fn part() -> impl Strategy<Value = Part> {
        let bytes = || {
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..300),
                (any::<u8>(), prop_oneof![Just(65_535), 0..400_000_usize])
                    .prop_map(|(byte, size)| vec![byte; size]),
            ]
        };
        prop_oneof![
            bytes().prop_map(Part::Joined),
            bytes().prop_map(Part::Copied),
            bytes().prop_map(Part::Stored)
        ]
    }

    fn crc(bytes: &[u8]) -> u32 {
        let mut crc = Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    fn deflate(bytes: &[u8]) -> Bytes {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("written").into()
    }

    fn add(members: &mut Members, part: &Part, piece: usize) {
        match part {
            Part::Joined(plain) => plain.chunks(piece).for_each(|some| members.join(some)),
            Part::Copied(plain) => {
                members.start_copy();
                let packed = deflate(plain);
                packed
                    .chunks(piece)
                    .for_each(|some| members.copy(Bytes::copy_from_slice(some)));
                members.end_copy(crc(plain), plain.len() as u64);
            }
            Part::Stored(plain) => {
                members.start_stored(plain.len() as u64);
                plain
                    .chunks(piece)
                    .for_each(|some| members.store(Bytes::copy_from_slice(some)));
                members.end_copy(crc(plain), plain.len() as u64);
            }
        }
    }

    fn write(parts: &[Part], piece: usize) -> Vec<u8> {
        let mut members = Members::new(Output::Bytes);
        let mut without = Members::new(Output::DigestOnly);
        for part in parts {
            add(&mut members, part, piece);
            add(&mut without, part, piece);
        }
        let end = members.end();
        let written = members.take_ready().concat();
        assert_eq!(end, (sha256_hex(&written), written.len() as u64));
        assert_eq!((without.end(), without.take_ready()), (end, Vec::new()));
        written
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn what_is_written_unpacks_to_what_was_given(
            parts in prop::collection::vec(part(), 1..6),
            piece in prop_oneof![1_usize..9, 1000..100_000_usize],
        ) {
            let plain: Vec<u8> = parts.iter().flat_map(|part| match part {
                Part::Joined(plain) | Part::Copied(plain) | Part::Stored(plain) => plain.clone(),
            }).collect();
            let written = write(&parts, piece.max(100));
            let mut found = Vec::new();
            MultiGzDecoder::new(written.as_slice()).read_to_end(&mut found).expect("gzip");
            prop_assert!(found == plain);
            prop_assert!(write(&parts, 70_001) == written, "pieces change the bytes");
        }
    }
}
