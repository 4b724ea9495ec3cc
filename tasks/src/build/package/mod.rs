//! A deployment package: opened, checked, and turned into a layer.
//!
//! Nothing is unpacked to the disk: entries go from the package straight into the layer.

mod layer;
mod metadata;
mod name;
mod tree;

pub(super) use metadata::Metadata;

use super::PackageError;
use crate::image::Digesting;
use mendix_model::names::model_of;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use tree::{Kind, Tree};
use zip::ZipReadOptions;
use zip::read::{Config, ZipFileEntry};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

const METADATA: &str = "model/metadata.json";
/// Largest metadata that is read into memory; real ones have some kilobytes.
const METADATA_LIMIT: u64 = 8 << 20;

/// A package whose entries are all acceptable; their content is checked while it is packed.
pub(super) struct Package {
    zip: ZipIterable<BufReader<File>>,
    /// What the package says about itself.
    pub(super) metadata: Metadata,
    sum: String,
    bytes: u64,
}

impl Package {
    /// Opens a package from its start.
    ///
    /// # Errors
    /// When it is no package, or has an entry that must not be unpacked.
    pub(super) fn open(mut file: File) -> Result<Self, PackageError> {
        sniff(&mut file)?;
        let sum = sum(&mut file).map_err(PackageError::Read)?;
        let mut zip = ZipIterable::try_new(BufReader::new(file), Config::default()).map_err(contents)?;
        let bytes = check(&mut zip)?;
        let metadata = metadata(&mut zip)?;
        Ok(Self {
            zip,
            metadata,
            sum,
            bytes,
        })
    }

    /// The model: named by the sum of the whole package file.
    pub(super) fn model(&self) -> String {
        model_of(&self.sum)
    }
}

/// What else than a package people give.
fn sniff(file: &mut File) -> Result<(), PackageError> {
    let mut start = Vec::new();
    file.by_ref()
        .take(512)
        .read_to_end(&mut start)
        .map_err(PackageError::Read)?;
    file.rewind().map_err(PackageError::Read)?;
    if start.starts_with(b"PK") {
        return Ok(());
    }
    Err(if is_page(&start) {
        PackageError::WebPage
    } else {
        PackageError::NotZip
    })
}

fn is_page(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start)
        .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .to_lowercase();
    text.starts_with("<!doctype html") || text.starts_with("<html") || text.contains("<head")
}

fn sum(file: &mut File) -> io::Result<String> {
    let mut digesting = Digesting::new(io::sink());
    io::copy(file, &mut digesting)?;
    file.rewind()?;
    Ok(digesting.finish().1)
}

fn contents(error: ZipError) -> PackageError {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => PackageError::Read(error),
        error => PackageError::Truncated {
            cause: error.to_string(),
        },
    }
}

/// Checks every entry's name and kind; answers the sum of the unpacked sizes.
fn check(zip: &mut ZipIterable<BufReader<File>>) -> Result<u64, PackageError> {
    let mut tree = Tree::default();
    let mut bytes = 0_u64;
    for entry in zip.files().map_err(contents)? {
        let entry = entry.map_err(contents)?;
        let (name, kind) = accept(&entry)?;
        tree.add(&name, kind).map_err(|fault| fault_of(&name, fault))?;
        bytes = bytes.saturating_add(entry.size());
    }
    Ok(bytes)
}

/// Name and kind of an entry that may be unpacked.
fn accept(entry: &ZipFileEntry<'_>) -> Result<(String, Kind), PackageError> {
    let raw = String::from_utf8_lossy(entry.name_raw()).into_owned();
    let name = entry
        .name()
        .map_err(|_| fault_of(&raw, "has a name that cannot be read"))?
        .into_owned();
    name::check(&name).map_err(|fault| fault_of(&name, fault))?;
    if entry.is_symlink() {
        return Err(fault_of(&name, "is a symbolic link, which packages do not have"));
    }
    if entry.encrypted() {
        return Err(fault_of(&name, "is encrypted"));
    }
    Ok((
        name,
        if entry.is_dir() {
            Kind::Directory
        } else {
            Kind::File
        },
    ))
}

fn metadata(zip: &mut ZipIterable<BufReader<File>>) -> Result<Metadata, PackageError> {
    let files = zip.files().map_err(contents)?;
    while let Some(entry) = files.next() {
        let entry = entry.map_err(contents)?;
        if entry.name().is_ok_and(|name| name == METADATA) {
            let content = entry
                .with_reader(files.reader_mut(), ZipReadOptions::default())
                .map_err(unreadable)?;
            let mut text = Vec::new();
            content
                .take(METADATA_LIMIT)
                .read_to_end(&mut text)
                .map_err(unreadable)?;
            return metadata::parse(&text).map_err(|error| PackageError::Metadata {
                cause: error.to_string(),
            });
        }
    }
    Err(PackageError::NoMetadata)
}

fn unreadable(error: impl std::error::Error) -> PackageError {
    PackageError::Metadata {
        cause: error.to_string(),
    }
}

/// Longest name that is quoted.
const QUOTED: usize = 200;

fn fault_of(entry: &str, fault: impl Into<String>) -> PackageError {
    PackageError::Entry {
        entry: entry.chars().take(QUOTED).collect(),
        fault: fault.into(),
    }
}
