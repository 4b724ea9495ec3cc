//! Progress of an environment: what is deleted so that what is wanted can start, and what is remembered of it. Safety is
//! not decided here: a pod that is made in place of a deleted one is born with the gate.

pub mod history;
pub mod order;
mod plan;
pub mod situation;
pub mod steps;
pub mod strategy;
pub mod undo;

pub use plan::{Deletion, plan};
