//! Credentials for registries, as Docker's `config.json` and the pull secrets of Kubernetes hold them.
//!
//! Sources: Docker's reference of `docker login`, "Credential stores" and "Credential helpers"; Kubernetes, "Images",
//! "Interpretation of config.json" (patterns in names of hosts) and "Docker config Secrets".

use super::login::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

/// Credentials by registry. Shows no secret when printed.
#[derive(Clone, Default, Deserialize)]
pub struct Credentials {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    /// Programs that know the credentials of a registry.
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    /// The program that knows those of all others.
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    #[serde(rename = "identitytoken")]
    token: Option<String>,
}

/// What is written down for a registry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Written {
    /// Nothing.
    Nothing,
    /// Name and password.
    Password(String, Secret),
    /// A token, which is exchanged for others.
    Token(Secret),
    /// It is not written down, but this helper knows it, by this name of the registry.
    Helper {
        /// What its program is called after `docker-credential-`.
        helper: String,
        /// Name of the registry.
        server: String,
        /// Whether the helper is for this registry, and not for whichever.
        own: bool,
    },
}

/// Files that a folder may hold: of Docker, and of Secrets of both types that are mounted whole.
const FILES: [&str; 2] = ["config.json", ".dockerconfigjson"];
/// The older form: entries, and nothing around them.
const OLD_FILE: &str = ".dockercfg";

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.auths.keys()).finish()
    }
}

/// Failure to read registry credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read.
    #[error("failed to read registry credentials {path}: {source}; check the file and its rights")]
    Read {
        /// File.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The file is not Docker's JSON. The cause is left out: it would quote the file.
    #[error(
        "failed to read registry credentials {path}: not a Docker config.json; make it with `docker login`"
    )]
    Parse {
        /// File.
        path: PathBuf,
    },
}

impl Credentials {
    /// Reads `config.json` of a folder, or the file of a pull secret; no such file means no credentials.
    ///
    /// # Errors
    /// When the file is there but cannot be used.
    pub fn from_folder(folder: &Path) -> Result<Self, CredentialsError> {
        for name in FILES {
            if let Some(found) = read(&folder.join(name))? {
                return Ok(found);
            }
        }
        let auths = read(&folder.join(OLD_FILE))?.unwrap_or_default();
        Ok(Self {
            auths,
            ..Self::default()
        })
    }

    /// Reads what `docker login` wrote: folder `DOCKER_CONFIG`, else `~/.docker`.
    ///
    /// # Errors
    /// When the file is there but cannot be used.
    pub fn from_environment() -> Result<Self, CredentialsError> {
        let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".docker"));
        match env::var_os("DOCKER_CONFIG").map(PathBuf::from).or_else(home) {
            Some(folder) => Self::from_folder(&folder),
            None => Ok(Self::default()),
        }
    }

    /// What is written down for a registry host. A helper of its own comes first, as with Docker.
    pub(super) fn for_host(&self, host: &str) -> Written {
        if let Some((key, helper)) = find(&self.helpers, host) {
            return Written::Helper {
                helper: helper.clone(),
                server: key.clone(),
                own: true,
            };
        }
        let written = find(&self.auths, host).and_then(|(_, entry)| entry.written());
        let stored = || {
            let helper = self.store.clone().filter(|helper| !helper.is_empty())?;
            Some(Written::Helper {
                helper,
                server: server(host).to_owned(),
                own: false,
            })
        };
        written.or_else(stored).unwrap_or(Written::Nothing)
    }
}

impl Entry {
    fn written(&self) -> Option<Written> {
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = some(&self.token) {
            return Some(Written::Token(Secret(token)));
        }
        let plain = || Some((self.username.clone()?, self.password.clone()?));
        let pair = self.auth.as_deref().and_then(decode).or_else(plain);
        pair.map(|(name, password)| Written::Password(name, Secret(password)))
    }
}

/// A file of JSON; nothing when there is none.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, CredentialsError> {
    let path = path.to_owned();
    match fs::read(&path) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(found) => Ok(Some(found)),
            Err(_) => Err(CredentialsError::Parse { path }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CredentialsError::Read { path, source }),
    }
}

/// What is kept for a host: under its name, else under a pattern.
fn find<'a, T>(kept: &'a BTreeMap<String, T>, host: &str) -> Option<(&'a String, &'a T)> {
    let named = kept.iter().find(|(key, _)| same_host(key, host));
    named.or_else(|| kept.iter().find(|(key, _)| matches(key, host)))
}

/// The name by which helpers know a host: Docker Hub has an old one.
fn server(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" => "https://index.docker.io/v1/",
        host => host,
    }
}

/// `auth` is base64 of `name:password`; some tools leave the padding out.
fn decode(auth: &str) -> Option<(String, String)> {
    let bytes = STANDARD
        .decode(auth)
        .or_else(|_| STANDARD_NO_PAD.decode(auth))
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, password) = text.trim_end_matches('\0').split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// Keys are hosts, but Docker Hub's is `https://index.docker.io/v1/`.
fn same_host(key: &str, host: &str) -> bool {
    let plain = |name: &str| {
        if name == "docker.io" {
            "index.docker.io".to_owned()
        } else {
            name.to_lowercase()
        }
    };
    plain(host_of(key)) == plain(host)
}

