//! Addresses of packages and images, and how much of them may be shown. Pure.

use super::SourceError;
use reqwest::Url;
use std::path::Path;

/// What is built from.
#[derive(Debug, PartialEq)]
pub(super) enum Source {
    /// A package that is downloaded.
    Package(Url),
    /// Name of an image that is used as it is.
    Image(String),
}

/// Source of the scheme: Mendix documentation, "Portable app distribution", `sourceURL`.
const IMAGE_SCHEME: &str = "oci-image://";

/// Reads an address.
pub(super) fn parse(text: &str) -> Result<Source, SourceError> {
    let text = text.trim();
    if let Some(reference) = text.strip_prefix(IMAGE_SCHEME) {
        return Ok(Source::Image(reference.to_owned()));
    }
    let address = |cause: String| SourceError::Address { cause };
    let url = Url::parse(text).map_err(|error| address(error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(Source::Package(url)),
        scheme => Err(address(format!("scheme {scheme:?} is not known"))),
    }
}

/// Scheme, host and, when it is a package's, the name of the file. User, folders, query and fragment may be secret.
pub(super) fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut folders: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let file = folders.pop().filter(|name| is_package(name));
    let path = match file {
        Some(name) if folders.is_empty() => format!("/{name}"),
        Some(name) => format!("/…/{name}"),
        None => "/…".to_owned(),
    };
    format!("{}://{host}{port}{path}", url.scheme())
}

fn is_package(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| {
        extension.eq_ignore_ascii_case("mda") || extension.eq_ignore_ascii_case("zip")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "https://u:p@host.example/a/b/shop.mda?sig=t#f",
        "https://host.example/…/shop.mda"
    )]
    #[case("http://host.example:8080/shop.mda", "http://host.example:8080/shop.mda")]
    #[case("https://host.example/download/SECRET", "https://host.example/…")]
    #[case("https://[::1]:9/x.zip", "https://[::1]:9/x.zip")]
    fn tokens_are_not_shown(#[case] address: &str, #[case] expected: &str) {
        assert_eq!(
            Url::parse(address).map(|url| shown(&url)).as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn addresses_are_told_apart() {
        assert_eq!(
            parse("oci-image://r.example/app:1").ok(),
            Some(Source::Image("r.example/app:1".to_owned()))
        );
        assert!(matches!(
            parse(" https://host.example/shop.mda\n"),
            Ok(Source::Package(_))
        ));
    }

    #[rstest]
    #[case("file:///etc/passwd", "scheme \"file\" is not known")]
    #[case("shop.mda", "relative URL without a base")]
    #[case("https://:secret", "failed to read the source address")]
    fn other_addresses_are_refused(#[case] address: &str, #[case] part: &str) {
        let error = parse(address).expect_err("refused").to_string();
        assert!(error.contains(part) && !error.contains("secret"), "{error}");
    }
}
