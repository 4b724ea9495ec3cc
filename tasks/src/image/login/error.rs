//! Why a vendor gave no login, as sentences for people. Never with what was sent or answered: both hold secrets.

use crate::call::Failure;
use crate::network::NetworkFailure;
use crate::patience::Again;

/// Failure to get a login.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoginError {
    /// Nobody is there who could say who this pod is: it runs elsewhere, or is nobody.
    #[error("{server} gives this pod no identity ({cause})")]
    NoIdentity {
        /// Who was asked.
        server: &'static str,
        /// What it did.
        cause: String,
    },
    /// The vendor, or what is on this machine for it.
    #[error("{server} {cause}; {remedy}")]
    Failed {
        /// Who was asked.
        server: &'static str,
        /// What it did.
        cause: String,
        /// What to do.
        remedy: String,
        /// Whether it may pass.
        again: Again,
    },
}

impl LoginError {
    pub(super) fn of(server: &'static str, failure: Failure, remedy: impl Into<String>) -> Self {
        let again = match &failure {
            Failure::Network(NetworkFailure::Other(_)) => Again::Later,
            Failure::Refused(refusal) => Again::of_status(refusal.status),
            Failure::Network(_) | Failure::Unsayable(_) => Again::Never,
        };
        Self::Failed {
            server,
            cause: words(failure),
            remedy: remedy.into(),
            again,
        }
    }

    pub(in super::super) fn failed(
        server: &'static str,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Failed {
            server,
            cause: cause.into(),
            remedy: remedy.into(),
            again: Again::Never,
        }
    }

    pub(in super::super) const fn again(&self) -> Again {
        match self {
            Self::Failed { again, .. } => *again,
            Self::NoIdentity { .. } => Again::Never,
        }
    }

    /// An answer that is not of the form that the vendor publishes.
    pub(super) fn answer(server: &'static str) -> Self {
        Self::failed(
            server,
            "gave an answer without a login",
            "look whether something else answers in its place",
        )
    }
}

/// What came of a request, after the name of who was asked.
pub(super) fn words(failure: Failure) -> String {
    match failure {
        Failure::Network(NetworkFailure::PlainHttp) => "does not speak TLS".to_owned(),
        Failure::Network(NetworkFailure::Certificate(cause) | NetworkFailure::Other(cause)) => {
            format!("cannot be reached ({cause})")
        }
        Failure::Refused(refusal) => {
            let code = refusal.code.map(|code| format!(" ({code})")).unwrap_or_default();
            format!("refused with HTTP {}{code}", refusal.status)
        }
        Failure::Unsayable(cause) => format!("cannot be asked ({cause})"),
    }
}
