//! Writes layers: the same entries give the same bytes, whatever machine and day.

use super::{Content, Entry, LayerError};
use flate2::{GzBuilder, write::GzEncoder};
use mendix_package::{Compression, Digesting, LayerIdentity, Owner, tar_header as header};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};

/// A finished layer in an unnamed temporary file, which is gone as soon as this value is, even after a crash.
#[derive(Debug)]
pub struct Layer {
    file: File,
    /// What the image says about it.
    pub identity: LayerIdentity,
}

impl Layer {
    /// The compressed bytes, from their start. Readers share one position: one at a time.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn open(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(file)
    }
}

/// Writes the entries in the order given, owners and modes as they say, all times at the epoch.
///
/// # Errors
/// When a local file cannot be read or the temporary folder is full.
pub fn write_layer(entries: impl IntoIterator<Item = Entry>) -> Result<Layer, LayerError> {
    let mut writer = LayerWriter::new()?;
    for entry in entries {
        append(&mut writer, &entry)?;
    }
    writer.finish()
}

fn append(writer: &mut LayerWriter, entry: &Entry) -> Result<(), LayerError> {
    let Entry {
        path,
        mode,
        owner,
        content,
    } = entry;
    match content {
        Content::Directory => writer.directory(path, *mode, *owner),
        Content::Bytes(bytes) => writer.file(path, *mode, *owner, bytes.len() as u64, bytes.as_slice()),
        Content::Link(target) => writer.link(path, target, *owner),
        Content::File(source) => {
            let (file, size) = open_sized(source).map_err(|source| read_error(path, source))?;
            writer.file(path, *mode, *owner, size, file)
        }
    }
}

fn open_sized(path: &std::path::Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

type Compressed = GzEncoder<Digesting<BufWriter<File>>>;

/// Writes one layer, entry by entry, in one pass and constant memory.
pub struct LayerWriter {
    tar: tar::Builder<Digesting<Compressed>>,
}

impl LayerWriter {
    /// Starts a layer in an unnamed file of the temporary folder (`TMPDIR`, else `/tmp`).
    ///
    /// # Errors
    /// When there is no such folder or it is not writable.
    pub fn new() -> Result<Self, LayerError> {
        let file = tempfile::tempfile().map_err(LayerError::Write)?;
        let plain = Digesting::new(BufWriter::with_capacity(1 << 16, file));
        // No name and no time in the gzip header: both would make the digest differ from run to run.
        let compressed = GzBuilder::new()
            .mtime(0)
            .write(plain, flate2::Compression::default());
        Ok(Self {
            tar: tar::Builder::new(Digesting::new(compressed)),
        })
    }

    /// Adds a directory.
    ///
    /// # Errors
    /// When the layer cannot be written.
    pub fn directory(&mut self, path: &str, mode: u32, owner: Owner) -> Result<(), LayerError> {
        let path = format!("{}/", path.trim_end_matches('/'));
        let mut header = header(tar::EntryType::Directory, mode, owner, 0);
        self.tar
            .append_data(&mut header, path, io::empty())
            .map_err(LayerError::Write)
    }

    /// Adds a file of exactly `size` bytes.
    ///
    /// # Errors
    /// When the content cannot be read or is not of that size, or the layer cannot be written.
    pub fn file(
        &mut self,
        path: &str,
        mode: u32,
        owner: Owner,
        size: u64,
        content: impl Read,
    ) -> Result<(), LayerError> {
        let mut header = header(tar::EntryType::Regular, mode, owner, size);
        let content = Exactly {
            content,
            remaining: size,
        };
        self.tar
            .append_data(&mut header, path, content)
            .map_err(|error| split(path, error))
    }

    /// Adds a symbolic link.
    ///
    /// # Errors
    /// When the layer cannot be written.
    pub fn link(&mut self, path: &str, target: &str, owner: Owner) -> Result<(), LayerError> {
        let mut header = header(tar::EntryType::Symlink, 0o777, owner, 0);
        self.tar
            .append_link(&mut header, path, target)
            .map_err(LayerError::Write)
    }

    /// Ends the layer.
    ///
    /// # Errors
    /// When the layer cannot be written.
    pub fn finish(self) -> Result<Layer, LayerError> {
        let (compressed, diff_id, _) = self.tar.into_inner().map_err(LayerError::Write)?.finish();
        let (mut plain, digest, size) = compressed.finish().map_err(LayerError::Write)?.finish();
        plain.flush().map_err(LayerError::Write)?;
        let file = plain
            .into_inner()
            .map_err(|error| LayerError::Write(error.into_error()))?;
        let identity = LayerIdentity {
            digest: format!("sha256:{digest}"),
            diff_id: format!("sha256:{diff_id}"),
            size,
            compression: Compression::Gzip,
            content: format!("sha256:{digest}"),
        };
        Ok(Layer { file, identity })
    }
}

/// Fails unless the content is exactly as long as the tar header already says: one byte more or less would shift
/// every entry after it.
struct Exactly<R> {
    content: R,
    remaining: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let limit = usize::try_from(self.remaining)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if limit == 0 {
            // The read past the end also lets a zip reader compare its checksum.
            let more = self.content.read(&mut [0]).map_err(ContentError::wrap)?;
            return if more == 0 {
                Ok(0)
            } else {
                Err(ContentError::text("it is longer than it says"))
            };
        }
        let count = self
            .content
            .read(&mut buffer[..limit])
            .map_err(ContentError::wrap)?;
        if count == 0 {
            return Err(ContentError::text("it is shorter than it says"));
        }
        self.remaining -= count as u64;
        Ok(count)
    }
}

