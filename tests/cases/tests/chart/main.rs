//! The chart: as text, against definitions that are there already, and in a cluster.

#![expect(
    clippy::unwrap_used,
    reason = "the lint knows functions marked as tests, not their helpers"
)]

mod definitions;
mod existing;
mod fields;
mod installation;
mod pods;
mod render;
mod rights;
mod values;
mod webhook;
