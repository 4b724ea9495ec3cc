//! The certificate that API servers check, and how it is renewed while reviews go on.

mod mounted;
mod own;
mod serving;

pub use mounted::CertificateError;
pub(crate) use mounted::follow as follow_mounted;
pub(crate) use own::{Names, Own, Times};
pub(crate) use serving::configuration;
