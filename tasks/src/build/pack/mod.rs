//! Makes the layers of a package and sends them, reading the package as seldom as possible.
//!
//! A first build reads it once. Where an earlier image of the app is known, it is read for digests first, which is
//! cheap: content that is copied need not be unpacked for it. Only layers that are not there yet are read again.

mod pass;
mod sum;
mod upload;

use super::BuildError;
use super::open::Package;
use super::origin::Origin;
use crate::image::{ImageError, LayerIdentity, Reference, Registry};
use crate::patience::Again;
use crate::progress::{LayerState, Progress};
use mendix_package::{Compression, Depth, Kind};
use pass::{Passed, Wanted, pass};
use std::collections::BTreeMap;
use std::time::Duration;
pub(super) use sum::sum_of;

/// What is packed, and where it goes.
pub(super) struct Job<'a> {
    /// Where the package comes from.
    pub(super) origin: &'a Origin,
    /// The package.
    pub(super) package: &'a Package,
    /// Where the layers go.
    pub(super) registry: &'a Registry,
    /// Into the repository of this image.
    pub(super) target: &'a Reference,
    /// How layers are compressed.
    pub(super) compression: Compression,
    /// Layers of an earlier image of the app.
    pub(super) known: &'a [LayerIdentity],
    /// Who is told how far it is.
    pub(super) progress: &'a dyn Progress,
}

/// Layers that are in the registry, lowest first, and the sum of the package.
pub(super) struct Packed {
    pub(super) layers: Vec<LayerIdentity>,
    pub(super) sum: String,
}

/// Makes all layers.
///
/// # Errors
/// When the package cannot be read or is damaged, or the registry does not take a layer.
pub(super) async fn pack(job: &Job<'_>) -> Result<Packed, BuildError> {
    let kinds = kinds(job.package);
    let (mut there, mut sum) = reuse(job, &kinds).await?;
    let mut pauses = job.registry.patience().pauses();
    while there.len() < kinds.len() {
        let missing = kinds.iter().filter(|kind| !there.contains_key(kind)).copied();
        let wanted = Wanted {
            layers: missing.collect(),
            depth: Depth::Full,
            sum: sum.is_none(),
        };
        let passed = pass(job, &wanted).await?;
        let before = there.clone();
        let failure = settle(passed, &mut there, &mut sum);
        let new = there.iter().filter(|(kind, _)| !before.contains_key(kind));
        new.for_each(|(kind, layer)| job.progress.layer(kind.as_str(), layer.size, LayerState::Sent));
        match failure {
            Some(error) => wait(error, &mut pauses).await?,
            // A task that ended without a word.
            None if there.len() == before.len() => return Err(BuildError::Interrupted),
            None => {}
        }
    }
    Ok(Packed {
        layers: there.into_values().collect(),
        sum: sum.ok_or(BuildError::Interrupted)?,
    })
}

/// Waits before another attempt, or gives up.
async fn wait(error: ImageError, pauses: &mut impl Iterator<Item = Duration>) -> Result<(), ImageError> {
    let Some(pause) = error.again().pause(pauses) else {
        return Err(error);
    };
    tracing::warn!("{error}: trying again in {pause:?}");
    tokio::time::sleep(pause).await;
    Ok(())
}

/// The layers of a package; the model's is there even without files, for the folders that the runtime writes to.
fn kinds(package: &Package) -> Vec<Kind> {
    let found = |kind| package.index.entries.iter().any(|entry| entry.layer == kind);
    Kind::ALL
        .into_iter()
        .filter(|&kind| kind == Kind::Model || found(kind))
        .collect()
}

type There = BTreeMap<Kind, LayerIdentity>;

/// Layers that an earlier image brought, known by a strong hash of all their content.
async fn reuse(job: &Job<'_>, kinds: &[Kind]) -> Result<(There, Option<String>), BuildError> {
    let mut there = There::new();
    if job.known.is_empty() {
        return Ok((there, None));
    }
    let wanted = Wanted {
        layers: kinds.to_vec(),
        depth: Depth::Digest,
        sum: true,
    };
    let passed = pass(job, &wanted).await?;
    for (kind, made) in passed.made {
        let known = job
            .known
            .iter()
            .find(|known| known.compression == job.compression && known.content == made.content);
        there.extend(known.map(|known| (kind, known.clone())));
    }
    // Where all are known, the image is the earlier one, which has just been read.
    if there.len() < kinds.len() {
        there = still_there(job, there).await?;
    }
    for (kind, layer) in &there {
        job.progress.layer(kind.as_str(), layer.size, LayerState::Kept);
    }
    Ok((there, passed.sum))
}

/// The layers that the registry still has: some forget what no tag names.
async fn still_there(job: &Job<'_>, known: There) -> Result<There, ImageError> {
    let mut there = There::new();
    for (kind, layer) in known {
        if job.registry.has(job.target, &layer.digest).await? {
            there.insert(kind, layer);
        }
    }
    Ok(there)
}

/// Takes over what a pass achieved; answers what went wrong, first what would go wrong again.
fn settle(passed: Passed, there: &mut There, sum: &mut Option<String>) -> Option<ImageError> {
    let mut failures = Vec::new();
    for (kind, outcome) in passed.outcomes {
        match (outcome, passed.made.get(&kind)) {
            (Ok(()), Some(made)) => drop(there.insert(kind, made.clone())),
            (Ok(()), None) => {}
            (Err(error), _) => failures.push(error),
        }
    }
    *sum = sum.take().or(passed.sum);
    failures.sort_by_key(|error| error.again() != Again::Never);
    failures.into_iter().next()
}
