//! The policies of the gate (level L0), as the API server enforces them with no webhook and no controller asked.
//!
//! Most requests are dry runs: admission judges them like any other, and nothing has to be put right afterwards.

mod attempt;
mod birth;
mod break_glass;
mod claims;
mod combined;
mod fixture;
mod single;
mod subresources;
mod unused_fields;
