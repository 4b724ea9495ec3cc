//! What a layer is made of.

use mendix_package::Owner;
use std::path::PathBuf;

/// One file, directory or link of a layer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Path from the root, without a leading slash.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub owner: Owner,
    /// What is there.
    pub content: Content,
}

/// What an [`Entry`] holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// A directory.
    Directory,
    /// These bytes.
    Bytes(Vec<u8>),
    /// The bytes of this file, read when the layer is written.
    File(PathBuf),
    /// A symbolic link to this target.
    Link(String),
}

impl Entry {
    /// A directory with mode 0775.
    pub fn directory(path: impl Into<String>) -> Self {
        Self::new(path, 0o775, Content::Directory)
    }

    /// A file with the bytes of a local file.
    pub fn file(path: impl Into<String>, mode: u32, source: impl Into<PathBuf>) -> Self {
        Self::new(path, mode, Content::File(source.into()))
    }

    /// A file with these bytes.
    pub fn bytes(path: impl Into<String>, mode: u32, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(path, mode, Content::Bytes(bytes.into()))
    }

    /// A symbolic link.
    pub fn link(path: impl Into<String>, target: impl Into<String>) -> Self {
        Self::new(path, 0o777, Content::Link(target.into()))
    }

    fn new(path: impl Into<String>, mode: u32, content: Content) -> Self {
        Self {
            path: path.into(),
            mode,
            owner: Owner::default(),
            content,
        }
    }
}
