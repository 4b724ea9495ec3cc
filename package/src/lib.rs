//! Deployment packages as bytes, and the layers that are made of them.
//!
//! Nothing here reads from a server or a disk: it is all about bytes that came from there. A [`Window`] over the end of a
//! package gives its [`Index`]; a [`Walk`] finds the entries in bytes that come in; [`LayerPack`]s make layers of them.

mod check;
mod compression;
mod content;
mod digest;
mod entry;
mod error;
mod folders;
mod header;
mod index;
mod kind;
mod layer;
mod limits;
mod members;
mod metadata;
mod name;
mod recompressed;
mod tar_header;
mod walk;
mod window;

pub use compression::Compression;
pub use content::Content;
pub use digest::{Digesting, hex, sha256_digest, sha256_hex};
pub use entry::{Entry, Method};
pub use error::PackageError;
pub use index::{Index, Reading};
pub use kind::Kind;
pub use layer::{Depth, LayerIdentity, LayerPack};
pub use limits::Limits;
pub use members::{Members, Output};
pub use metadata::{METADATA, METADATA_LIMIT, Metadata};
pub use recompressed::Recompressed;
pub use tar_header::{Owner, TarHeaders, header as tar_header};
pub use walk::{Event, Walk};
pub use window::{CONTENTS_LIMIT, Window};

/// Looks at the first bytes: what else than a package do people give?
pub fn sniff(start: &[u8]) -> Result<(), PackageError> {
    if start.starts_with(b"PK") {
        Ok(())
    } else if is_page(start) {
        Err(PackageError::WebPage)
    } else {
        Err(PackageError::NotZip)
    }
}

fn is_page(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start)
        .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .to_lowercase();
    text.starts_with("<!doctype html") || text.starts_with("<html") || text.contains("<head")
}

/// Longest name that is quoted.
const QUOTED: usize = 200;

/// What is wrong with an entry, as an error.
pub fn fault_of(entry: &str, fault: impl Into<String>) -> PackageError {
    PackageError::Entry {
        entry: entry.chars().take(QUOTED).collect(),
        fault: fault.into(),
    }
}

#[cfg(test)]
mod tests {
    //! Packages for the tests of this folder.

    use super::{Index, Limits, Reading, Window};
    use bytes::Bytes;
    use std::io::{Cursor, Write as _};
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    /// An index of entries with these names, packed and unpacked sizes, that lie one behind the other.
    pub(crate) fn index(entries: &[(&str, u64, u64)]) -> Index {
        Index::for_test(entries)
    }

    /// Metadata, and files that are stored and deflated in turn.
    pub(crate) fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let metadata = ("model/metadata.json", &br#"{"RuntimeVersion": "10.24.0"}"#[..]);
        for (at, (name, content)) in [metadata].iter().chain(files).enumerate() {
            let methods = [CompressionMethod::Deflated, CompressionMethod::Stored];
            let options = SimpleFileOptions::default().compression_method(methods[at % 2]);
            writer.start_file(*name, options).expect("entry");
            writer.write_all(content).expect("content");
        }
        writer.finish().expect("package").into_inner()
    }

    /// Reads the table of contents of a whole package.
    pub(crate) fn read_index(bytes: &[u8]) -> Index {
        let mut window = Window::new(0, Bytes::copy_from_slice(bytes));
        match Index::read(&mut window, &Limits::default()).expect("package") {
            Reading::Complete(index) => index,
            Reading::Missing(offset) => panic!("{offset} is missing"),
        }
    }
}
