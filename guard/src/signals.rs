//! Signals to this process. Taken over before anything is started: PID 1 ignores what it does not handle, and a
//! signal that comes too early would be lost.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that the guard handles.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over.
    pub(crate) fn take() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until one of them asks for the end.
    pub(crate) async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = self.interrupt.recv() => tracing::info!("SIGINT: stopping"),
        }
    }
}

/// Ends of children.
pub(crate) fn children() -> std::io::Result<Signal> {
    signal(SignalKind::child())
}
