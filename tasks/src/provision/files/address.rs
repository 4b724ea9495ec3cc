//! Addresses of stores, as plans give them. Pure.

use super::{FileError, Setting};
use reqwest::Url;

/// An address of a store: scheme, host, and no credentials, which would end up in Secrets and logs.
pub(in crate::provision) fn parse(text: &str, key: Setting) -> Result<Url, FileError> {
    let wrong = |problem: &str| FileError::Key {
        key,
        problem: problem.to_owned(),
    };
    // Asked first: "minio:9000" is an address of scheme "minio" to a parser.
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return Err(wrong("it does not begin with https:// or http://"));
    }
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it holds a user name, which belongs into a key of its own"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(
            "it goes on after the path; leave out ? and # with what follows",
        ));
    }
    Ok(url)
}

/// `host:port`, for sentences.
pub(in crate::provision) fn server(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The address of something below another.
pub(in crate::provision) fn below(url: &Url, name: &str) -> Url {
    let mut url = url.clone();
    // An address of http or https always has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(name.split('/'));
    }
    url
}

/// As it is written into Secrets: without a slash at its end.
pub(in crate::provision) fn written(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("minio.example:9000", "does not begin with https://")]
    #[case("s3://bucket", "does not begin with https://")]
    #[case("https://", "empty host")]
    #[case("https://host:port", "invalid port")]
    #[case("https://user:s3cret@host", "holds a user name")]
    #[case("https://host/?x=s3cret", "goes on after the path")]
    fn wrong_addresses_are_explained_without_what_they_hold(#[case] text: &str, #[case] part: &str) {
        let error = parse(text, Setting::Key("storage-endpoint"))
            .expect_err("wrong")
            .to_string();
        assert!(
            error.contains("key storage-endpoint") && error.contains(part) && !error.contains("s3cret"),
            "{error}"
        );
    }

    #[rstest]
    #[case("https://files.example", "files.example:443", "https://files.example/a/b")]
    #[case("http://[::1]:9000/bucket/", "[::1]:9000", "http://[::1]:9000/bucket/a/b")]
    fn addresses_are_taken_apart(#[case] text: &str, #[case] address: &str, #[case] child: &str) {
        let url = parse(text, Setting::Key("storage-endpoint")).expect("address");
        assert_eq!(server(&url), address);
        assert_eq!(below(&url, "a/b").as_str(), child);
        assert_eq!(written(&url), text.trim_end_matches('/'));
    }
}
