//! What goes wrong with stores of files, as sentences for people. None holds a key, an address with credentials in it, or
//! anything that a store says beyond its word for the error.

use std::fmt;

/// Where somebody wrote what is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Setting {
    /// A key of the plan's admin Secret.
    Key(&'static str),
    /// An argument of the plan.
    Argument(&'static str),
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(formatter, "key {name} of the plan's admin Secret"),
            Self::Argument(name) => write!(formatter, "{name} in the args of the plan"),
        }
    }
}

/// Failure with a store of files.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A plan for files is used for databases.
    #[error(
        "failed to provide a database: this provisioner is for files; use a plan with purpose file, or other args"
    )]
    Purpose,
    /// A key of the administrator's Secret is wrong in itself.
    #[error("failed to read {key}: {problem}; correct it")]
    Key {
        /// Key.
        key: Setting,
        /// What is wrong with its value.
        problem: String,
    },
    /// The args contradict the Secret.
    #[error("failed to understand the storage plan: {problem}")]
    Plan {
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The name cannot be resolved.
    #[error("failed to find {server}: {cause}; check {key}")]
    HostNotFound {
        /// `host:port`.
        server: String,
        /// What the resolver says.
        cause: String,
        /// Key that says where the store is.
        key: Setting,
    },
    /// No connection.
    #[error("failed to reach {server}: {cause}; check {key}, and network policies")]
    Unreachable {
        /// `host:port`.
        server: String,
        /// Innermost cause.
        cause: String,
        /// Key that says where the store is.
        key: Setting,
    },
    /// The certificate of the store.
    #[error(
        "failed to trust {server}: {cause}; take the host that its certificate is for into {key}, or name its authority in \
         trust.customCASecretName of the OperatorConfiguration"
    )]
    Certificate {
        /// `host:port`.
        server: String,
        /// What is wrong with it.
        cause: String,
        /// Key that says where the store is.
        key: Setting,
    },
    /// TLS with a store that does not speak it.
    #[error(
        "failed to reach {server}: it does not speak TLS; write http:// in {key}, or \
         correct its port"
    )]
    NoTls {
        /// `host:port`.
        server: String,
        /// Key that says where the store is.
        key: Setting,
    },
    /// What answers is no store of this kind.
    #[error("failed to {step}: what answers at {server} is {found}; correct scheme, host and port in {key}")]
    NotAStore {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// What it is instead.
        found: String,
        /// Key that says where the store is.
        key: Setting,
    },
    /// The account is not known.
    #[error("failed to {step}: {server} does not know the account; correct {key}")]
    Account {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// Key that names the account.
        key: Setting,
    },
    /// The secret key is wrong.
    #[error("failed to {step}: {server} says that the secret is not that of the account; correct {key}")]
    Secret {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// Key with the secret.
        key: Setting,
    },
    /// The secret key is wrong, or a clock.
    #[error(
        "failed to {step}: {server} does not accept the signature; correct {key}, or the clock \
         of the node that this ran on, if it is more than 15 minutes wrong"
    )]
    Signature {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// Key with the secret.
        key: Setting,
    },
    /// Two clocks.
    #[error(
        "failed to {step}: the clocks of {server} and of the node that this ran on are more than 15 minutes apart; set the \
         one that is wrong, mostly the node's"
    )]
    Clock {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
    },
    /// A right is missing.
    #[error("failed to {step}: {server} denies it; {right}")]
    NoRight {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// What to do.
        right: String,
    },
    /// There is no such bucket or container.
    #[error("failed to {step}: {server} has no such {kind}; create it, or correct {key}")]
    Missing {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// `bucket` or `container`.
        kind: &'static str,
        /// Key that names it.
        key: Setting,
    },
    /// The name is taken by somebody else.
    #[error("failed to {step}: a bucket of this name belongs to another account of {server}; {remedy}")]
    Foreign {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The bucket is in another region.
    #[error("failed to {step}: {server} says that {meant} is meant; set --region in the args of the plan")]
    Region {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// The region, where the store names it.
        meant: String,
    },
    /// A bucket cannot go.
    #[error(
        "failed to {step}: files are left in it, perhaps earlier versions of deleted ones; delete them, or add \
         --keep-files to the args of the plan"
    )]
    NotEmpty {
        /// What was tried.
        step: String,
    },
    /// There is no such policy.
    #[error(
        "failed to {step}: {server} has no policy of this name; create it, or correct --policy in the args of the plan"
    )]
    Policy {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
    },
    /// The Secret names another place than this instance's.
    #[error(
        "failed to deprovision: key {key} of the Secret names another place than the storage plan gives to this storage \
         instance; one of them was changed since. Correct it, or delete the files yourself if they are to go, and then the \
         Secret"
    )]
    NotOwn {
        /// Key that differs.
        key: &'static str,
    },
    /// Anything else that the store says.
    #[error("failed to {step}: {server} answers {cause}; look into its log")]
    Refused {
        /// What was tried.
        step: String,
        /// `host:port`.
        server: String,
        /// Its word, or the status.
        cause: String,
    },
    /// The client could not be made.
    #[error("failed to set up a connection: {0}; check the certificates that this pod is given")]
    SetUp(String),
}