fn host_of(key: &str) -> &str {
    let key = key.trim_start_matches("https://").trim_start_matches("http://");
    key.split('/').next().unwrap_or_default()
}

/// Patterns are of Kubernetes: a star stands for a part of one label.
fn matches(key: &str, host: &str) -> bool {
    let (key, host) = (host_of(key).to_lowercase(), host.to_lowercase());
    let (labels, wanted): (Vec<_>, Vec<_>) = (host.split('.').collect(), key.split('.').collect());
    key.contains('*')
        && labels.len() == wanted.len()
        && labels
            .iter()
            .zip(wanted)
            .all(|(label, pattern)| match pattern.split_once('*') {
                None => *label == pattern,
                Some((start, end)) => {
                    let rest = label.strip_prefix(start);
                    rest.is_some_and(|rest| rest.ends_with(end))
                }
            })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn credentials() -> Credentials {
        // dTpwOnc= is u:p:w; dTpw is u:p.
        let text = r#"{"auths": {"r.example:5000": {"auth": "dTpwOnc="}, "https://index.docker.io/v1/": {"auth": "dTpw"},
            "plain.example": {"username": "u", "password": "p"}, "empty.example": {}, "*.wild.example": {"auth": "dTpw"},
            "own.wild.example/team": {"auth": "dTpwOnc="}, "token.example": {"auth": "dTo=", "identitytoken": "t"}},
            "credHelpers": {"helped.example": "one"}}"#;
        serde_json::from_str(text).expect("config")
    }

    fn password(text: &str) -> Written {
        Written::Password("u".into(), Secret(text.into()))
    }

    fn helper(helper: &str, server: &str, own: bool) -> Written {
        Written::Helper {
            helper: helper.to_owned(),
            server: server.to_owned(),
            own,
        }
    }

    #[rstest]
    #[case("r.example:5000", password("p:w"))]
    #[case("R.example:5000", password("p:w"))]
    #[case("r.example", Written::Nothing)]
    #[case("docker.io", password("p"))]
    #[case("index.docker.io", password("p"))]
    #[case("plain.example", password("p"))]
    #[case("empty.example", Written::Nothing)]
    #[case("a.wild.example", password("p"))]
    #[case("own.wild.example", password("p:w"))]
    #[case("a.b.wild.example", Written::Nothing)]
    #[case("wild.example", Written::Nothing)]
    #[case("token.example", Written::Token(Secret("t".into())))]
    #[case("helped.example", helper("one", "helped.example", true))]
    fn a_registry_gets_its_own_credentials_only(#[case] host: &str, #[case] expected: Written) {
        assert_eq!(credentials().for_host(host), expected);
    }

    #[rstest]
    #[case("r.example:5000", password("p:w"))]
    #[case("helped.example", helper("one", "helped.example", true))]
    #[case("r.example", helper("all", "r.example", false))]
    #[case("docker.io", password("p"))]
    #[case("empty.example", helper("all", "empty.example", false))]
    fn a_store_is_asked_for_what_is_not_written_down(#[case] host: &str, #[case] expected: Written) {
        let credentials = Credentials {
            store: Some("all".to_owned()),
            ..credentials()
        };
        assert_eq!(credentials.for_host(host), expected);
    }

    #[rstest]
    #[case("config.json", r#"{"auths": {"r.example": {"auth": "dTpw"}}}"#)]
    #[case(".dockerconfigjson", r#"{"auths": {"r.example": {"auth": "dTpw"}}}"#)]
    #[case(
        ".dockercfg",
        r#"{"https://r.example/v1/": {"username": "u", "password": "p", "email": "u@r.example"}}"#
    )]
    fn a_folder_holds_one_of_three_files(#[case] name: &str, #[case] content: &str) {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join(name), content).expect("file");
        let found = Credentials::from_folder(folder.path()).expect("credentials");
        assert_eq!(found.for_host("r.example"), password("p"));
        assert_eq!(found.for_host("s.example"), Written::Nothing);
    }

    #[test]
    fn printing_shows_hosts_only() {
        let text = format!("{:?}", credentials());
        assert!(
            text.contains("plain.example") && !text.contains("dTpw") && !text.contains("\"p\""),
            "{text}"
        );
    }

    #[test]
    fn a_missing_file_is_no_error_and_a_broken_one_is_not_quoted() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        assert!(Credentials::from_folder(folder.path()).is_ok_and(|found| found.auths.is_empty()));
        fs::write(folder.path().join("config.json"), r#"{"auths": "hunter2""#)?;
        let error = Credentials::from_folder(folder.path())
            .expect_err("broken")
            .to_string();
        assert!(
            error.contains("docker login") && !error.contains("hunter2"),
            "{error}"
        );
        Ok(())
    }
}
