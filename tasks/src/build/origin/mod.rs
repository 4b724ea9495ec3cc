//! Where the bytes of a package come from: a server, which may answer ranges or not, or a local file.

mod file;
mod stream;
mod tail;
mod web;

pub(super) use stream::Stream;

use super::{BuildError, SourceError};
use crate::patience::Patience;
use crate::progress::Progress;
use mendix_package::Window;
use reqwest::Url;
use std::path::Path;

/// A package that can be read, from any place and more than once.
pub(super) enum Origin {
    /// On this machine.
    File(file::Local),
    /// On a server.
    Web(Box<web::Remote>),
}

impl Origin {
    /// A local package.
    pub(super) fn file(path: &Path) -> Result<Self, BuildError> {
        let open = |source| SourceError::Open {
            path: path.to_owned(),
            source,
        };
        Ok(Self::File(file::Local::open(path).map_err(open)?))
    }

    /// A package on a server, which is asked for its first bytes.
    pub(super) async fn web(url: Url, patience: &Patience) -> Result<Self, BuildError> {
        let remote = web::Remote::open(url, patience.clone()).await?;
        Ok(Self::Web(Box::new(remote)))
    }

    /// The first bytes.
    pub(super) fn start(&self) -> &[u8] {
        match self {
            Self::File(file) => &file.start,
            Self::Web(remote) => &remote.start,
        }
    }

    /// The last bytes, at least as many as are asked for where there are so many.
    ///
    /// A server without ranges is read from start to end for it; its length is known from then on.
    pub(super) async fn last(&mut self, count: u64, progress: &dyn Progress) -> Result<Window, BuildError> {
        match self.length() {
            Some(length) if self.has_ranges() => {
                let start = length.saturating_sub(count);
                tail::range(self.stream(start, length), start).await
            }
            _ => {
                let (window, length) = tail::of_whole(self.stream(0, u64::MAX), progress).await?;
                if let Self::Web(remote) = self {
                    remote.length = Some(length);
                }
                Ok(window)
            }
        }
    }

    /// Length, where it is known.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::File(file) => Some(file.length),
            Self::Web(remote) => remote.length,
        }
    }

    /// Whether reading from the middle costs no more than reading there.
    pub(super) fn has_ranges(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Web(remote) => remote.ranges,
        }
    }

    /// The bytes from `start` to `end`, or to the end of the package.
    pub(super) fn stream(&self, start: u64, end: u64) -> Stream<'_> {
        Stream::new(self, start, end)
    }
}
