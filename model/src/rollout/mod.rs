//! Progress of an environment: what is deleted so that what is wanted can start. Safety is not decided here: a pod
//! that is made in place of a deleted one is born with the gate.

mod plan;

pub use plan::{Deletion, plan};
