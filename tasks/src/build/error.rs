//! What goes wrong with a build, as sentences for people. Addresses are shown without what could be a token.

use crate::image::{CredentialsError, ImageError};
use crate::patience::Again;
use mendix_model::template::UnknownPlaceholder;
use mendix_package::PackageError;
use std::io;
use std::path::PathBuf;

/// Failure of a build.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The package could not be fetched.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The package cannot be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A registry or an image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The registry's credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The template of the base image names something unknown.
    #[error(
        "failed to name the base image: {0}; use {{{{.MxRuntimeVersion}}}} and {{{{.JavaVersion}}}} only"
    )]
    BaseTemplate(#[from] UnknownPlaceholder),
    /// The template wants what the package does not say.
    #[error(
        "failed to name the base image: {template:?} wants the Java version, which the package does not say; write \
         the Java version into the name of the base image"
    )]
    NoJavaVersion {
        /// Template.
        template: String,
    },
    /// A container of the base would not know what to run.
    #[error(
        "failed to use base image {base}: it has neither entry point nor command; use a runtime base image"
    )]
    NoCommand {
        /// Name of the base image.
        base: String,
    },
    /// The label with the command is not what we write.
    #[error(
        "failed to use image {image}: its label {label} is no JSON list of strings; remove or correct the label"
    )]
    CommandLabel {
        /// Image.
        image: String,
        /// Label.
        label: &'static str,
    },
    /// A tag may have moved since.
    #[error("failed to rebase image {image:?}: it is not named by its digest; write …@sha256:…")]
    NotByDigest {
        /// Image.
        image: String,
    },
    /// Which of its layers are the app's is not known.
    #[error(
        "failed to rebase image {image}: it does not say which layers are the app's, so this program did not build          it, or an earlier version did; build it from its package"
    )]
    NotOurs {
        /// Image.
        image: String,
    },
    /// A package has to be pushed somewhere.
    #[error(
        "failed to build: no base image or no image to push is given; set both, or use an oci-image:// source"
    )]
    NoTarget,
    /// The process ends.
    #[error("failed to build: the work was interrupted; start it again")]
    Interrupted,
}

/// Failure to fetch a package.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Not an address of a package or image. The address is not quoted: it may hold a token.
    #[error("failed to read the source address: {cause}; use http://, https:// or oci-image://")]
    Address {
        /// What is wrong with it.
        cause: String,
    },
    /// HTTP error.
    #[error("failed to download {address}: the server answered HTTP {status}; {advice}")]
    Status {
        /// Host and file name.
        address: String,
        /// `404 Not Found`.
        status: String,
        /// What to do.
        advice: &'static str,
        /// Whether it may pass.
        again: Again,
    },
    /// Another range than was asked for.
    #[error(
        "failed to download {address}: the server sent another part of the package than it was asked for; look at the \
         server, or at the proxy before it"
    )]
    Range {
        /// Host and file name.
        address: String,
    },
    /// Not the package whose table of contents was read.
    #[error("failed to download {address}: the package changed while it was read; start the build again")]
    Changed {
        /// Host and file name.
        address: String,
    },
    /// No connection, or it broke.
    #[error("failed to download {address}: {cause}; check the address, the network and the proxy settings")]
    Connection {
        /// Host and file name.
        address: String,
        /// Innermost cause.
        cause: String,
    },
    /// The server's certificate.
    #[error(
        "failed to download {address}: {cause}; add the certificate of its authority to those that are trusted"
    )]
    Certificate {
        /// Host and file name.
        address: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Nothing came for too long.
    #[error(
        "failed to download {address}: the server stopped sending after {received} bytes and was silent for {seconds} \
         s; try again, or look at the server"
    )]
    Stalled {
        /// Host and file name.
        address: String,
        /// Bytes that came.
        received: u64,
        /// How long we waited.
        seconds: u64,
    },
    /// The server ended too early.
    #[error(
        "failed to download {address}: the server ended after {received} of {expected} bytes, so the package is \
         truncated; try again, or look at the server"
    )]
    Truncated {
        /// Host and file name.
        address: String,
        /// Bytes that came.
        received: u64,
        /// Bytes that the server announced.
        expected: u64,
    },
    /// No such file.
    #[error("failed to open the package {path}: {source}; check the path")]
    Open {
        /// File.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The disk fails.
    #[error("failed to read the package: {0}; check the disk it is on")]
    Read(#[source] io::Error),
    /// The client could not be made.
    #[error("failed to set up the download: {cause}; check proxy and certificate settings")]
    Client {
        /// Why.
        cause: String,
    },
}

impl SourceError {
    /// Whether the download may be taken up again.
    pub(super) fn again(&self) -> Again {
        match self {
            Self::Status { again, .. } => *again,
            Self::Connection { .. } | Self::Truncated { .. } => Again::Later,
            _ => Again::Never,
        }
    }
}
