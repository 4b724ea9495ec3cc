//! What a registry client's error means to the person who waits for the image. Pure.

use super::{ImageError, Operation};
use crate::network::{NetworkFailure, failure, innermost};
use crate::patience::Again;
use oci_client::Reference;
use oci_client::errors::{OciDistributionError as Error, OciEnvelope, OciErrorCode as Code};

/// Longest quotation of a registry's own words.
const QUOTED: usize = 200;

/// Turns the client's error into a sentence.
pub(super) fn explain(error: &Error, operation: Operation, image: &Reference) -> ImageError {
    match error {
        Error::UnauthorizedError { .. } | Error::AuthenticationFailure(_) => {
            answer(401, "", operation, image)
        }
        Error::ServerError { code, message, .. } => answer(*code, &quoted(message), operation, image),
        Error::RegistryError { envelope, .. } => by_code(envelope, operation, image),
        Error::RequestError(error) => request(error, operation, image),
        Error::DigestError(_) => other("sent bytes that are not those of their digest", operation, image),
        Error::ManifestParsingError(cause)
        | Error::VersionedParsingError(cause)
        | Error::UnsupportedMediaTypeError(cause) => ImageError::Unusable {
            reference: image.whole(),
            cause: format!("its manifest cannot be read ({cause})"),
        },
        Error::UnsupportedSchemaVersionError(version) => ImageError::Unusable {
            reference: image.whole(),
            cause: format!("its manifest has version {version}"),
        },
        Error::IoError(cause) => broken(&innermost(cause), operation, image),
        Error::SpecViolationError(_) | Error::RegistryNoLocationError => {
            other("broke the protocol of registries", operation, image)
        }
        error => other(&format!("failed ({})", innermost(error)), operation, image),
    }
}

fn answer(status: u16, detail: &str, operation: Operation, image: &Reference) -> ImageError {
    match (status, operation) {
        (401 | 403, _) => ImageError::Refused {
            operation,
            reference: image.whole(),
            registry: image.registry().to_owned(),
            status,
            detail: detail.to_owned(),
        },
        (404, Operation::Pull) => ImageError::NotFound {
            reference: image.whole(),
        },
        _ => failed(
            &format!("answered with HTTP {status}{detail}"),
            Again::of_status(status),
            operation,
            image,
        ),
    }
}

fn by_code(envelope: &OciEnvelope, operation: Operation, image: &Reference) -> ImageError {
    let detail = words(envelope);
    match envelope.errors.first().map(|error| &error.code) {
        Some(Code::Unauthorized) => answer(401, &detail, operation, image),
        Some(Code::Denied) => answer(403, &detail, operation, image),
        Some(Code::ManifestUnknown | Code::NameUnknown | Code::NotFound | Code::BlobUnknown) => {
            answer(404, &detail, operation, image)
        }
        Some(Code::Toomanyrequests) => failed(
            &format!("refused the request{detail}"),
            Again::Later,
            operation,
            image,
        ),
        _ => other(&format!("refused the request{detail}"), operation, image),
    }
}

fn request(error: &reqwest::Error, operation: Operation, image: &Reference) -> ImageError {
    let registry = image.registry().to_owned();
    if let Some(status) = error.status() {
        return answer(status.as_u16(), "", operation, image);
    }
    match failure(error) {
        NetworkFailure::Certificate(cause) => ImageError::Certificate { registry, cause },
        NetworkFailure::PlainHttp => ImageError::PlainHttp { registry },
        NetworkFailure::Other(cause) if error.is_connect() => ImageError::Unreachable { registry, cause },
        NetworkFailure::Other(cause) => broken(&cause, operation, image),
    }
}

fn broken(cause: &str, operation: Operation, image: &Reference) -> ImageError {
    let cause = format!("broke the connection off ({cause})");
    failed(&cause, Again::Later, operation, image)
}

fn other(cause: &str, operation: Operation, image: &Reference) -> ImageError {
    failed(cause, Again::Never, operation, image)
}

fn failed(cause: &str, again: Again, operation: Operation, image: &Reference) -> ImageError {
    let registry = image.registry().to_owned();
    ImageError::Registry {
        operation,
        reference: image.whole(),
        registry,
        cause: cause.to_owned(),
        again,
    }
}

/// What the registry says in an error body; nothing of pages and other bodies.
fn quoted(body: &str) -> String {
    serde_json::from_str::<OciEnvelope>(body).map_or_else(|_| String::new(), |envelope| words(&envelope))
}

fn words(envelope: &OciEnvelope) -> String {
    match envelope.errors.first().map(|error| error.message.trim()) {
        Some(message) if !message.is_empty() => {
            let line: String = message
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .take(QUOTED)
                .collect();
            format!(": {line}")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::parse_reference;
    use rstest::rstest;

    fn server(code: u16, message: &str) -> Error {
        Error::ServerError {
            code,
            url: "https://r.example/upload?token=hunter2".to_owned(),
            message: message.to_owned(),
        }
    }

    fn envelope(code: &str) -> Error {
        let text = format!(r#"{{"errors": [{{"code": "{code}", "message": "quota of team a"}}]}}"#);
        Error::RegistryError {
            envelope: serde_json::from_str(&text).expect("envelope"),
            url: "https://r.example/?token=hunter2".to_owned(),
        }
    }

    #[rstest]
    #[case(
        server(403, r#"{"errors": [{"code": "DENIED", "message": "no\nright"}]}"#),
        Operation::Push,
        "failed to push r.example/app:1: registry r.example refused it with HTTP 403: no right; check"
    )]
    #[case(
        server(404, "<html>"),
        Operation::Pull,
        "failed to find image r.example/app:1 in its registry; check"
    )]
    #[case(
        server(404, ""),
        Operation::Push,
        "registry r.example answered with HTTP 404; look"
    )]
    #[case(
        server(500, "<html>hunter2</html>"),
        Operation::Push,
        "registry r.example answered with HTTP 500; look"
    )]
    #[case(
        envelope("DENIED"),
        Operation::Push,
        "refused it with HTTP 403: quota of team a; check"
    )]
    #[case(
        envelope("MANIFEST_UNKNOWN"),
        Operation::Pull,
        "failed to find image r.example/app:1"
    )]
    #[case(
        envelope("TOOMANYREQUESTS"),
        Operation::Pull,
        "refused the request: quota of team a; look"
    )]
    #[case(Error::UnauthorizedError { url: "https://r.example/?token=hunter2".into() }, Operation::Pull, "HTTP 401; check")]
    #[case(
        Error::UnsupportedSchemaVersionError(1),
        Operation::Pull,
        "its manifest has version 1; use"
    )]
    fn every_error_is_a_sentence_without_tokens(
        #[case] error: Error,
        #[case] operation: Operation,
        #[case] part: &str,
    ) {
        let image = parse_reference("r.example/app:1").expect("reference");
        let text = explain(&error, operation, &image).to_string();
        assert!(text.contains(part), "{text}");
        assert!(!text.contains("hunter2") && !text.contains('\n'), "{text}");
    }
}
