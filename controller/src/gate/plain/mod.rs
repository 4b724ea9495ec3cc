//! Pods of plain manifests: their role, database and model are read from the manifests themselves.

mod image;
mod judge;
mod pull;
mod read;
mod sources;
mod stranger;
mod workload;

pub(crate) use image::Images;
pub(crate) use judge::{Judged, judge, judge_template};
pub(crate) use pull::{Pulls, pulls};
pub(crate) use read::{Plain, read, workloads};
pub(crate) use stranger::strangers;
pub(crate) use workload::{Template, Workloads, revision};
