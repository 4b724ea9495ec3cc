//! What `protect` and `unprotect` are made of: the workloads of a namespace are read and judged, the guard's rights are
//! given, the namespace is labelled, and what runs without the gate makes way for pods that have it.

pub mod account;
pub mod gather;
pub mod report;
pub mod restart;
pub mod rights;
pub mod workload;
pub mod write;

mod candidate;
mod judge;
mod settled;

pub use settled::{State, freed, settle};

use mendix_model::names;

/// Value of [`names::GUARD_LABEL`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Guard {
    /// Pods are born with the gate.
    Enabled,
    /// Nothing is held; what would be is told.
    Audit,
    /// Gates and finalizers are being freed.
    Leaving,
}

impl Guard {
    /// The value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => names::GUARD_ENABLED,
            Self::Audit => "audit",
            Self::Leaving => names::GUARD_LEAVING,
        }
    }
}
