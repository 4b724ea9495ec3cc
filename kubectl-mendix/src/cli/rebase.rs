//! Arguments of `rebase`.

use super::{SourceArguments, app_name};
use clap::Args;

pub(super) const REBASE_EXAMPLES: &str = "\
Examples:
  # The base image was rebuilt with a fix: put all apps of the namespace on it
  kubectl mendix rebase --all --base registry.example.com/base:{{.MxRuntimeVersion}}-jre{{.JavaVersion}}

  # One app, which was built from a package in the cluster: its image becomes its source
  kubectl mendix rebase shop --base registry.example.com/base:10.24 --replace-source --wait";

/// Arguments of `rebase`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct RebaseArguments {
    /// App
    #[arg(value_parser = app_name, required_unless_present = "all", conflicts_with = "all")]
    pub name: Option<String>,
    /// All apps of the namespace
    #[arg(long)]
    pub all: bool,
    /// Base image; buildRuntimeBaseImage of the operator configuration when absent
    #[arg(long, value_name = "TEMPLATE")]
    pub base: Option<String>,
    /// Of an app with a package as its source, let the image be the source from now on
    #[arg(long)]
    pub replace_source: bool,
    /// Follow until the app is ready
    #[arg(long)]
    pub wait: bool,
    /// Host and path of the images; registry.pushURL of the operator configuration when absent
    #[arg(long, value_name = "REF")]
    pub registry: Option<String>,
    /// The same place as the nodes see it; --registry, or registry.pullURL, when absent
    #[arg(long, value_name = "REF")]
    pub pull_registry: Option<String>,
    /// Architecture of the nodes, such as amd64; this machine's when absent
    #[arg(long, value_name = "ARCH")]
    pub architecture: Option<String>,
    /// Talk plain HTTP to the registry
    #[arg(long)]
    pub insecure_registry: bool,
}

impl RebaseArguments {
    /// Where images are, as `deploy` takes it.
    pub fn source(&self) -> SourceArguments {
        SourceArguments {
            registry: self.registry.clone(),
            pull_registry: self.pull_registry.clone(),
            base_image: self.base.clone(),
            architecture: self.architecture.clone(),
            insecure_registry: self.insecure_registry,
            ..SourceArguments::default()
        }
    }
}
