//! Reads a package once, and makes and sends the layers that are wanted meanwhile.

use super::Job;
use super::sum::Sum;
use super::upload::{Outcome, Outlet, Sent, Uploads};
use crate::build::BuildError;
use crate::build::origin::Stream;
use crate::progress::Step;
use bytes::Bytes;
use mendix_package::{Depth, Event, Kind, LayerIdentity, LayerPack, PackageError, Walk};
use std::collections::BTreeMap;

/// From so many unwanted bytes on, asking anew is faster than reading on.
const WORTH_A_REQUEST: u64 = 1 << 20;

/// What a pass is for.
pub(super) struct Wanted {
    /// Layers that are made.
    pub(super) layers: Vec<Kind>,
    /// Whether they are sent, or only their digests are found.
    pub(super) depth: Depth,
    /// Whether the sum of the whole package is wanted, which needs every byte of it.
    pub(super) sum: bool,
}

/// What came of it.
pub(super) struct Passed {
    /// Layers that were made.
    pub(super) made: BTreeMap<Kind, LayerIdentity>,
    /// How the uploads ended.
    pub(super) outcomes: Vec<Outcome>,
    /// Sum of the package.
    pub(super) sum: Option<String>,
}

struct Pass<'a> {
    job: &'a Job<'a>,
    depth: Depth,
    /// Files that each layer still waits for; a layer that failed is no longer here.
    left: BTreeMap<Kind, usize>,
    open: BTreeMap<Kind, Open>,
    made: BTreeMap<Kind, LayerIdentity>,
    uploads: Uploads,
}

/// A layer in the making.
struct Open {
    pack: LayerPack,
    outlet: Option<Outlet>,
}

pub(super) async fn pass(job: &Job<'_>, wanted: &Wanted) -> Result<Passed, BuildError> {
    let index = &job.package.index;
    let is_wanted = |at: usize| {
        let entry = &index.entries[at];
        !entry.folder && wanted.layers.contains(&entry.layer)
    };
    let mut pass = Pass {
        job,
        depth: wanted.depth,
        left: wanted.layers.iter().map(|&kind| (kind, 0)).collect(),
        open: BTreeMap::new(),
        made: BTreeMap::new(),
        uploads: Uploads::default(),
    };
    for entry in (0..index.entries.len()).filter(|&at| is_wanted(at)) {
        *pass.left.entry(index.entries[entry].layer).or_default() += 1;
    }
    let walk = Walk::new(index, is_wanted);
    let sum = if wanted.sum {
        Some(pass.read_all(walk).await?)
    } else {
        pass.read_wanted(walk).await?;
        None
    };
    pass.finish(sum).await
}

impl<'a> Pass<'a> {
    /// Reads the whole package; answers its sum.
    async fn read_all(&mut self, mut walk: Walk<'_>) -> Result<String, BuildError> {
        let sum = Sum::start();
        let mut stream = self.stream(0);
        let mut position = 0;
        while let Some(bytes) = stream.next().await? {
            sum.add(bytes.clone()).await?;
            position += bytes.len() as u64;
            self.take(&mut walk, bytes).await?;
            self.advance(position);
        }
        check_end(&walk)?;
        sum.end().await
    }

    /// Reads what is wanted, and as little else as possible.
    async fn read_wanted(&mut self, mut walk: Walk<'_>) -> Result<(), BuildError> {
        let mut position = 0;
        let mut stream = self.stream(position);
        while let Some(needed) = walk.needed() {
            if self.left.is_empty() {
                // Every upload has failed: nobody is left to read for.
                return Ok(());
            }
            if self.job.origin.has_ranges() && needed >= position + WORTH_A_REQUEST {
                (position, stream) = (needed, self.stream(needed));
                walk.skip_to(position);
            }
            let Some(bytes) = stream.next().await? else { break };
            position += bytes.len() as u64;
            self.take(&mut walk, bytes).await?;
            self.advance(position);
        }
        check_end(&walk)?;
        Ok(())
    }

