//! Credentials for registries, as Docker's `config.json` holds them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use oci_client::secrets::RegistryAuth;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

/// Credentials by registry. Shows no secret when printed.
#[derive(Clone, Default, Deserialize)]
pub struct Credentials {
    #[serde(default)]
    auths: BTreeMap<String, Login>,
}

#[derive(Clone, Default, Deserialize)]
struct Login {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

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
    /// Reads `config.json` of a folder; no such file means no credentials.
    ///
    /// # Errors
    /// When the file is there but cannot be used.
    pub fn from_folder(folder: &Path) -> Result<Self, CredentialsError> {
        let path = folder.join("config.json");
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| CredentialsError::Parse { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(CredentialsError::Read { path, source }),
        }
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

    /// Credentials for a registry host; anonymous when there are none.
    pub(super) fn for_host(&self, host: &str) -> RegistryAuth {
        let login = self
            .auths
            .iter()
            .find(|(key, _)| same_host(key, host))
            .and_then(|(_, login)| login.pair());
        login.map_or(RegistryAuth::Anonymous, |(name, password)| {
            RegistryAuth::Basic(name, password)
        })
    }
}

impl Login {
    fn pair(&self) -> Option<(String, String)> {
        let plain = || Some((self.username.clone()?, self.password.clone()?));
        self.auth.as_deref().and_then(decode).or_else(plain)
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
    let key = key.trim_start_matches("https://").trim_start_matches("http://");
    let key = key.split('/').next().unwrap_or_default();
    let plain = |name: &str| {
        if name == "docker.io" {
            "index.docker.io".to_owned()
        } else {
            name.to_lowercase()
        }
    };
    plain(key) == plain(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn credentials() -> Credentials {
        // dTpwOnc= is u:p:w; dTpw is u:p.
        let text = r#"{"auths": {"r.example:5000": {"auth": "dTpwOnc="}, "https://index.docker.io/v1/": {"auth": "dTpw"},
            "plain.example": {"username": "u", "password": "p"}, "empty.example": {}}, "credsStore": "desktop"}"#;
        serde_json::from_str(text).expect("config")
    }

    #[rstest]
    #[case("r.example:5000", Some("p:w"))]
    #[case("R.example:5000", Some("p:w"))]
    #[case("r.example", None)]
    #[case("docker.io", Some("p"))]
    #[case("index.docker.io", Some("p"))]
    #[case("plain.example", Some("p"))]
    #[case("empty.example", None)]
    fn a_registry_gets_its_own_credentials_only(#[case] host: &str, #[case] password: Option<&str>) {
        let expected = password.map_or(RegistryAuth::Anonymous, |text| {
            RegistryAuth::Basic("u".into(), text.into())
        });
        assert_eq!(credentials().for_host(host), expected);
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
