//! Admission: the wire in, the model decides, the wire out.
//!
//! Nothing rests on this process: the controller runs the same rules. What it adds is that a wrong app is refused
//! while somebody is looking.

mod admission;
mod certificate;
mod server;
mod verdict;

use anyhow::{Context, Result};
use clap::Args;
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

pub use certificate::CertificateError;
pub use server::router;

/// How the webhook is started.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Address to serve HTTPS on.
    #[arg(long, env = "MENDIX_LISTEN", default_value = "[::]:8443")]
    pub listen: SocketAddr,
    /// Folder with `tls.crt` and `tls.key` in the PEM form, as a TLS Secret is mounted.
    #[arg(long, env = "MENDIX_CERTIFICATE_FOLDER")]
    pub certificate_folder: PathBuf,
}

/// Serves until the process is told to end.
///
/// # Errors
/// When the certificate cannot be used or the address cannot be served on.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let certificate = certificate::read(&arguments.certificate_folder)?;
    let handle = axum_server::Handle::new();
    server::stop_on_signals(handle.clone()).context("failed to wait for signals")?;
    tracing::info!(address = %arguments.listen, "Started serving admission reviews");
    server::serve(arguments.listen, certificate, handle)
        .await
        .with_context(|| format!("failed to serve on {}", arguments.listen))?;
    Ok(ExitCode::SUCCESS)
}
