//! The log: lines on standard output in the shape of the runtime's console subscriber.

use std::io::Write;

/// Writes an `INFO` line for a log node.
pub fn info(node: &str, message: &str) {
    line("INFO", node, message);
}

/// Writes an `ERROR` line for a log node.
pub fn error(node: &str, message: &str) {
    line("ERROR", node, message);
}

/// Writes a `CRITICAL` line for a log node.
pub fn critical(node: &str, message: &str) {
    line("CRITICAL", node, message);
}

fn line(level: &str, node: &str, message: &str) {
    let now = jiff::Timestamp::now();
    // A reader that went away must not end the process: a JVM with a closed standard output goes on as well.
    let _ = writeln!(std::io::stdout().lock(), "{now:.3} {level} - {node}: {message}");
}
