//! What the table of contents says about one entry. Pure.

use super::kind::Kind;

/// How an entry's content is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// As it is.
    Stored,
    /// As a raw deflate stream.
    Deflated,
}

/// One entry. There may be a hundred thousand: small, and the name lies with the others.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where its own header starts.
    pub header: u64,
    /// Bytes in the package.
    pub packed: u64,
    /// Bytes when unpacked.
    pub size: u64,
    /// Sum of the unpacked bytes.
    pub crc: u32,
    /// How the content is kept.
    pub method: Method,
    /// Whether it is a program.
    pub program: bool,
    /// Whether it is a folder.
    pub folder: bool,
    /// The layer it belongs to.
    pub layer: Kind,
    /// Place of its name among the names.
    pub(super) name: (u32, u16),
    /// The bytes of its name, where these are not those of the name in UTF-8.
    pub(super) raw_name: Option<Box<[u8]>>,
}
