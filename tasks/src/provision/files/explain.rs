//! What an answer of a store means to the person who waits for it. Pure.
//!
//! The words for errors: Amazon S3 API Reference, "Error responses"; IAM API Reference, "Common errors"; Azure Storage REST
//! API, "Common REST API error codes"; those of MinIO's administration begin with `XMinio`.

use super::{FileError, Setting};
use crate::call::{Failure, Refusal};
use crate::network::NetworkFailure;

/// Who is asked, and which keys of the plan's Secret say so.
#[derive(Clone, Debug)]
pub(in crate::provision) struct Server {
    /// `host:port`.
    pub(in crate::provision) address: String,
    pub(in crate::provision) keys: Keys,
}

/// Keys of the plan's Secret.
#[derive(Clone, Copy, Debug)]
pub(in crate::provision) struct Keys {
    /// Where the store is.
    pub(in crate::provision) address: Setting,
    /// Bucket or container.
    pub(in crate::provision) place: Setting,
    /// Account.
    pub(in crate::provision) account: Setting,
    /// Its secret.
    pub(in crate::provision) secret: Setting,
    /// `bucket` or `container`.
    pub(in crate::provision) kind: &'static str,
}

/// What is tried.
#[derive(Clone, Debug)]
pub(in crate::provision) struct Step {
    /// In words, after "failed to".
    pub(in crate::provision) words: String,
    /// What to do when it is denied.
    pub(in crate::provision) right: String,
}

impl Step {
    pub(in crate::provision) fn new(words: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            right: right.into(),
        }
    }
}

/// Turns a failure into a sentence.
pub(in crate::provision) fn explain(failure: Failure, server: &Server, step: &Step) -> FileError {
    match failure {
        Failure::Network(failure) => unreached(failure, server),
        Failure::Refused(refusal) => refused(&refusal, server, step),
        Failure::Unsayable(problem) => FileError::Key {
            key: server.keys.address,
            problem,
        },
    }
}

fn unreached(failure: NetworkFailure, server: &Server) -> FileError {
    let (server, key) = (server.address.clone(), server.keys.address);
    match failure {
        NetworkFailure::Certificate(cause) => FileError::Certificate { server, cause, key },
        NetworkFailure::PlainHttp => FileError::NoTls { server, key },
        NetworkFailure::Other(cause) if cause.contains("failed to lookup address") => {
            FileError::HostNotFound { server, cause, key }
        }
        NetworkFailure::Other(cause) => FileError::Unreachable { server, cause, key },
    }
}

fn refused(refusal: &Refusal, server: &Server, step: &Step) -> FileError {
    let (keys, step, server, right) = (
        &server.keys,
        step.words.clone(),
        server.address.clone(),
        step.right.clone(),
    );
    match refusal.code.as_deref().unwrap_or_default() {
        "InvalidAccessKeyId" | "InvalidClientTokenId" => FileError::Account {
            step,
            server,
            key: keys.account,
        },
        "SignatureDoesNotMatch" => FileError::Secret {
            step,
            server,
            key: keys.secret,
        },
        // Azure has one word for both.
        "AuthenticationFailed" => FileError::Signature {
            step,
            server,
            key: keys.secret,
        },
        "RequestTimeTooSkewed" | "RequestExpired" => FileError::Clock { step, server },
        "AccessDenied"
        | "AllAccessDisabled"
        | "AuthorizationFailure"
        | "KeyBasedAuthenticationNotPermitted" => FileError::NoRight { step, server, right },
        "NoSuchBucket" | "ContainerNotFound" => FileError::Missing {
            step,
            server,
            kind: keys.kind,
            key: keys.place,
        },
        "BucketAlreadyExists" => FileError::Foreign {
            step,
            server,
            remedy: "find out whose it is; to try with another name, delete the StorageInstance and let it be made again",
        },
        "BucketNotEmpty" => FileError::NotEmpty { step },
        "NoSuchEntity" | "XMinioAdminNoSuchPolicy" => FileError::Policy { step, server },
        "PermanentRedirect"
        | "TemporaryRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException"
        | "InvalidLocationConstraint"
        | "InvalidRegion" => FileError::Region {
            step,
            server,
            meant: match &refusal.region {
                Some(region) => format!("region {region}"),
                None => "another region".to_owned(),
            },
        },
        "" => without_word(refusal, step, server, keys.address),
        code => FileError::Refused {
            step,
            server,
            cause: code.to_owned(),
        },
    }
}

