//! Reads variables and mounted folders. What they mean is decided in [`crate::assignment`].

use crate::metadata::{self, Metadata};
use crate::options::Options;
use mendix_model::runtime_configuration::CONFIGURATION_KEY;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Folder of runtime and app when the image does not say otherwise.
const INSTALLATION: &str = "/opt/mendix";
/// Variable with which the runtime's images say where they are.
const INSTALLATION_VARIABLE: &str = "MX_INSTALL_PATH";

/// Everything that was read, as it was read.
pub(crate) struct Sources {
    /// Variables of the process.
    pub(crate) variables: BTreeMap<String, String>,
    /// The configuration document, unparsed.
    pub(crate) document: String,
    /// Keys of the database's Secret; none when there is no such folder.
    pub(crate) database: BTreeMap<String, String>,
    /// Keys of the file store's Secret; none when there is no such folder.
    pub(crate) storage: BTreeMap<String, String>,
    /// Keys of the environment's secret store; none when there is no such folder.
    pub(crate) secret_store: Option<BTreeMap<String, String>>,
    /// Folder with runtime and app.
    pub(crate) installation: PathBuf,
    /// Folder of the document, and of the files that it names.
    pub(crate) configuration_folder: PathBuf,
    /// The metrics agent of the image, when it has one.
    pub(crate) agent: Option<PathBuf>,
    /// What the model says of itself.
    pub(crate) metadata: Metadata,
}

/// Where images have the metrics agent (repository mendix/privatecloud-runtime-images).
const AGENT: &str = "mxagent/mx-agent.jar";

/// Something that could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(
        "failed to read {}: {problem}; the controller mounts a Secret there, see the events of the pod",
        path.display()
    )]
    Unreadable { path: PathBuf, problem: std::io::Error },
    #[error("failed to read {}: it is not UTF-8 text; write the key of the Secret again as text", path.display())]
    NoText { path: PathBuf },
}

/// Reads everything. Done at every start of the container, since Secrets may have changed in between.
pub(crate) fn read(options: &Options) -> Result<Sources, ReadError> {
    let variables = variables();
    let installation = PathBuf::from(
        variables
            .get(INSTALLATION_VARIABLE)
            .map_or(INSTALLATION, String::as_str),
    );
    let metadata = metadata(&installation.join("app").join(metadata::PATH));
    Ok(Sources {
        document: text(&options.configuration_folder.join(CONFIGURATION_KEY))?,
        database: keys(&options.database_folder)?.unwrap_or_default(),
        storage: keys(&options.file_folder)?.unwrap_or_default(),
        secret_store: keys(&options.secret_store_folder)?,
        agent: Some(installation.join(AGENT)).filter(|agent| agent.is_file()),
        configuration_folder: options.configuration_folder.clone(),
        variables,
        installation,
        metadata,
    })
}

/// Variables of the process.
pub(crate) fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// A model without metadata, or with metadata of a form that is not known, is for the runtime to judge.
fn metadata(path: &Path) -> Metadata {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            tracing::warn!(
                "failed to read {}: {error}; defaults of constants are left to the runtime",
                path.display()
            );
            return Metadata::default();
        }
    };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(
            "failed to understand {}: {error}; defaults of constants are left to the runtime",
            path.display()
        );
        Metadata::default()
    })
}

/// The keys of a mounted Secret, one file a key. Kubernetes mounts the files as links through `..data`, beside
/// folders of its own; all of those begin with a dot. The Secrets Store CSI driver does the same. Nothing when there is no
/// such folder.
fn keys(folder: &Path) -> Result<Option<BTreeMap<String, String>>, ReadError> {
    let unreadable = |problem| ReadError::Unreadable {
        path: folder.to_owned(),
        problem,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut keys = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        let Some(name) = entry
            .file_name()
            .to_str()
            .filter(|name| !name.starts_with('.'))
            .map(ToOwned::to_owned)
        else {
            continue;
        };
        let value = text(&entry.path())?;
        warn_of_newline(&name, &value);
        keys.insert(name, value);
    }
    Ok(Some(keys))
}

/// Kubernetes keeps every byte of a Secret, and so does the guard: a password may end with a newline. Mostly it
/// does so by mistake (`echo` without `-n`), and then the refusal of the password says nothing of it.
fn warn_of_newline(name: &str, value: &str) {
    if value.ends_with('\n') {
        tracing::warn!(
            "key {name} ends with a newline, which is taken as a part of the value; use printf %s to make it"
        );
    }
}

fn text(path: &Path) -> Result<String, ReadError> {
    let bytes = fs::read(path).map_err(|problem| ReadError::Unreadable {
        path: path.to_owned(),
        problem,
    })?;
    String::from_utf8(bytes).map_err(|_| ReadError::NoText {
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn keys_are_read_through_the_links_of_a_mounted_secret() {
        let folder = tempfile::tempdir().expect("folder");
        fs::create_dir(folder.path().join("..2026")).expect("made");
        fs::write(folder.path().join("..2026/database-password"), "a\n").expect("written");
        symlink("..2026", folder.path().join("..data")).expect("linked");
        symlink(
            "..data/database-password",
            folder.path().join("database-password"),
        )
        .expect("linked");
        let keys = keys(folder.path()).expect("read");
        assert_eq!(
            keys,
            Some([("database-password".to_owned(), "a\n".to_owned())].into())
        );
    }

    #[test]
    fn a_folder_that_does_not_exist_holds_no_keys() {
        assert_eq!(keys(Path::new("/does/not/exist")).expect("read"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_key() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("database-password"), [0xff, 0xfe]).expect("written");
        let error = keys(folder.path()).expect_err("refused").to_string();
        assert!(
            error.contains("database-password") && error.contains("UTF-8"),
            "{error}"
        );
    }
}
