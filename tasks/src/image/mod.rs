//! Images without Docker: layers are written, composed with a base and pushed to a registry.
//!
//! ```no_run
//! # use mendix_tasks::image::*;
//! # use mendix_tasks::progress::NoProgress;
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::new(RegistryOptions {
//!     plain_http: vec!["127.0.0.1:5000".into()],
//!     credentials: Credentials::default(),
//! })?;
//! let layer = write_layer([Entry::file("mendix", 0o755, "target/release/mendix")])?;
//! let image = ImageSpec {
//!     target: parse_reference("127.0.0.1:5000/mendix:dev")?,
//!     base: None,
//!     layers: vec![layer],
//!     config: ConfigChanges { entrypoint: Some(vec!["/mendix".into()]), ..ConfigChanges::default() },
//!     platform: Platform::current(),
//! };
//! println!("{}", push_image(&registry, &image, &NoProgress).await?.reference);
//! # Ok(())
//! # }
//! ```

mod compose;
mod config;
mod credentials;
mod entry;
mod error;
mod explain;
mod helper;
mod inspect;
mod layer;
mod login;
mod media_type;
mod mirror;
mod platform;
mod push;
mod registry;
mod stall;
mod upload;

pub use config::ConfigChanges;
pub use credentials::{Credentials, CredentialsError};
pub use entry::{Content, Entry};
pub use error::{ImageError, LayerError, Operation};
pub use inspect::{FetchedImage, InspectedImage, fetch_base, fetch_image, inspect};
pub use layer::{Layer, LayerWriter, write_layer};
pub use login::{Identity, LoginError};
pub use mendix_package::{LayerIdentity, Owner};
pub use mirror::{MirrorError, Mirrors};
pub use oci_client::Reference;
pub use platform::Platform;
pub use push::{ImageSpec, PushedImage, push_image};
pub use registry::{Registry, RegistryOptions};

pub(crate) use compose::Parts;
pub(crate) use push::{Earlier, complete, copy_base, tagged};
pub(crate) use upload::Upload;

/// Reads the name of an image: `registry/repository:tag` or `…@sha256:…`.
///
/// # Errors
/// [`ImageError::Reference`] when it is no such name.
pub fn parse_reference(text: &str) -> Result<Reference, ImageError> {
    text.parse()
        .map_err(|error: oci_client::ParseError| ImageError::Reference {
            reference: text.to_owned(),
            cause: error.to_string(),
        })
}