/// Whoever says no without a word of the protocol mostly does not speak it.
fn without_word(refusal: &Refusal, step: String, server: String, key: Setting) -> FileError {
    match refusal.status {
        500.. => FileError::Refused {
            step,
            server,
            cause: format!("status {} of HTTP", refusal.status),
        },
        status => FileError::NotAStore {
            step,
            server,
            found: format!("something else (status {status} of HTTP, without an error of the protocol)"),
            key,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn server() -> Server {
        Server {
            address: "files.example:9000".to_owned(),
            keys: Keys {
                address: Setting::Key("storage-endpoint"),
                place: Setting::Key("storage-endpoint"),
                account: Setting::Key("storage-access-key-id"),
                secret: Setting::Key("storage-secret-access-key"),
                kind: "bucket",
            },
        }
    }

    fn sentence(status: u16, code: Option<&str>) -> String {
        let refusal = Refusal {
            status,
            code: code.map(str::to_owned),
            region: Some("eu-west-1".to_owned()),
        };
        let step = Step::new("create bucket shop", "give the account the right s3:CreateBucket");
        explain(Failure::Refused(refusal), &server(), &step).to_string()
    }

    #[rstest]
    #[case(403, Some("InvalidAccessKeyId"), "correct key storage-access-key-id")]
    #[case(403, Some("SignatureDoesNotMatch"), "correct key storage-secret-access-key")]
    #[case(
        403,
        Some("AuthenticationFailed"),
        "correct key storage-secret-access-key of the plan's admin Secret, or the clock"
    )]
    #[case(403, Some("RequestTimeTooSkewed"), "more than 15 minutes apart")]
    #[case(
        403,
        Some("AccessDenied"),
        "denies it; give the account the right s3:CreateBucket"
    )]
    #[case(
        404,
        Some("NoSuchBucket"),
        "has no such bucket; create it, or correct key storage-endpoint"
    )]
    #[case(
        409,
        Some("BucketAlreadyExists"),
        "belongs to another account of files.example:9000"
    )]
    #[case(301, Some("PermanentRedirect"), "region eu-west-1 is meant; set --region")]
    #[case(404, Some("NoSuchEntity"), "correct --policy")]
    #[case(409, Some("BucketNotEmpty"), "files are left in it")]
    #[case(409, Some("OperationAborted"), "answers OperationAborted; look into its log")]
    #[case(400, None, "is something else (status 400 of HTTP")]
    #[case(502, None, "answers status 502 of HTTP; look into its log")]
    fn refusals_are_sentences(#[case] status: u16, #[case] code: Option<&str>, #[case] part: &str) {
        let text = sentence(status, code);
        assert!(
            text.starts_with("failed to create bucket shop: ") && text.contains(part),
            "{text}"
        );
    }

    #[rstest]
    #[case(NetworkFailure::Other("failed to lookup address information: x".to_owned()), "failed to find files.example:9000")]
    #[case(NetworkFailure::Other("Connection refused".to_owned()), "Connection refused; check key storage-endpoint")]
    #[case(NetworkFailure::PlainHttp, "write http:// in key storage-endpoint")]
    #[case(NetworkFailure::Certificate("not valid for name".to_owned()), "trust.customCASecretName")]
    fn failures_on_the_way_are_sentences(#[case] failure: NetworkFailure, #[case] part: &str) {
        let step = Step::new("x", "y");
        let text = explain(Failure::Network(failure), &server(), &step).to_string();
        assert!(text.starts_with("failed to ") && text.contains(part), "{text}");
    }
}
