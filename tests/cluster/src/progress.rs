//! Lines that tell a waiting person what is being done, on stderr.

use std::io::Write as _;

/// Writes one line. A closed stderr is no reason to stop.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "cluster: {text}");
}
