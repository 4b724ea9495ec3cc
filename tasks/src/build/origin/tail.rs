//! The end of a package.

use super::Stream;
use crate::build::BuildError;
use crate::progress::{Progress, Step};
use mendix_package::{CONTENTS_LIMIT, Window};
use std::collections::VecDeque;

/// A stream that is the end.
pub(super) async fn range(mut stream: Stream<'_>, start: u64) -> Result<Window, BuildError> {
    let mut bytes = Vec::new();
    while let Some(some) = stream.next().await? {
        bytes.extend_from_slice(&some);
    }
    Ok(Window::new(start, bytes.into()))
}

/// The end of a stream that is the whole package, and the package's length.
///
/// Where the table of contents starts is known at the end only: so as much is kept as it may take.
pub(super) async fn of_whole(
    mut stream: Stream<'_>,
    progress: &dyn Progress,
) -> Result<(Window, u64), BuildError> {
    let limit = usize::try_from(CONTENTS_LIMIT).unwrap_or(usize::MAX);
    let (mut kept, mut length) = (VecDeque::new(), 0_u64);
    while let Some(some) = stream.next().await? {
        length += some.len() as u64;
        let spare = (kept.len() + some.len()).saturating_sub(limit).min(kept.len());
        kept.drain(..spare);
        kept.extend(some);
        progress.advance(Step::Download, length, stream.expected());
    }
    let kept = Vec::from(kept);
    Ok((Window::new(length - kept.len() as u64, kept.into()), length))
}
