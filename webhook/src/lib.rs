//! Admission: the wire in, the model decides, the wire out.
//!
//! Nothing rests on this process: the gate holds whatever would do harm, and the controller runs the same rules. What it
//! adds is that a wrong change is refused while somebody is looking, and that what is missing is added.

mod admission;
mod certificate;
mod known;
mod mutation;
mod scaled;
mod server;
mod verdict;

#[cfg(test)]
mod properties;

use anyhow::{Context, Result, bail};
use axum_server::tls_rustls::RustlsConfig;
use certificate::{Names, Own, Times};
use clap::Args;
use kube::Client;
use std::sync::atomic::Ordering;
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

pub use certificate::CertificateError;
pub use server::{Reviewer, router};

/// How the webhook is started.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Address to serve HTTPS on.
    #[arg(long, env = "MENDIX_LISTEN", default_value = "[::]:8443")]
    pub listen: SocketAddr,
    /// Image of the product, which hands the guard over to pods that ask for it.
    #[arg(long, env = "MENDIX_IMAGE")]
    pub image: String,
    /// Seconds until an answer is given up: less than the webhook configuration says.
    #[arg(long, env = "MENDIX_DEADLINE", default_value_t = 4)]
    pub deadline: u64,
    /// Folder with `tls.crt` and `tls.key` in the PEM form, as a TLS Secret is mounted; somebody else renews them.
    #[arg(
        long,
        env = "MENDIX_CERTIFICATE_FOLDER",
        conflicts_with = "certificate_secret"
    )]
    pub certificate_folder: Option<PathBuf>,
    /// Secret that the webhook keeps a certificate of its own in.
    #[arg(long, env = "MENDIX_CERTIFICATE_SECRET", requires_all = ["namespace", "service", "configuration"])]
    pub certificate_secret: Option<String>,
    /// Namespace of that Secret and of the Service.
    #[arg(long, env = "MENDIX_NAMESPACE")]
    pub namespace: Option<String>,
    /// Service by which API servers call.
    #[arg(long, env = "MENDIX_SERVICE")]
    pub service: Option<String>,
    /// Name of the webhook configurations that are told the authority.
    #[arg(long, env = "MENDIX_CONFIGURATION")]
    pub configuration: Option<String>,
    /// Seconds until the webhook's own certificate is renewed.
    #[arg(long, env = "MENDIX_RENEWAL", default_value_t = 60 * 24 * 3600)]
    pub renewal: u64,
    /// Seconds that API servers are given to learn of a new authority before its certificate is served.
    #[arg(long, env = "MENDIX_SETTLING", default_value_t = 120)]
    pub settling: u64,
    /// Seconds between two looks at the certificate.
    #[arg(long, env = "MENDIX_LOOK", default_value_t = 10)]
    pub look: u64,
}

/// Serves until the process is told to end.
///
/// # Errors
/// When there is no way to the API server, a mounted certificate cannot be used, or the address cannot be served on.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let client = Client::try_default()
        .await
        .context("failed to find the API server")?;
    let reviewer = Reviewer {
        client: Some(client.clone()),
        image: arguments.image.as_str().into(),
        ..Reviewer::default()
    };
    tokio::spawn(known::watch(client.clone(), reviewer.known.clone()));
    let certificate = certificate(&arguments, client, &reviewer).await?;
    let handle = axum_server::Handle::new();
    server::stop_on_signals(handle.clone()).context("failed to wait for signals")?;
    tracing::info!(address = %arguments.listen, "Started serving admission reviews");
    let router = router(reviewer, Duration::from_secs(arguments.deadline));
    server::serve(arguments.listen, router, certificate, handle)
        .await
        .with_context(|| format!("failed to serve on {}", arguments.listen))?;
    Ok(ExitCode::SUCCESS)
}

/// A mounted one is trusted through whoever has mounted it.
async fn certificate(arguments: &Arguments, client: Client, reviewer: &Reviewer) -> Result<RustlsConfig> {
    let look = Duration::from_secs(arguments.look);
    if let Some(folder) = &arguments.certificate_folder {
        reviewer.trusted.store(true, Ordering::Relaxed);
        return Ok(certificate::follow_mounted(folder, look).await?);
    }
    let Some(names) = names(arguments) else {
        bail!(
            "there is no certificate: name a folder with --certificate-folder, or a Secret with --certificate-secret"
        );
    };
    let own = Own {
        client,
        names,
        times: Times {
            renewal: Duration::from_secs(arguments.renewal),
            settling: Duration::from_secs(arguments.settling),
            look,
        },
        trusted: reviewer.trusted.clone(),
    };
    Ok(own.serve().await)
}

fn names(arguments: &Arguments) -> Option<Names> {
    Some(Names {
        namespace: arguments.namespace.clone()?,
        secret: arguments.certificate_secret.clone()?,
        service: arguments.service.clone()?,
        configuration: arguments.configuration.clone()?,
    })
}
