//! Other places that a base image is fetched from first. Pure.

use super::{ImageError, Reference, parse_reference};
use std::str::FromStr;

/// Mirrors of registries, in the order in which they are asked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mirrors(Vec<Mirror>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Mirror {
    /// Registry that is mirrored.
    origin: String,
    /// Registry that mirrors it.
    host: String,
    /// In front of the names of repositories: nothing, or a folder with its slash.
    folder: String,
    plain_http: bool,
}

/// Not a list of mirrors.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} names no mirror; write REGISTRY=MIRROR, such as docker.io=mirror.example.com/hub, with commas in between"
)]
pub struct MirrorError(String);

impl FromStr for Mirrors {
    type Err = MirrorError;

    fn from_str(text: &str) -> Result<Self, MirrorError> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let mirrors = entries.map(|entry| mirror(entry).ok_or_else(|| MirrorError(entry.to_owned())));
        mirrors.collect::<Result<_, _>>().map(Self)
    }
}

fn mirror(entry: &str) -> Option<Mirror> {
    let (origin, place) = entry
        .split_once('=')
        .filter(|(origin, _)| !origin.contains('/'))?;
    let origin = parse_reference(&format!("{origin}/x")).ok().filter(|parsed| {
        // A name without a dot or a port is no registry, but a folder of Docker Hub.
        parsed.repository() == "x" || (parsed.registry() == "docker.io" && parsed.repository() == "library/x")
    })?;
    let (plain_http, place) = match place.strip_prefix("http://") {
        Some(place) => (true, place),
        None => (false, place.strip_prefix("https://").unwrap_or(place)),
    };
    let (host, _) = place.split_once('/').unwrap_or((place, ""));
    let parsed = parse_reference(&format!("{}/x", place.trim_end_matches('/'))).ok()?;
    let folder = parsed.repository().strip_suffix('x')?;
    (parsed.registry() == host).then(|| Mirror {
        origin: origin.registry().to_owned(),
        host: host.to_owned(),
        folder: folder.to_owned(),
        plain_http,
    })
}

impl Mirrors {
    /// The same image at the mirrors of its registry.
    pub(crate) fn of(&self, image: &Reference) -> Vec<Reference> {
        let mirrors = self.0.iter().filter(|mirror| mirror.origin == image.registry());
        mirrors.map(|mirror| mirror.name(image)).collect()
    }

    /// Hosts that are spoken to without TLS: mirrors that are written with `http://`.
    pub fn plain_http(&self) -> impl Iterator<Item = String> {
        let plain = self.0.iter().filter(|mirror| mirror.plain_http);
        plain.map(|mirror| mirror.host.clone())
    }
}

impl Mirror {
    fn name(&self, image: &Reference) -> Reference {
        let (host, repository) = (
            self.host.clone(),
            format!("{}{}", self.folder, image.repository()),
        );
        match (image.tag().map(str::to_owned), image.digest().map(str::to_owned)) {
            (Some(tag), Some(digest)) => Reference::with_tag_and_digest(host, repository, tag, digest),
            (None, Some(digest)) => Reference::with_digest(host, repository, digest),
            (tag, None) => Reference::with_tag(host, repository, tag.unwrap_or_else(|| "latest".to_owned())),
        }
    }
}

/// Whether it is worth asking the image's own registry after a mirror has failed so.
pub(crate) fn goes_on(error: &ImageError) -> bool {
    // A mirror lacks, refuses or is gone; an image that is there and cannot be used cannot be used elsewhere either.
    !matches!(error, ImageError::NoPlatform { .. } | ImageError::Unusable { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const LIST: &str = "docker.io=mirror.example.com/hub, registry.example.com:5000=http://10.0.0.1:5000,\
                        docker.io=https://second.example.com/,quay.io=localhost/quay/proxy";

    #[rstest]
    #[case("docker.io/library/base:1", &["mirror.example.com/hub/library/base:1", "second.example.com/library/base:1"])]
    #[case("base", &["mirror.example.com/hub/library/base:latest", "second.example.com/library/base:latest"])]
    #[case("registry.example.com:5000/team/base:1", &["10.0.0.1:5000/team/base:1"])]
    #[case("registry.example.com/team/base:1", &[])]
    #[case("quay.io/team/base:1", &["localhost/quay/proxy/team/base:1"])]
    #[case("ghcr.io/team/base:1", &[])]
    fn an_image_is_named_as_its_mirrors_name_it(#[case] image: &str, #[case] expected: &[&str]) {
        let mirrors: Mirrors = LIST.parse().expect("mirrors");
        let found = mirrors.of(&parse_reference(image).expect("image"));
        let found: Vec<_> = found.iter().map(Reference::whole).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_digest_stays() {
        let mirrors: Mirrors = LIST.parse().expect("mirrors");
        let digest = format!("sha256:{}", "ab".repeat(32));
        for name in ["quay.io/a/b:1", "quay.io/a/b"] {
            let image = parse_reference(&format!("{name}@{digest}")).expect("image");
            let expected = format!("{}@{digest}", name.replace("quay.io", "localhost/quay/proxy"));
            assert_eq!(mirrors.of(&image)[0].whole(), expected);
        }
    }

    #[test]
    fn only_mirrors_that_say_so_have_no_tls() {
        let mirrors: Mirrors = LIST.parse().expect("mirrors");
        assert_eq!(mirrors.plain_http().collect::<Vec<_>>(), ["10.0.0.1:5000"]);
        assert_eq!("".parse(), Ok(Mirrors::default()));
    }

    #[rstest]
    #[case("mirror.example.com")]
    #[case("docker.io=")]
    #[case("=mirror.example.com")]
    #[case("docker.io=mirror")]
    #[case("docker.io=mirror/hub")]
    #[case("team=mirror.example.com")]
    #[case("docker.io/library=mirror.example.com")]
    #[case("docker.io=mirror.example.com/HUB")]
    #[case("docker.io=ftp://mirror.example.com")]
    #[case("docker.io=mirror.example.com/hub:1")]
    #[case("docker.io=user:password@mirror.example.com")]
    fn what_is_no_mirror_is_refused(#[case] text: &str) {
        let error = text.parse::<Mirrors>().expect_err("refused");
        assert!(error.to_string().contains("REGISTRY=MIRROR"), "{error}");
    }
}
