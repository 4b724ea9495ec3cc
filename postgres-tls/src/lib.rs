//! Connections to PostgreSQL with as much TLS as an address asks for ([`Tls`]), and sentences for what fails in it.
//!
//! Guard and tasks connect by this one way, so that a task never passes a database that the guard then cannot reach.

mod connector;
mod failure;
mod verifier;

pub use connector::{Connector, Driver, SetUpError};
pub use failure::{CertificateProblem, TlsFailure};
pub use mendix_model::database::Tls;
pub use rustls::pki_types::CertificateDer;
