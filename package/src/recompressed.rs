//! Writes a layer as one stream, compressed anew.

use crate::{Compression, hex};
use bytes::{Bytes, BytesMut};
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};

/// Plain bytes are given to the compressor in pieces of this size, so that what comes out depends on the content alone, and
/// not on how it came in.
const PLAIN: usize = 256 << 10;
/// Bytes that are given away together.
const PIECE: usize = 64 << 10;
/// Of both: where smaller would take much longer.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

/// A layer in the making.
pub struct Recompressed {
    plain: Vec<u8>,
    encoder: Encoder,
}

enum Encoder {
    Gzip(GzEncoder<Sink>),
    Zstd(zstd::stream::write::Encoder<'static, Sink>),
}

/// Takes what is compressed: sums it, and keeps it until somebody takes it away.
#[derive(Default)]
struct Sink {
    ready: Vec<Bytes>,
    piece: BytesMut,
    digest: Sha256,
    size: u64,
}

impl Recompressed {
    /// Nothing for layers whose content is copied.
    ///
    /// # Errors
    /// The compressor cannot be made: there is no memory for it.
    pub fn new(compression: Compression) -> io::Result<Option<Self>> {
        let encoder = match compression {
            Compression::Reuse => return Ok(None),
            // Neither name, time nor operating system.
            Compression::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                let builder = flate2::GzBuilder::new().operating_system(255);
                Encoder::Gzip(builder.write(Sink::default(), level))
            }
            Compression::Zstd => {
                Encoder::Zstd(zstd::stream::write::Encoder::new(Sink::default(), ZSTD_LEVEL)?)
            }
        };
        Ok(Some(Self {
            plain: Vec::with_capacity(PLAIN),
            encoder,
        }))
    }

    /// Adds plain bytes.
    ///
    /// # Errors
    /// The compressor fails, which it does for want of memory alone.
    pub fn add(&mut self, mut plain: &[u8]) -> io::Result<()> {
        while !plain.is_empty() {
            let (now, later) = plain.split_at(plain.len().min(PLAIN - self.plain.len()));
            self.plain.extend_from_slice(now);
            plain = later;
            if self.plain.len() == PLAIN {
                self.compress()?;
            }
        }
        Ok(())
    }

    fn compress(&mut self) -> io::Result<()> {
        match &mut self.encoder {
            Encoder::Gzip(encoder) => encoder.write_all(&self.plain)?,
            Encoder::Zstd(encoder) => encoder.write_all(&self.plain)?,
        }
        self.plain.clear();
        Ok(())
    }

    /// Bytes that are ready.
    pub fn take_ready(&mut self) -> Vec<Bytes> {
        let sink = match &mut self.encoder {
            Encoder::Gzip(encoder) => encoder.get_mut(),
            Encoder::Zstd(encoder) => encoder.get_mut(),
        };
        std::mem::take(&mut sink.ready)
    }

    /// Ends the layer; answers the rest of its bytes, its digest as hex and its size.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn end(mut self) -> io::Result<(Vec<Bytes>, String, u64)> {
        self.compress()?;
        let mut sink = match self.encoder {
            Encoder::Gzip(encoder) => encoder.finish()?,
            Encoder::Zstd(encoder) => encoder.finish()?,
        };
        sink.give_piece();
        Ok((sink.ready, hex(&sink.digest.finalize()), sink.size))
    }
}

impl Sink {
    fn give_piece(&mut self) {
        if !self.piece.is_empty() {
            let piece = self.piece.split().freeze();
            self.digest.update(&piece);
            self.size += piece.len() as u64;
            self.ready.push(piece);
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.give_piece();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sha256_hex;
    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use std::io::Read as _;

    fn write(compression: Compression, plain: &[u8], piece: usize) -> Vec<u8> {
        let mut layer = Recompressed::new(compression)
            .expect("memory")
            .expect("recompressed");
        let mut written = Vec::new();
        for some in plain.chunks(piece) {
            layer.add(some).expect("memory");
            written.extend(layer.take_ready());
        }
        let (rest, digest, size) = layer.end().expect("memory");
        written.extend(rest);
        let written = written.concat();
        assert_eq!((digest, size), (sha256_hex(&written), written.len() as u64));
        written
    }

    fn unpack(compression: Compression, packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match compression {
            // Of one member, and no more.
            Compression::Gzip => GzDecoder::new(packed).read_to_end(&mut plain).expect("gzip"),
            _ => zstd::stream::read::Decoder::new(packed)
                .expect("memory")
                .read_to_end(&mut plain)
                .expect("zstd"),
        };
        plain
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn one_stream_unpacks_to_what_was_given(
            seed in prop::collection::vec(any::<u8>(), 1..4000),
            times in 1_usize..400,
            piece in prop_oneof![50_usize..99, 1000..700_000_usize],
            compression in prop_oneof![Just(Compression::Gzip), Just(Compression::Zstd)],
        ) {
            let plain = seed.repeat(times);
            let written = write(compression, &plain, piece);
            prop_assert!(unpack(compression, &written) == plain);
            prop_assert!(write(compression, &plain, 70_001) == written, "pieces change the bytes");
        }
    }

    #[test]
    fn copied_layers_need_no_compressor() {
        assert!(Recompressed::new(Compression::Reuse).expect("memory").is_none());
    }
}
