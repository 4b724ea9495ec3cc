//! A cluster as its users see it: started here, or one that exists elsewhere.

use crate::{
    api,
    cgroups::Cgroups,
    cleanup, debian,
    external::External,
    health::{self, PartStatus},
    image,
    lifecycle::{check_nodes, extended, recorded_site, running_site, started},
    lock::FileLock,
    paths::{Paths, node_name},
    postgres, requirements,
    site::Site,
    tools::{self, Tools},
};
use anyhow::{Context as _, Result, anyhow, bail};
use kube::Client;
use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

/// What a new cluster shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Number of nodes, at least one. A cluster that runs is given more if it has fewer; none is taken from it.
    pub nodes: u8,
    /// Whether the API server writes down who did what (never contents) in [`Cluster::audit_log`].
    pub audit_log: bool,
    /// Further arguments of the API server, such as `--default-unreachable-toleration-seconds=10`.
    pub api_server_arguments: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodes: 1,
            audit_log: false,
            api_server_arguments: Vec::new(),
        }
    }
}

/// A cluster that runs. Dropping the handle leaves it running.
#[derive(Clone)]
pub struct Cluster {
    kubeconfig: PathBuf,
    registry: String,
    postgres_url: String,
    bin: PathBuf,
    site: Option<Site>,
}

