//! What may stand in the fields of an endpoint. Pure: a problem is a sentence, and whoever asks says of which field.

mod header;
mod host;
mod path;
mod port;
mod reference;

pub use header::header;
pub use host::host;
pub use path::{EXACT, PREFIX, path, path_type, plain_path};
pub use port::{ports, service_type};
pub use reference::{kind, object_name};
