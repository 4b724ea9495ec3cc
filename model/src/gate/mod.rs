//! The gate: which pods of an environment may start. All of the project's safety is decided here.
//!
//! A pod is born with a scheduling gate and runs nothing while it has it. [`decide`] says which gates go, from what
//! the API server said of the claim and of the pods, and what the claim has to record *before* that.
//!
//! The protocol, which the model check in `check` explores with several controllers, crashes and stale reads:
//! 1. A pod's uid is swapped into the claim's `opened`. The swap fails when the claim changed since it was read.
//! 2. Only a pod that the *written* claim names is opened, by one patch that fails when the pod changed.
//! 3. A uid leaves `opened` only on proof that the pod's processes have ended: see [`ending`].
//!
//! Nothing here trusts a list to be complete or fresh, with one exception that is asked for by name:
//! [`Situation::complete`], which ends the adoption of pods that came about without us.

mod conditions;
mod contest;
mod decide;
pub mod ending;
mod record;
mod settle;
mod situation;

pub use conditions::{CONDITIONS, Condition};
pub use contest::contest;
pub use decide::{Decision, Held, Hold, Step, decide};
pub use situation::{Claim, Database, Gate, Outdated, Pod, Restore, Situation};

#[cfg(test)]
mod check;
