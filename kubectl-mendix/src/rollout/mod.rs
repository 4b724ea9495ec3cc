//! Rollouts of plain workloads: which ones are meant, and what is written into them.

mod change;
mod reference;

pub use change::{Change, changes};
pub use reference::{Kind, Reference};
