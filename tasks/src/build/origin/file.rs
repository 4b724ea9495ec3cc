//! A package on this machine.

use bytes::{Bytes, BytesMut};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

/// Pieces that a file is read in.
const PIECE: usize = 128 << 10;
/// As many first bytes as say what a file is.
pub(super) const START: u64 = 512;

/// An open file.
pub(in crate::build) struct Local {
    file: Arc<File>,
    /// Bytes.
    pub(super) length: u64,
    /// The first ones.
    pub(super) start: Vec<u8>,
}

impl Local {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut start = Vec::new();
        (&file).take(START).read_to_end(&mut start)?;
        Ok(Self {
            length: file.metadata()?.len(),
            file: Arc::new(file),
            start,
        })
    }

    /// The next piece from a place on, at most up to another; empty only at the end.
    pub(super) async fn read(&self, from: u64, to: u64) -> io::Result<Bytes> {
        let size = usize::try_from(to.saturating_sub(from))
            .unwrap_or(usize::MAX)
            .min(PIECE);
        let file = Arc::clone(&self.file);
        let read = move || {
            let mut piece = BytesMut::zeroed(size);
            let count = file.read_at(&mut piece, from)?;
            piece.truncate(count);
            Ok(piece.freeze())
        };
        tokio::task::spawn_blocking(read)
            .await
            .map_err(io::Error::other)?
    }
}
