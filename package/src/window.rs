//! The end of a package, read as if the whole were there: a table of contents is found without the rest.

use bytes::Bytes;
use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

/// Most bytes that the table of contents and what is behind it may take: they are in memory while they are read.
pub const CONTENTS_LIMIT: u64 = 12 << 20;

/// The last bytes of a file.
#[derive(Clone)]
pub struct Window {
    bytes: Bytes,
    start: u64,
    position: u64,
    missing: Cell<Option<u64>>,
}

impl Window {
    /// The bytes from `start` to the end of the file.
    pub fn new(start: u64, bytes: Bytes) -> Self {
        Self {
            bytes,
            start,
            position: 0,
            missing: Cell::new(None),
        }
    }

    /// Length of the whole file.
    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Where the window starts.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Where something was looked for before the window.
    pub(super) fn missing(&self) -> Option<u64> {
        self.missing.get()
    }

    /// The name of the entry whose header in the table of contents starts here. Source: PKWARE, APPNOTE.TXT, 4.3.12.
    pub(super) fn raw_name(&self, header: u64) -> &[u8] {
        let length = match self.at(header + 28, 2) {
            [low, high] => u16::from_le_bytes([*low, *high]),
            _ => 0,
        };
        self.at(header + 46, usize::from(length))
    }

    /// Bytes at a place of the file, as many as there are.
    pub(super) fn at(&self, offset: u64, length: usize) -> &[u8] {
        let from = offset.checked_sub(self.start);
        let from = from.and_then(|from| usize::try_from(from).ok());
        let rest = from.and_then(|from| self.bytes.get(from..)).unwrap_or_default();
        &rest[..length.min(rest.len())]
    }
}

impl Read for Window {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position < self.start {
            self.missing.set(Some(self.position));
            return Err(io::Error::other("it lies before what was read"));
        }
        let found = self.at(self.position, buffer.len());
        let count = found.len();
        buffer[..count].copy_from_slice(found);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.end().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_before_the_window_is_named() -> io::Result<()> {
        let mut window = Window::new(10, Bytes::from_static(b"abcdef"));
        let mut found = String::new();
        window.seek(SeekFrom::End(-2))?;
        window.read_to_string(&mut found)?;
        assert_eq!((found.as_str(), window.end()), ("ef", 16));
        window.seek(SeekFrom::Start(9))?;
        assert!(window.read(&mut [0]).is_err());
        assert_eq!(window.missing(), Some(9));
        assert_eq!(window.at(15, 9), b"f");
        assert_eq!((window.at(9, 1), window.at(99, 1)), (&b""[..], &b""[..]));
        Ok(())
    }
}
