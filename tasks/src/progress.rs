//! How far long work is, for whoever shows it: a terminal draws bars, a pod writes log lines.

use std::sync::Mutex;

/// One step of building an image.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// A server without ranges is read for the table of contents of a package; bytes.
    Download,
    /// The package becomes layers, which go to the registry meanwhile; bytes of the package.
    Pack,
    /// Layers of the base image go to the registry; bytes.
    CopyBase,
    /// A layer of ours that is there already goes to the registry; bytes.
    Push,
}

impl Step {
    /// The step in words: `download`, `pack`, `copy base`, `push`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Pack => "pack",
            Self::CopyBase => "copy base",
            Self::Push => "push",
        }
    }
}

/// What became of a layer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LayerState {
    /// It went to the registry.
    Sent,
    /// An earlier image has it: it was neither unpacked nor sent.
    Kept,
}

impl LayerState {
    /// In words: `sent`, `kept`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Kept => "kept",
        }
    }
}

/// Is told how far a step is. Called often, from any thread; must return at once.
pub trait Progress: Send + Sync {
    /// `done` bytes of `total` (when known) are through; `done == total` ends the step.
    fn advance(&self, step: Step, done: u64, total: Option<u64>);

    /// A layer of the app, `libraries` or `web`, is in the registry; bytes as they lie there.
    fn layer(&self, _name: &str, _bytes: u64, _state: LayerState) {}
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _step: Step, _done: u64, _total: Option<u64>) {}
}

/// Writes a log line at the start of a step and at every tenth of it.
#[derive(Debug, Default)]
pub struct LogProgress {
    last: Mutex<Option<(Step, u64)>>,
}

impl Progress for LogProgress {
    fn advance(&self, step: Step, done: u64, total: Option<u64>) {
        let mark = (step, tenth(done, total));
        // A poisoned lock only means that another thread panicked while it logged.
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last != Some(mark) {
            *last = Some(mark);
            tracing::info!(step = step.as_str(), bytes = done, total, "progress");
        }
    }

    fn layer(&self, name: &str, bytes: u64, state: LayerState) {
        tracing::info!(layer = name, bytes, state = state.as_str(), "layer");
    }
}

/// Tenths of the work, or blocks of 64 MiB when the total is not known.
fn tenth(done: u64, total: Option<u64>) -> u64 {
    match total {
        Some(total) => done.saturating_mul(10) / total.max(1),
        None => done / (64 << 20),
    }
}

#[cfg(test)]
mod tests {
    use super::tenth;
    use rstest::rstest;

    #[rstest]
    #[case(0, Some(100), 0)]
    #[case(39, Some(100), 3)]
    #[case(100, Some(100), 10)]
    #[case(0, Some(0), 0)]
    #[case(200 << 20, None, 3)]
    fn marks_are_few(#[case] done: u64, #[case] total: Option<u64>, #[case] mark: u64) {
        assert_eq!(tenth(done, total), mark);
    }
}
