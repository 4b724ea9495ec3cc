//! What `deploy` is made of: documents and flags become the wish that is sent; then the controller's work is followed.

pub mod document;
pub mod flags;
pub mod healthy;
pub mod package;
pub mod prepare;
pub mod send;
pub mod wait;

mod conflict;
mod owned;
mod plans;

/// Name under which the API server remembers which fields this plugin set.
pub const FIELD_MANAGER: &str = "kubectl-mendix";
