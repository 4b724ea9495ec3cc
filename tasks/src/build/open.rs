//! Opens a package: its table of contents and its metadata, wherever it lies.

use super::BuildError;
use super::origin::{Origin, Stream};
use crate::progress::Progress;
use mendix_package::{
    CONTENTS_LIMIT, Content, Event, Index, Limits, METADATA, METADATA_LIMIT, Metadata, PackageError, Reading,
    Walk, Window, fault_of, sniff,
};

/// Enough for the end of every package, and for the whole table of contents of many.
const FIRST_LOOK: u64 = 128 << 10;

/// A package whose entries are all acceptable; their content is checked while it is packed.
pub(super) struct Package {
    /// Table of contents.
    pub(super) index: Index,
    /// What the package says about itself.
    pub(super) metadata: Metadata,
}

impl Package {
    /// Reads what has to be known before the content is.
    ///
    /// # Errors
    /// When it is no package, or has an entry that must not be unpacked.
    pub(super) async fn open(
        origin: &mut Origin,
        limits: &Limits,
        progress: &dyn Progress,
    ) -> Result<Self, BuildError> {
        sniff(origin.start())?;
        let window = origin.last(FIRST_LOOK, progress).await?;
        let index = read_index(origin, window, limits).await?;
        let text = read_metadata(origin, &index).await?;
        let metadata = Metadata::parse(&text)?;
        Ok(Self { index, metadata })
    }
}

async fn read_index(origin: &Origin, mut window: Window, limits: &Limits) -> Result<Index, BuildError> {
    loop {
        let offset = match Index::read(&mut window, limits)? {
            Reading::Complete(index) => return Ok(index),
            Reading::Missing(offset) => offset,
        };
        let size = window.end() - offset;
        if size > CONTENTS_LIMIT || offset >= window.start() {
            return Err(PackageError::Contents {
                size,
                limit: CONTENTS_LIMIT,
            }
            .into());
        }
        window = grow(origin, offset, &window).await?;
    }
}

async fn grow(origin: &Origin, offset: u64, window: &Window) -> Result<Window, BuildError> {
    let size = usize::try_from(window.end() - offset).unwrap_or_default();
    let mut bytes = Vec::with_capacity(size);
    let mut stream = origin.stream(offset, window.end());
    while let Some(some) = stream.next().await? {
        bytes.extend_from_slice(&some);
    }
    Ok(Window::new(offset, bytes.into()))
}

async fn read_metadata(origin: &Origin, index: &Index) -> Result<Vec<u8>, BuildError> {
    let place = index
        .entries
        .iter()
        .position(|entry| index.name(entry) == METADATA);
    let at = place.ok_or(PackageError::NoMetadata)?;
    let size = index.entries[at].size;
    if size > METADATA_LIMIT {
        let cause = format!("it has {size} bytes, where {METADATA_LIMIT} are the limit");
        return Err(PackageError::Metadata { cause }.into());
    }
    let mut walk = Walk::new(index, |entry| entry == at);
    let start = walk.needed().unwrap_or_default();
    walk.skip_to(start);
    unpack(walk, index, at, origin.stream(start, index.limit(at))).await
}

async fn unpack(
    mut walk: Walk<'_>,
    index: &Index,
    at: usize,
    mut stream: Stream<'_>,
) -> Result<Vec<u8>, BuildError> {
    let entry = &index.entries[at];
    let (mut content, mut text) = (Content::default(), Vec::new());
    let fault = |fault| fault_of(index.name(entry), fault);
    content.start();
    while let Some(mut bytes) = stream.next().await? {
        while let Some(event) = walk.next(&mut bytes)? {
            if let Event::Data(_, packed) = event {
                let keep = |plain: &[u8]| text.extend_from_slice(plain);
                content.take(entry, &packed, keep).map_err(fault)?;
            }
        }
        if walk.needed().is_none() {
            break;
        }
    }
    content.end(entry).map_err(fault)?;
    Ok(text)
}