/// Marks errors of reading, so that a full disk is not blamed on the package.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct ContentError(io::Error);

impl ContentError {
    fn wrap(error: io::Error) -> io::Error {
        // An interrupted read is repeated by the caller, who looks at the kind.
        io::Error::new(error.kind(), Self(error))
    }

    fn text(text: &'static str) -> io::Error {
        Self::wrap(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

fn split(path: &str, error: io::Error) -> LayerError {
    match error.downcast::<ContentError>() {
        Ok(ContentError(source)) => read_error(path, source),
        Err(error) => LayerError::Write(error),
    }
}

fn read_error(path: &str, source: io::Error) -> LayerError {
    LayerError::Read {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry::directory("opt/app"),
            Entry::bytes("opt/app/run", 0o775, "#!/bin/sh\n"),
            Entry::link("opt/app/latest", "run"),
            Entry::bytes(format!("opt/{}/deep", "x".repeat(150)), 0o664, vec![7; 70_000]),
        ]
    }

    #[test]
    fn the_same_entries_give_the_same_bytes() -> Result<(), LayerError> {
        let (first, second) = (write_layer(entries())?, write_layer(entries())?);
        assert_eq!(first.identity, second.identity);
        let fewer = write_layer(entries().into_iter().take(2))?;
        assert_ne!(first.identity.digest, fewer.identity.digest);
        Ok(())
    }

    #[test]
    fn what_is_written_can_be_unpacked() -> Result<(), Box<dyn std::error::Error>> {
        let layer = write_layer(entries())?;
        assert_eq!(layer.identity.size, layer.open()?.metadata()?.len());
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(layer.open()?));
        let mut found = Vec::new();
        for entry in archive.entries()? {
            let mut entry = entry?;
            let header = entry.header().clone();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            assert_eq!((header.uid()?, header.gid()?, header.mtime()?), (1001, 0, 0));
            found.push((
                entry.path()?.to_string_lossy().into_owned(),
                header.mode()?,
                bytes.len(),
            ));
        }
        let deep = format!("opt/{}/deep", "x".repeat(150));
        let expected = [
            ("opt/app/", 0o775, 0),
            ("opt/app/run", 0o775, 10),
            ("opt/app/latest", 0o777, 0),
            (&deep, 0o664, 70_000),
        ];
        assert_eq!(
            found,
            expected.map(|(path, mode, size)| (path.to_owned(), mode, size))
        );
        Ok(())
    }

    #[test]
    fn both_digests_are_those_of_the_bytes() -> Result<(), Box<dyn std::error::Error>> {
        let layer = write_layer(entries())?;
        let (mut packed, mut plain) = (Vec::new(), Vec::new());
        layer.open()?.read_to_end(&mut packed)?;
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut plain)?;
        assert_eq!(layer.identity.digest, mendix_package::sha256_digest(&packed));
        assert_eq!(layer.identity.diff_id, mendix_package::sha256_digest(&plain));
        Ok(())
    }

    #[test]
    fn content_of_another_length_is_refused() -> Result<(), LayerError> {
        for (size, word) in [(2, "longer"), (4, "shorter")] {
            let error = LayerWriter::new()?
                .file("a", 0o664, Owner::default(), size, &b"abc"[..])
                .expect_err("length");
            assert!(
                matches!(&error, LayerError::Read { path, .. } if path == "a"),
                "{error}"
            );
            assert!(error.to_string().contains(word), "{error}");
        }
        Ok(())
    }
}
