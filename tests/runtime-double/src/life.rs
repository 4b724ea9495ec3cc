//! How the process ends: signals, a proper stop, a crash.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::log;
use crate::state::{Exit, Runtime, Status};

/// How long a stop waits for the requests in flight.
const DRAIN: Duration = Duration::from_secs(2);

/// Turns SIGTERM and SIGINT into a stop, unless the package says that they are ignored.
///
/// The handlers are installed in either case: for process 1 the kernel drops signals without a handler.
///
/// # Errors
/// The handlers cannot be installed.
pub fn obey_signals(runtime: &Arc<Runtime>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let runtime = Arc::clone(runtime);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if runtime.package.options.ignore_sigterm {
                log::info("Double", "a signal was ignored");
            } else {
                runtime.exit(Exit::Stop(runtime.package.options.signal_exit_code));
            }
        }
    });
    Ok(())
}

/// Ends the process without any clean-up after a time in milliseconds, if there is one.
pub fn crash_after(runtime: &Arc<Runtime>, millis: Option<u64>) {
    let Some(millis) = millis else { return };
    let runtime = Arc::clone(runtime);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        log::error("Double", "crashing, as the model's options say");
        runtime.exit(Exit::Crash(runtime.package.options.exit_code.unwrap_or(1)));
    });
}

/// Stops the app: no new requests, an answer to those in flight, the model's own delay, then the end in the register.
///
/// The register comes last. The other way round a process would still work on the database after its recorded end,
/// and a replacement that starts in between would not be seen.
pub async fn stop(runtime: &Runtime) {
    runtime.state().status = Status::Stopping;
    log::info("Core", "Mendix Runtime is shutting down now...");
    drain(&runtime.closing).await;
    tokio::time::sleep(Duration::from_millis(runtime.package.options.stop_delay_millis)).await;
    let registration = runtime.state().registration.clone();
    if let Some(registration) = registration {
        registration.end().await;
    }
    log::info("Core", "Mendix Runtime is now shut down.");
}

/// Closes the app port; every listener drops its subscription when it has answered what is in flight.
async fn drain(closing: &watch::Sender<bool>) {
    closing.send_replace(true);
    let _ = timeout(DRAIN, closing.closed()).await;
}
