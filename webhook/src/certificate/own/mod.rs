//! Our own authority, without a person and without another product.
//!
//! An authority signs one certificate and its key is thrown away: what is renewed is both together, and nobody can sign
//! a second certificate. All replicas serve what one Secret holds, and any of them takes the next step. A renewal has
//! three; each leaves a state in which every replica is believed, however long the next one takes:
//!
//! 1. the next pair is put beside the present one;
//! 2. API servers have been told both authorities: that is written down, with the time;
//! 3. once they have had time to learn it, the next pair is the present one. The authority of the one before stays
//!    among those that are told until the next renewal, for a replica that has not seen the change yet.

mod pair;
mod publish;
mod store;

use axum_server::tls_rustls::RustlsConfig;
use jiff::Timestamp;
use kube::Client;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::{Found, Step, Store};

/// What the objects are called.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// Namespace of Secret and Service.
    pub(crate) namespace: String,
    /// The Secret.
    pub(crate) secret: String,
    /// The Service, by which API servers call.
    pub(crate) service: String,
    /// Both webhook configurations.
    pub(crate) configuration: String,
}

impl Names {
    /// The name in the certificate (Kubernetes API reference, `WebhookClientConfig`).
    fn host(&self) -> String {
        format!("{}.{}.svc", self.service, self.namespace)
    }
}

/// When what happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// From the day that a pair is made until it is made anew.
    pub(crate) renewal: Duration,
    /// From API servers being told the next authority until its certificate is served: they learn of it within seconds.
    pub(crate) settling: Duration,
    /// Between two looks at the Secret.
    pub(crate) look: Duration,
}

/// Why there is no certificate. No message holds any part of a key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnError {
    /// The library refuses.
    #[error("failed to make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// rustls refuses.
    #[error(
        "failed to use the certificate of Secret {secret}: {reason}; delete the keys of the Secret, they are made again"
    )]
    Unusable {
        /// Its name.
        secret: String,
        /// Why.
        reason: String,
    },
    /// The API server refuses.
    #[error("failed to {what}: {source}")]
    Api {
        /// What was tried.
        what: String,
        /// Why not.
        source: Box<kube::Error>,
    },
}

/// Serves and renews the pair of a Secret.
pub(crate) struct Own {
    pub(crate) client: Client,
    pub(crate) names: Names,
    pub(crate) times: Times,
    /// Set once API servers are told.
    pub(crate) trusted: Arc<AtomicBool>,
}

impl Own {
    /// Waits for the first pair, and follows it from then on.
    pub(crate) async fn serve(self) -> RustlsConfig {
        let (serving, mut last) = loop {
            match self.look(None).await {
                Ok(Some((configuration, store))) => break (RustlsConfig::from_config(configuration), store),
                Ok(None) => {}
                Err(error) => tracing::warn!("{error}; trying again"),
            }
            tokio::time::sleep(self.times.look.min(Duration::from_secs(1))).await;
        };
        let followed = serving.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(self.times.look).await;
                match self.look(Some(&last)).await {
                    Ok(Some((configuration, store))) => {
                        followed.reload_from_config(configuration);
                        tracing::info!("Took on another certificate");
                        last = store;
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!("{error}; the present certificate stays"),
                }
            }
        });
        serving
    }

    /// Does what is due, and returns what is to be served now when that is another than `last`.
    ///
    /// The order matters: what is served, or counts as told, is what was read and told before, never what was just
    /// written. A replica that ends in between leaves nothing that API servers do not believe.
    async fn look(
        &self,
        last: Option<&Store>,
    ) -> Result<Option<(Arc<rustls::ServerConfig>, Store)>, OwnError> {
        let found = store::read(&self.client, &self.names).await?;
        if let Some(store) = &found.store {
            publish::publish(&self.client, &self.names.configuration, &store.bundle()).await?;
            self.trusted.store(true, Ordering::Relaxed);
        }
        self.advance(&found).await?;
        let changed = |it: &Store| last.is_none_or(|last| last.present != it.present);
        let Some(store) = found.store.filter(changed) else {
            return Ok(None);
        };
        let unusable = |reason| OwnError::Unusable {
            secret: self.names.secret.clone(),
            reason,
        };
        let configuration = store.present.configuration().map_err(unusable)?;
        Ok(Some((configuration, store)))
    }

    /// Takes the step that is due. Where another replica was quicker, the next look sees what it did.
    async fn advance(&self, found: &Found) -> Result<(), OwnError> {
        let now = Timestamp::now();
        let next = match store::step(found.store.as_ref(), &self.times, now) {
            Step::Keep => return Ok(()),
            Step::Make => Store::new(pair::Pair::make(&self.names.host(), now)?, now),
            Step::Prepare(store) => store.prepared(pair::Pair::make(&self.names.host(), now)?, now),
            Step::Write(store) => *store,
        };
        store::write(&self.client, &self.names, &next, &found.version).await
    }
}

#[cfg(test)]
mod tests;
