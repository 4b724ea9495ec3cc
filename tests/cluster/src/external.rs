//! A cluster that exists already: kind, k3s, a real one.

use crate::{
    certificates::write_secret,
    command::run,
    tools::{CLIENT, Tools, cache_root},
};
use anyhow::{Context as _, Result, bail};
use std::{ffi::OsString, fmt, fs, path::PathBuf, process::Command};

/// Variables by which a test run is given a cluster.
const KUBECONFIG: &str = "MENDIX_TEST_KUBECONFIG";
const REGISTRY: &str = "MENDIX_TEST_REGISTRY";
const POSTGRES_URL: &str = "MENDIX_TEST_POSTGRES_URL";

/// How to reach a cluster and what it shall be used with.
#[derive(Clone, PartialEq, Eq)]
pub struct External {
    /// kubeconfig whose current context is the cluster.
    pub kubeconfig: PathBuf,
    /// `HOST:PORT` or `HOST/PATH` that this machine pushes to and the nodes pull from.
    pub registry: String,
    /// URL of a PostgreSQL superuser, reachable from this machine and from pods.
    pub postgres_url: String,
}

/// Without the database's URL, which holds a password.
impl fmt::Debug for External {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("External")
            .field("kubeconfig", &self.kubeconfig)
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl External {
    /// The cluster of one context of the usual kubeconfig, which is copied so that nothing changes under a test.
    ///
    /// # Errors
    /// When there is no such context.
    pub fn of_context(context: &str, registry: &str, postgres_url: &str) -> Result<Self> {
        let tools = Tools::require(&["kubernetes"])?;
        let mut kubectl = Command::new(tools.program("kubectl")?);
        kubectl.args(["config", "view", "--minify", "--flatten", "--context", context]);
        let text = run(&mut kubectl).with_context(|| format!("failed to use context {context}"))?;
        let folder = cache_root()?.join("contexts");
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let kubeconfig = folder.join(format!("{}.kubeconfig", file_name(context)));
        write_secret(&kubeconfig, text.as_bytes())?;
        Ok(Self {
            kubeconfig,
            registry: registry.to_owned(),
            postgres_url: postgres_url.to_owned(),
        })
    }

    /// The cluster that the variables of a test run name, if they do.
    pub(crate) fn of_environment() -> Result<Option<Self>> {
        parse(|name| std::env::var_os(name))
    }

    /// A folder with the client programs.
    pub(crate) fn link_tools() -> Result<PathBuf> {
        let folder = cache_root()?.join("tools/client");
        Tools::require(CLIENT)?.link_into(&folder)?;
        Ok(folder)
    }
}

fn parse(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<External>> {
    let text = |name| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(|value| value.to_string_lossy().into_owned())
    };
    match (text(KUBECONFIG), text(REGISTRY), text(POSTGRES_URL)) {
        (None, None, None) => Ok(None),
        (Some(kubeconfig), Some(registry), Some(postgres_url)) => Ok(Some(External {
            kubeconfig: kubeconfig.into(),
            registry,
            postgres_url,
        })),
        _ => bail!(
            "failed to find the cluster to test with: set all of {KUBECONFIG}, {REGISTRY} and {POSTGRES_URL}, or none"
        ),
    }
}

/// Contexts are named with slashes and colons by some clouds.
fn file_name(context: &str) -> String {
    context
        .chars()
        .map(|sign| {
            if sign.is_ascii_alphanumeric() || sign == '-' {
                sign
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &'static [&'static str]) -> impl Fn(&str) -> Option<OsString> {
        |name| {
            names
                .contains(&name)
                .then(|| OsString::from(format!("value of {name}")))
        }
    }

    #[test]
    fn a_cluster_is_named_wholly_or_not_at_all() {
        assert_eq!(parse(set(&[])).unwrap(), None);
        let found = parse(set(&[KUBECONFIG, REGISTRY, POSTGRES_URL]))
            .unwrap()
            .unwrap();
        assert_eq!(found.registry, "value of MENDIX_TEST_REGISTRY");
        let error = parse(set(&[KUBECONFIG])).unwrap_err().to_string();
        assert!(error.contains(REGISTRY), "{error}");
    }

    #[test]
    fn a_password_is_never_shown() {
        let external = External {
            kubeconfig: "/k".into(),
            registry: "r:5000".into(),
            postgres_url: "postgres://postgres:secret@host/postgres".into(),
        };
        assert!(!format!("{external:?}").contains("secret"));
    }

    #[test]
    fn a_contexts_name_becomes_a_file_name() {
        assert_eq!(file_name("arn:aws/eks-1"), "arn_aws_eks-1");
    }
}
