//! What can go wrong in a reconcile.

use kube::core::error_boundary::InvalidObject;

/// A reconcile that did not end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object does not have the form of its kind.
    #[error("failed to read {kind} {name}: {source}; correct the field")]
    Invalid {
        /// Kind of the object.
        kind: String,
        /// Its name.
        name: String,
        /// What the parser says.
        source: Box<InvalidObject>,
    },
    /// The API server refused a read, or could not be reached.
    #[error("failed to read {what}: {}", sentence(.source))]
    Read {
        /// Kind and name.
        what: String,
        /// Cause.
        source: Box<kube::Error>,
    },
    /// The API server refused a write, or could not be reached.
    #[error("failed to write {what}: {}", sentence(.source))]
    Write {
        /// Kind and name.
        what: String,
        /// Cause.
        source: Box<kube::Error>,
    },
    /// The write of an object with credentials was refused. The API server may quote what it refuses.
    #[error("failed to write {what}: the API server refused it with code {code}{}", listed(.fields))]
    WriteSecret {
        /// Kind and name.
        what: String,
        /// HTTP status; 0 when there was no answer.
        code: u16,
        /// The fields that it names, each with a word for what is wrong.
        fields: Vec<String>,
    },
    /// An object of that name belongs to somebody else.
    #[error("{what} belongs to {owner}, so it is left alone: delete it, or choose another name for the app")]
    Foreign {
        /// Kind and name.
        what: String,
        /// Kind and name of its controller.
        owner: String,
    },
    /// An object of that name is on its way out.
    #[error("waiting for {what} of an earlier app to be gone")]
    Leaving {
        /// Kind and name.
        what: String,
    },
    /// An object could not be turned into JSON; a defect of this program.
    #[error("failed to serialise {what}: {source}")]
    Serialise {
        /// Kind and name.
        what: String,
        /// Cause.
        source: serde_json::Error,
    },
}

impl Error {
    /// Bounded word for logs, events and conditions; never user data.
    pub const fn category(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "Invalid",
            Self::Read { .. } => "ReadFailed",
            Self::Write { .. } | Self::WriteSecret { .. } | Self::Serialise { .. } => "WriteFailed",
            Self::Foreign { .. } => "ForeignObject",
            Self::Leaving { .. } => "Leaving",
        }
    }

    /// Whether only an edit can help, so that trying again is of no use.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Invalid { .. })
    }

    /// A refused or failed read of `what`.
    pub(crate) fn read(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |source| Self::Read {
            what,
            source: Box::new(source),
        }
    }

    /// A refused or failed write of `what`.
    pub(crate) fn write(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |source| Self::Write {
            what,
            source: Box::new(source),
        }
    }
}

/// The API server's own words in a chain of errors, without the debug form that kube appends; else the outermost.
pub(crate) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<kube::Error>() {
            return sentence(error);
        }
        next = error.source();
    }
    error.to_string()
}

fn listed(fields: &[String]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    format!(": {}", fields.join(", "))
}

/// The API server's own words, without the debug form that kube appends.
fn sentence(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("the API server answered {} {}", status.code, status.reason),
        other => other.to_string(),
    }
}