/// Without the database's URL, which holds a password.
impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("kubeconfig", &self.kubeconfig)
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Starts the cluster `name`, or returns the one that runs. One that runs in part only is removed first, with
    /// all that was in it.
    ///
    /// # Errors
    /// When this machine cannot run one, a program cannot be built, or a part does not start; the message has the end
    /// of that part's log.
    pub fn up(name: &str, options: &Options) -> Result<Self> {
        requirements::check()?;
        check_nodes(options.nodes)?;
        let paths = Paths::new(name)?;
        debian::install_missing()?;
        let tools = Tools::require(tools::CLUSTER)?;
        let _lock = FileLock::exclusive(&paths.lock())?;
        let cgroups = Cgroups::detect()?;
        match running_site(&paths, &cgroups) {
            Some(site) => extended(site, options),
            None => started(paths, cgroups, options, &tools),
        }
        .and_then(Self::of_site)
    }

    /// The cluster `name`, whose processes must run. They need not answer: a node may be cut off.
    ///
    /// # Errors
    /// When they do not.
    pub fn connect(name: &str) -> Result<Self> {
        let recorded = recorded_site(&Paths::new(name)?, &Cgroups::detect()?);
        let site = recorded.filter(health::all_running);
        site.ok_or_else(|| anyhow!("failed to connect to cluster {name}: it does not run; start it with `cargo xtask cluster up --name {name}`"))
            .and_then(Self::of_site)
    }

    /// Ends the cluster `name` and removes all of it, whatever state it is in.
    ///
    /// # Errors
    /// When something cannot be removed; what it is stands in the message, and calling again goes on.
    pub fn down(name: &str) -> Result<()> {
        requirements::check()?;
        let paths = Paths::new(name)?;
        let _lock = FileLock::exclusive(&paths.lock())?;
        cleanup::remove(&paths, &Cgroups::detect()?)
    }

    /// The state of every part of the cluster `name`; empty when there is no such cluster.
    ///
    /// # Errors
    /// When the name is none, or the machine has no control groups.
    pub fn status(name: &str) -> Result<Vec<PartStatus>> {
        let paths = Paths::new(name)?;
        let cgroups = Cgroups::detect()?;
        Ok(recorded_site(&paths, &cgroups)
            .map(|site| health::status(&site))
            .unwrap_or_default())
    }

    /// A cluster that exists already. Where its kubeconfig is that of an embedded one, its nodes can be given faults.
    ///
    /// # Errors
    /// When the client programs cannot be built.
    pub fn external(external: External) -> Result<Self> {
        let site = embedded_site(&external);
        let External {
            kubeconfig,
            registry,
            postgres_url,
        } = external;
        Ok(Self {
            kubeconfig,
            registry,
            postgres_url,
            bin: External::link_tools()?,
            site,
        })
    }

    /// The cluster of this test run: the one that `MENDIX_TEST_KUBECONFIG`, `MENDIX_TEST_REGISTRY` and
    /// `MENDIX_TEST_POSTGRES_URL` name, else the embedded cluster `test`, which the first test starts.
    ///
    /// # Errors
    /// As [`Cluster::up`].
    pub fn for_tests() -> Result<Self> {
        match External::of_environment()? {
            Some(external) => Self::external(external),
            None => Self::up("test", &Options::default()),
        }
    }

    fn of_site(site: Site) -> Result<Self> {
        Ok(Self {
            kubeconfig: site.admin(),
            registry: site.plan().registry(),
            postgres_url: postgres::url(&site.paths, site.plan())?,
            bin: site.paths.bin(),
            site: Some(site),
        })
    }

    /// kubeconfig of an administrator.
    pub fn kubeconfig_path(&self) -> &Path {
        &self.kubeconfig
    }

    /// A client with an administrator's rights.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used.
    pub async fn client(&self) -> Result<Client> {
        api::client(&self.kubeconfig).await
    }

    /// The registry, as `HOST:PORT`, for this machine and for the nodes alike.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// URL of the PostgreSQL superuser, for this machine and for pods alike. It holds the password.
    pub fn postgres_url(&self) -> &str {
        &self.postgres_url
    }

    /// A folder with kubectl, helm, crane and the cluster's other programs.
    pub fn bin_dir(&self) -> &Path {
        &self.bin
    }

    /// The folders to have first on `PATH`: [`Cluster::bin_dir`], and the one where `kubectl-mendix` is put, so that
    /// `kubectl mendix` works.
    ///
    /// # Errors
    /// When there is no cache folder.
    pub fn program_folders(&self) -> Result<[PathBuf; 2]> {
        Ok([self.bin.clone(), tools::plugin_folder()?])
    }

    /// `PATH` with the cluster's programs first.
    ///
    /// # Errors
    /// When there is no cache folder.
    pub fn path_variable(&self) -> Result<OsString> {
        let folders = self.program_folders()?;
        let old = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&old)))
            .context("failed to make PATH")
    }

    /// An image that every embedded cluster has: it waits for a signal, and has `serve ADDRESS`, `lookup NAME` and
    /// `get URL` as arguments for tests.
    ///
    /// # Errors
    /// When the cluster is not an embedded one.
    pub fn test_image(&self) -> Result<String> {
        self.embedded().map(|site| image::reference(site.plan()))
    }

    /// Where the API server writes down its requests, one JSON object a line, if it was told to.
    pub fn audit_log(&self) -> Option<PathBuf> {
        self.site
            .as_ref()
            .filter(|site| site.record.audit_log)
            .map(|site| site.paths.audit_log())
    }

    /// Where a part (`etcd`, `node1-kubelet`) writes its log.
    ///
    /// # Errors
    /// When the cluster is not an embedded one.
    pub fn log_of(&self, part: &str) -> Result<PathBuf> {
        self.embedded().map(|site| site.paths.log(part))
    }

    /// Whether it runs on this machine.
    pub fn is_embedded(&self) -> bool {
        self.site.is_some()
    }

    /// Number of nodes that faults can be given to: none where the cluster does not run on this machine.
    pub fn node_count(&self) -> u8 {
        self.site.as_ref().map_or(0, |site| site.record.nodes)
    }

    pub(crate) fn embedded(&self) -> Result<&Site> {
        self.site
            .as_ref()
            .context("failed to reach into the cluster: it does not run on this machine")
    }

    pub(crate) fn site_with_node(&self, number: u8) -> Result<&Site> {
        let site = self.embedded()?;
        if !(1..=site.record.nodes).contains(&number) {
            bail!(
                "failed to find {}: the cluster has {} nodes",
                node_name(number),
                site.record.nodes
            );
        }
        Ok(site)
    }
}

/// The embedded cluster behind a kubeconfig. It is not asked how it is: one of its nodes may be cut off just now.
fn embedded_site(external: &External) -> Option<Site> {
    let paths = Paths::of_admin(&external.kubeconfig)?;
    recorded_site(&paths, &Cgroups::detect().ok()?)
}
