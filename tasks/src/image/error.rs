//! What goes wrong with images, as sentences for people.
//!
//! None of them shows an address that a registry made up: those may carry tokens.

use super::LoginError;
use crate::patience::Again;
use std::fmt;
use std::io;

/// Whether a registry was read from or written to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Reading an image.
    Pull,
    /// Writing an image.
    Push,
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pull => "pull",
            Self::Push => "push",
        })
    }
}

/// Failure with an image or its registry.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Not the name of an image.
    #[error("failed to read the image name {reference:?}: {cause}; write it as registry/repository:tag")]
    Reference {
        /// What was given.
        reference: String,
        /// Why it is none.
        cause: String,
    },
    /// An image is pushed to a tag, never to a digest.
    #[error("failed to push to {reference}: it names no tag; write it as registry/repository:tag")]
    NoTag {
        /// What was given.
        reference: String,
    },
    /// The registry does not know the image.
    #[error("failed to find image {reference} in its registry; check name and tag, or push it there first")]
    NotFound {
        /// The image.
        reference: String,
    },
    /// The registry knows the image for other platforms only.
    #[error(
        "failed to find platform {platform} in image {reference}: it has {found}; use an image for {platform}"
    )]
    NoPlatform {
        /// The image.
        reference: String,
        /// Wanted.
        platform: String,
        /// What there is.
        found: String,
    },
    /// HTTP 401 or 403.
    #[error(
        "failed to {operation} {reference}: registry {registry} refused it with HTTP {status}{detail}; check the \
         registry credentials and their right to {operation}"
    )]
    Refused {
        /// What was tried.
        operation: Operation,
        /// The image.
        reference: String,
        /// Host of the registry.
        registry: String,
        /// 401 or 403.
        status: u16,
        /// What the registry said, with a leading colon, or nothing.
        detail: String,
    },
    /// There is no login for it.
    #[error("failed to log in to registry {registry}: {source}")]
    Login {
        /// Host of the registry.
        registry: String,
        /// Why.
        source: LoginError,
    },
    /// No connection.
    #[error(
        "failed to reach registry {registry}: {cause}; check its name and port, the network and the proxy settings"
    )]
    Unreachable {
        /// Host of the registry.
        registry: String,
        /// Innermost cause.
        cause: String,
    },
    /// TLS failed because of a certificate.
    #[error(
        "failed to trust registry {registry}: {cause}; add the certificate of its authority to those that are trusted"
    )]
    Certificate {
        /// Host of the registry.
        registry: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The other side does not speak TLS.
    #[error(
        "failed to speak TLS with registry {registry}: it answers with plain HTTP; mark the registry as insecure"
    )]
    PlainHttp {
        /// Host of the registry.
        registry: String,
    },
    /// No byte moved for a long time.
    #[error(
        "failed to {operation} {reference}: registry {registry} took or sent nothing for {seconds} s; try again"
    )]
    Stalled {
        /// What was tried.
        operation: Operation,
        /// The image.
        reference: String,
        /// Host of the registry.
        registry: String,
        /// How long nothing moved.
        seconds: u64,
    },
    /// Any other answer.
    #[error("failed to {operation} {reference}: registry {registry} {cause}; look into the registry's log")]
    Registry {
        /// What was tried.
        operation: Operation,
        /// The image.
        reference: String,
        /// Host of the registry.
        registry: String,
        /// What it did.
        cause: String,
        /// Whether it may pass.
        again: Again,
    },
    /// The image is there but cannot be used.
    #[error("failed to use image {reference}: {cause}; use an image in OCI or Docker version 2 form")]
    Unusable {
        /// The image.
        reference: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The client could not be made.
    #[error("failed to set up the registry client: {cause}; check proxy and certificate settings")]
    Client {
        /// Why.
        cause: String,
    },
    /// A layer could not be read back.
    #[error("failed to read the layer from the temporary folder: {0}; check that folder's disk")]
    Layer(#[source] io::Error),
}

impl ImageError {
    /// Whether what failed may be tried again.
    pub(crate) fn again(&self) -> Again {
        match self {
            Self::Registry { again, .. } => *again,
            Self::Login { source, .. } => source.again(),
            Self::Unreachable { .. } => Again::Later,
            _ => Again::Never,
        }
    }
}

/// Failure while a layer is written.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The content of an entry could not be read, or was not as long as said.
    #[error("failed to read {path}: {source}")]
    Read {
        /// Entry.
        path: String,
        /// Cause.
        source: io::Error,
    },
    /// The layer could not be written.
    #[error(
        "failed to write the layer to the temporary folder: {0}; check that it is writable and has space"
    )]
    Write(#[source] io::Error),
}
