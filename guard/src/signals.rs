//! Signals to this process. Taken over before anything is started: PID 1 ignores what it does not handle, and a
//! signal that comes too early would be lost.

use crate::child;
use rustix::process::{Pid, Signal as Sent};
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

/// Signals that are the child's alone.
pub(crate) struct HandedOn(Vec<(Signal, Sent)>);

impl HandedOn {
    /// Takes the signals over; what comes before there is a child waits for it.
    pub(crate) fn take() -> std::io::Result<Self> {
        let all = [
            (SignalKind::hangup(), Sent::HUP),
            (SignalKind::quit(), Sent::QUIT),
            (SignalKind::user_defined1(), Sent::USR1),
            (SignalKind::user_defined2(), Sent::USR2),
        ];
        let taken = all.into_iter().map(|(kind, sent)| Ok((signal(kind)?, sent)));
        taken.collect::<std::io::Result<_>>().map(Self)
    }

    /// Hands them on, as the child would get them without the guard: a Java machine answers SIGQUIT with its threads.
    pub(crate) fn to(self, child: Pid) {
        for (mut taken, sent) in self.0 {
            tokio::spawn(async move {
                while taken.recv().await.is_some() {
                    child::signal(child, sent);
                }
            });
        }
    }
}

/// Ends of children.
pub(crate) fn children() -> std::io::Result<Signal> {
    signal(SignalKind::child())
}
