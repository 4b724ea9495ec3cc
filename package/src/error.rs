//! What is wrong with a package, as sentences for people.

/// What is wrong with a package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A page instead of a package.
    #[error(
        "failed to read the package: it is a web page, perhaps a login or an error page; check that the address leads \
         to the .mda file itself and that its token is still valid"
    )]
    WebPage,
    /// No zip file.
    #[error("failed to read the package: it is no zip file; give the address of a deployment package (.mda)")]
    NotZip,
    /// The end is missing.
    #[error(
        "failed to read the package: it is truncated or damaged, for its table of contents is missing ({cause}); \
         download or export it again"
    )]
    Truncated {
        /// What the zip reader says.
        cause: String,
    },
    /// The table of contents would not fit into memory.
    #[error(
        "failed to read the package: its table of contents has {size} bytes, where {limit} are the limit; export it again \
         with Studio Pro or mxbuild"
    )]
    Contents {
        /// Bytes, with what is behind them.
        size: u64,
        /// Most bytes.
        limit: u64,
    },
    /// Too many entries.
    #[error(
        "failed to use the package: it has more than {limit} files and folders; if they belong there, raise \
         MENDIX_MAX_ENTRIES"
    )]
    Entries {
        /// Most entries.
        limit: u64,
    },
    /// Too much when unpacked.
    #[error(
        "failed to use the package: it unpacks to {unpacked} bytes, where {limit} bytes or {ratio} times its size are \
         the limit; if it is no attack, raise MENDIX_MAX_UNPACKED_BYTES or MENDIX_MAX_UNPACKED_RATIO"
    )]
    Bomb {
        /// Bytes when unpacked.
        unpacked: u64,
        /// Most bytes.
        limit: u64,
        /// Most times.
        ratio: u64,
    },
    /// One entry is not acceptable.
    #[error("failed to use the package: entry {entry:?} {fault}; export it again with Studio Pro or mxbuild")]
    Entry {
        /// Name of the entry.
        entry: String,
        /// What is wrong with it.
        fault: String,
    },
    /// Not a deployment package.
    #[error(
        "failed to use the package: it has no entry \"model/metadata.json\", so it is no deployment package; give an \
         .mda file, not a project (.mpk, .mpr)"
    )]
    NoMetadata,
    /// The metadata cannot be read.
    #[error("failed to read entry \"model/metadata.json\" of the package: {cause}; export the package again")]
    Metadata {
        /// Why.
        cause: String,
    },
}