    fn stream(&self, start: u64) -> Stream<'a> {
        self.job.origin.stream(start, u64::MAX)
    }

    fn advance(&self, position: u64) {
        self.job
            .progress
            .advance(Step::Pack, position, self.job.origin.length());
    }

    async fn take(&mut self, walk: &mut Walk<'_>, mut bytes: Bytes) -> Result<(), BuildError> {
        while let Some(event) = walk.next(&mut bytes)? {
            let (Event::Start(at) | Event::Data(at, _) | Event::End(at)) = &event;
            let kind = self.job.package.index.entries[*at].layer;
            if self.left.contains_key(&kind) {
                self.open(kind)?;
                self.feed(kind, event)?;
                self.give(kind).await?;
            }
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind) -> Result<(), BuildError> {
        if self.open.contains_key(&kind) {
            return Ok(());
        }
        let compression = self.job.compression;
        let pack = LayerPack::new(&self.job.package.index, kind, self.depth, compression)?;
        let outlet = match self.depth {
            Depth::Digest => None,
            Depth::Full => Some(self.uploads.start(kind, self.job.registry, self.job.target)),
        };
        self.open.insert(kind, Open { pack, outlet });
        Ok(())
    }

    fn feed(&mut self, kind: Kind, event: Event) -> Result<(), BuildError> {
        let Some(Open { pack, .. }) = self.open.get_mut(&kind) else {
            return Ok(());
        };
        let index = &self.job.package.index;
        match event {
            Event::Start(at) => pack.start(index.name(&index.entries[at]), &index.entries[at])?,
            Event::Data(at, packed) => {
                pack.data(index.name(&index.entries[at]), &index.entries[at], packed)?;
            }
            Event::End(at) => {
                pack.end(index.name(&index.entries[at]), &index.entries[at])?;
                let left = self.left.entry(kind).or_default();
                *left = left.saturating_sub(1);
            }
        }
        Ok(())
    }

    /// Sends what is ready, and ends the layer after its last file: an upload that waits is one that may be cut off.
    async fn give(&mut self, kind: Kind) -> Result<(), BuildError> {
        if self.left.get(&kind) == Some(&0) {
            return self.end(kind).await;
        }
        let Some(Open { pack, outlet }) = self.open.get_mut(&kind) else {
            return Ok(());
        };
        let pieces = pack.take_ready();
        if send(outlet.as_ref(), pieces, self.job).await? == Sent::Closed {
            self.left.remove(&kind);
            self.open.remove(&kind);
        }
        Ok(())
    }

    async fn end(&mut self, kind: Kind) -> Result<(), BuildError> {
        self.left.remove(&kind);
        let Some(Open { mut pack, outlet }) = self.open.remove(&kind) else {
            return Ok(());
        };
        let mut pieces = pack.take_ready();
        let (identity, rest) = pack.finish()?;
        pieces.extend(rest);
        if send(outlet.as_ref(), pieces, self.job).await? == Sent::Taken {
            if let Some(outlet) = outlet {
                outlet.end(identity.digest.clone());
            }
            self.made.insert(kind, identity);
        }
        Ok(())
    }

    async fn finish(mut self, sum: Option<String>) -> Result<Passed, BuildError> {
        // Layers of folders alone.
        let empty: Vec<_> = self
            .left
            .iter()
            .filter(|(_, left)| **left == 0)
            .map(|(kind, _)| *kind)
            .collect();
        for kind in empty {
            self.open(kind)?;
            self.give(kind).await?;
        }
        Ok(Passed {
            outcomes: self.uploads.outcomes(self.job.target).await,
            made: self.made,
            sum,
        })
    }
}

/// Where only digests are found, nothing is sent.
async fn send(outlet: Option<&Outlet>, pieces: Vec<Bytes>, job: &Job<'_>) -> Result<Sent, BuildError> {
    match outlet {
        Some(outlet) => Ok(outlet.send(pieces, job.target).await?),
        None => Ok(Sent::Taken),
    }
}

/// A layer that is not whole must not be ended: the package is shorter than its table of contents says.
fn check_end(walk: &Walk<'_>) -> Result<(), PackageError> {
    match walk.needed() {
        Some(offset) => Err(PackageError::Truncated {
            cause: format!("content is expected at byte {offset}"),
        }),
        None => Ok(()),
    }
}
