//! The table of contents of a package, in the order of the bytes. Reading it is the zip library's work.

use super::entry::{Entry, Method};
use super::kind::Kind;
use super::window::Window;
use super::{check, fault_of, name};
use crate::{Limits, PackageError};
use zip::CompressionMethod;
use zip::read::{ArchiveOffset, Config, ZipFileEntry};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

/// All entries of a package, whose content is checked while it is unpacked.
#[derive(Debug, Default)]
pub struct Index {
    names: String,
    /// In the order of their bytes.
    pub entries: Vec<Entry>,
    /// The entries in the order of their names.
    by_name: Vec<u32>,
    /// Where the table of contents starts: behind all content.
    pub(super) contents: u64,
}

/// A table of contents, or where more of the package is needed to read it.
#[derive(Debug)]
pub enum Reading {
    /// Read and checked.
    Complete(Index),
    /// Starts here, before the window.
    Missing(u64),
}

fn collect(window: &mut Window, limits: &Limits) -> Result<Index, PackageError> {
    // What stands before a package would shift all offsets: the start was looked at, and is that of a zip file.
    let config = Config {
        archive_offset: ArchiveOffset::Known(0),
    };
    let mut index = Index {
        contents: window.end(),
        ..Index::default()
    };
    // A second view of the same bytes: the first is the library's while it reads.
    let names = window.clone();
    let mut zip = ZipIterable::try_new(&mut *window, config).map_err(|error| damaged(&error))?;
    let count = zip.len() as u64;
    if count > limits.entries {
        return Err(PackageError::Entries {
            limit: limits.entries,
        });
    }
    for entry in zip.files().map_err(|error| damaged(&error))? {
        let entry = entry.map_err(|error| damaged(&error))?;
        index.add(&entry, names.raw_name(entry.central_header_start()))?;
    }
    index.sort();
    Ok(index)
}

fn damaged(error: &ZipError) -> PackageError {
    PackageError::Truncated {
        cause: error.to_string(),
    }
}

impl Index {
    /// Reads and checks the table of contents.
    ///
    /// # Errors
    /// When there is none, or it has an entry that must not be unpacked.
    pub fn read(window: &mut Window, limits: &Limits) -> Result<Reading, PackageError> {
        match collect(window, limits) {
            Ok(index) => Ok(Reading::Complete(check::check(index, limits)?)),
            Err(error) => match window.missing() {
                Some(offset) => Ok(Reading::Missing(offset)),
                None => Err(error),
            },
        }
    }

    /// The name of an entry.
    pub fn name(&self, entry: &Entry) -> &str {
        let (start, length) = entry.name;
        &self.names[start as usize..][..usize::from(length)]
    }

    /// The bytes of an entry's name in the package.
    pub(super) fn raw_name<'a>(&'a self, entry: &'a Entry) -> &'a [u8] {
        entry
            .raw_name
            .as_deref()
            .unwrap_or_else(|| self.name(entry).as_bytes())
    }

    /// The entries in the order of their names.
    pub(super) fn sorted(&self) -> impl Iterator<Item = &Entry> {
        self.by_name
            .iter()
            .map(|&ordinal| &self.entries[ordinal as usize])
    }

    /// The first entry of which, in the order of names, the condition is not true.
    pub(super) fn first_not(&self, condition: impl Fn(&str) -> bool) -> Option<&Entry> {
        let at = self
            .by_name
            .partition_point(|&ordinal| condition(self.name(&self.entries[ordinal as usize])));
        self.by_name
            .get(at)
            .map(|&ordinal| &self.entries[ordinal as usize])
    }

    /// Where an entry has to be over: the next one starts there, or the table of contents.
    pub fn limit(&self, at: usize) -> u64 {
        self.entries.get(at + 1).map_or(self.contents, |next| next.header)
    }

    fn add(&mut self, found: &ZipFileEntry<'_>, raw_name: &[u8]) -> Result<(), PackageError> {
        let (name, method) = accept(found)?;
        let start = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push_str(&name);
        self.contents = self.contents.min(found.central_header_start());
        self.entries.push(Entry {
            header: found.header_start(),
            packed: found.compressed_size(),
            size: found.size(),
            crc: found.crc32(),
            method,
            program: found.unix_mode().is_some_and(|mode| mode & 0o111 != 0),
            folder: name.ends_with('/'),
            layer: Kind::of(&name),
            // A name that is accepted is shorter than a path may be.
            name: (start, u16::try_from(name.len()).unwrap_or(u16::MAX)),
            raw_name: (raw_name != name.as_bytes()).then(|| raw_name.into()),
        });
        Ok(())
    }

    fn sort(&mut self) {
        self.entries.sort_unstable_by_key(|entry| entry.header);
        let mut by_name: Vec<u32> = (0..).take(self.entries.len()).collect();
        by_name.sort_by_key(|&ordinal| self.name(&self.entries[ordinal as usize]));
        self.by_name = by_name;
    }
}

#[cfg(test)]
impl Index {
    /// Entries with these names, packed and unpacked sizes, one behind the other.
    pub(super) fn for_test(entries: &[(&str, u64, u64)]) -> Self {
        let mut index = Self::default();
        for (name, packed, size) in entries {
            let start = u32::try_from(index.names.len()).expect("short");
            index.names.push_str(name);
            index.entries.push(Entry {
                header: index.contents,
                packed: *packed,
                size: *size,
                crc: 0,
                method: Method::Deflated,
                program: false,
                folder: name.ends_with('/'),
                layer: Kind::of(name),
                name: (start, u16::try_from(name.len()).expect("short")),
                raw_name: None,
            });
            index.contents += 30 + name.len() as u64 + packed;
        }
        index.sort();
        index
    }
}

/// Name and method of an entry that may be unpacked.
fn accept(found: &ZipFileEntry<'_>) -> Result<(String, Method), PackageError> {
    let raw = String::from_utf8_lossy(found.name_raw()).into_owned();
    let name = found
        .name()
        .map_err(|_| fault_of(&raw, "has a name that cannot be read"))?
        .into_owned();
    name::check(&name).map_err(|fault| fault_of(&name, fault))?;
    check_kind(found).map_err(|fault| fault_of(&name, fault))?;
    let method = match found.compression() {
        CompressionMethod::Stored => Method::Stored,
        CompressionMethod::Deflated => Method::Deflated,
        other => {
            let fault = format!("is compressed with {other}, where only deflate is known");
            return Err(fault_of(&name, fault));
        }
    };
    if method == Method::Stored && found.size() != found.compressed_size() {
        return Err(fault_of(&name, "is not compressed, yet has two sizes"));
    }
    Ok((name, method))
}

/// Source: Linux, `inode(7)`.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

fn check_kind(found: &ZipFileEntry<'_>) -> Result<(), &'static str> {
    let kind = found.unix_mode().unwrap_or_default() & FILE_TYPE;
    if kind == LINK {
        Err("is a symbolic link, which packages do not have")
    } else if ![0, REGULAR, FOLDER].contains(&kind) {
        Err("is a device, a pipe or a socket, which packages do not have")
    } else if found.encrypted() {
        Err("is encrypted")
    } else if found.is_dir() && found.size() > 0 {
        Err("is a folder, yet has content")
    } else {
        Ok(())
    }
}
