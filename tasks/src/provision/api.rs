//! Creates the Secret. The task's account may do nothing else, not even read it.

use super::ApiError;
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use kube::{Api, Client, Config, ResourceExt as _};
use std::time::Duration;

/// How often, and after how long each time, an unclear answer is asked for again.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// A client for the cluster that this pod is in.
pub(crate) fn client_of_pod() -> Result<Client, ApiError> {
    crate::network::ensure_cryptography();
    let mut config = Config::incluster().map_err(|error| ApiError::NoCluster {
        cause: error.to_string(),
    })?;
    // A request that is repeated unseen makes "already there" ambiguous; we repeat it ourselves and remember.
    config.default_retry = false;
    Client::try_from(config).map_err(|error| ApiError::NoCluster {
        cause: error.to_string(),
    })
}

/// What a creation came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Creation {
    /// The Secret was, or would be, created.
    Created,
    /// There is one of that name.
    AlreadyThere,
}

/// The Secrets of a namespace.
pub(super) struct Secrets {
    api: Api<Secret>,
}

/// One attempt.
enum Attempt {
    Done(Creation),
    /// Certainly nothing was created.
    Refused(ApiError),
    /// Perhaps it was created, perhaps not.
    Unclear(ApiError),
}

impl Secrets {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
        }
    }

    /// Asks whether the Secret could be created, without creating it.
    ///
    /// # Errors
    /// When it may not be created, or the API server cannot be asked.
    pub(super) async fn rehearse(&self, secret: &Secret) -> Result<Creation, ApiError> {
        match self.repeat(secret, true).await {
            (Attempt::Done(creation), _) => Ok(creation),
            (Attempt::Refused(error) | Attempt::Unclear(error), _) => Err(error),
        }
    }

    /// Creates the Secret.
    ///
    /// # Errors
    /// [`ApiError::Unclear`] when nobody knows whether it is there; any other error says that it was not created.
    pub(super) async fn create(&self, secret: &Secret) -> Result<(), ApiError> {
        match self.repeat(secret, false).await {
            // There already after an answer was lost: the attempt before had created it.
            (Attempt::Done(Creation::Created), _) | (Attempt::Done(Creation::AlreadyThere), true) => Ok(()),
            (Attempt::Done(Creation::AlreadyThere), false) => Err(ApiError::Appeared {
                name: secret.name_any(),
            }),
            (Attempt::Refused(error), false) => Err(error),
            (Attempt::Refused(error) | Attempt::Unclear(error), _) => Err(ApiError::Unclear {
                name: secret.name_any(),
                cause: error.to_string(),
            }),
        }
    }

    /// Attempts until the answer is clear; also says whether one was unclear before.
    async fn repeat(&self, secret: &Secret, dry_run: bool) -> (Attempt, bool) {
        let mut unclear = false;
        for pause in PAUSES {
            match self.attempt(secret, dry_run).await {
                Attempt::Unclear(error) => tracing::warn!("{error}"),
                clear => return (clear, unclear),
            }
            unclear = true;
            tokio::time::sleep(pause).await;
        }
        (self.attempt(secret, dry_run).await, unclear)
    }

    async fn attempt(&self, secret: &Secret, dry_run: bool) -> Attempt {
        let parameters = PostParams {
            dry_run,
            ..PostParams::default()
        };
        match self.api.create(&parameters, secret).await {
            Ok(_) => Attempt::Done(Creation::Created),
            Err(error) => judge(&secret.name_any(), &error),
        }
    }
}

fn judge(name: &str, error: &kube::Error) -> Attempt {
    let kube::Error::Api(status) = error else {
        let cause = crate::network::innermost(error);
        return Attempt::Unclear(ApiError::Unreachable { cause });
    };
    let refused = || ApiError::Refused {
        name: name.to_owned(),
        cause: status.message.clone(),
    };
    match status.code {
        409 if status.reason == "AlreadyExists" => Attempt::Done(Creation::AlreadyThere),
        429 | 500.. => Attempt::Unclear(refused()),
        _ => Attempt::Refused(refused()),
    }
}
