//! `cargo xtask cluster`: the embedded Kubernetes, by hand.

use crate::plugin;
use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use mendix_test_cluster::{Cluster, Cut, Options, PartStatus};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// Start, look at and remove a Kubernetes on this machine (Linux, root).
#[derive(Debug, Parser)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start a cluster, or give a running one more nodes
    Up {
        #[command(flatten)]
        name: Name,
        /// Number of nodes
        #[arg(long, default_value_t = 1)]
        nodes: u8,
        /// Have the API server write down who did what
        #[arg(long)]
        audit_log: bool,
    },
    /// Remove a cluster and all that is in it
    Down(Name),
    /// Print each process of a cluster with its id and its health
    Status(Name),
    /// Print the shell command that points kubectl, helm and crane to a cluster
    Env(Name),
    /// Cut a node off; its containers run on
    ///
    /// Heal it before the next `up`, which starts a cluster anew whose nodes do not answer.
    Partition {
        #[command(flatten)]
        node: Node,
        /// What the node is cut off from
        #[arg(long, value_enum, default_value_t)]
        from: Loss,
    },
    /// Join a node again that was cut off
    Heal(Node),
}

#[derive(Debug, Parser)]
struct Node {
    #[command(flatten)]
    name: Name,
    /// The node, as kubectl names it, such as node2
    #[arg(value_name = "NODE", value_parser = node_number)]
    number: u8,
}

/// What a node loses: [`Cut`], for the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Loss {
    /// The node's cable is cut: its pods reach no database either
    #[default]
    Everything,
    /// Kubelet and pods lose the API server, and reach database, registry and other nodes as before: the cluster takes
    /// the node for lost while its pods go on writing
    ControlPlane,
}

#[derive(Debug, Parser)]
struct Name {
    /// Name of the cluster
    #[arg(long, default_value = "dev")]
    name: String,
}

/// Runs `cargo xtask cluster`.
pub(crate) fn run(args: Args) -> Result<()> {
    match args.verb {
        Verb::Up {
            name,
            nodes,
            audit_log,
        } => up(&name.name, nodes, audit_log),
        Verb::Down(name) => Cluster::down(&name.name),
        Verb::Status(name) => status(&name.name),
        Verb::Env(name) => env(&name.name),
        Verb::Partition { node, from } => {
            Cluster::connect(&node.name.name)?.partition(node.number, from.cut())
        }
        Verb::Heal(node) => Cluster::connect(&node.name.name)?.heal(node.number),
    }
}

impl Loss {
    const fn cut(self) -> Cut {
        match self {
            Self::Everything => Cut::Everything,
            Self::ControlPlane => Cut::ControlPlane,
        }
    }
}

/// Reads `node2`, or `2`.
fn node_number(text: &str) -> Result<u8> {
    let number = text.strip_prefix("node").unwrap_or(text);
    number
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .with_context(|| format!("{text:?} is no node: nodes are node1, node2, and so on"))
}

/// Says how to go on without printing the database's password, as `env` must.
fn up(name: &str, nodes: u8, audit_log: bool) -> Result<()> {
    let cluster = Cluster::up(
        name,
        &Options {
            nodes,
            audit_log,
            ..Options::default()
        },
    )?;
    let kubeconfig = cluster.kubeconfig_path().display();
    print(&format!(
        "kubeconfig {kubeconfig}\nuse it with: eval \"$(cargo xtask cluster env --name {name})\"\n"
    ))
}

fn env(name: &str) -> Result<()> {
    plugin::ensure()?;
    print(&exports(&Cluster::connect(name)?)?)
}

fn status(name: &str) -> Result<()> {
    let parts = Cluster::status(name)?;
    if parts.is_empty() {
        bail!("failed to find cluster {name}: start it with `cargo xtask cluster up --name {name}`");
    }
    print(&status_table(&parts))?;
    match parts.iter().filter(|part| !part.healthy).count() {
        0 => Ok(()),
        sick => bail!(
            "{sick} of {} parts of cluster {name} do not work; `cargo xtask cluster up --name {name}` starts it anew",
            parts.len()
        ),
    }
}

fn exports(cluster: &Cluster) -> Result<String> {
    let variables = [
        ("KUBECONFIG", cluster.kubeconfig_path().display().to_string()),
        ("REGISTRY", cluster.registry().to_owned()),
        ("POSTGRES_URL", cluster.postgres_url().to_owned()),
    ];
    Ok(export_line(&variables, &cluster.program_folders()?))
}

/// One line for `eval`. The shell's own `PATH` stays at the end.
fn export_line(variables: &[(&str, String)], folders: &[PathBuf]) -> String {
    let variables = variables
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(value)));
    let folders = folders
        .iter()
        .map(|folder| quoted_path(folder))
        .collect::<Vec<_>>()
        .join(":");
    let path = format!("PATH={folders}:\"$PATH\"");
    format!(
        "export {}\n",
        variables.chain([path]).collect::<Vec<_>>().join(" ")
    )
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A word that no shell changes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn status_table(parts: &[PartStatus]) -> String {
    let width = parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
    let line = |part: &PartStatus| {
        let pid = part.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        format!("{:width$}  {pid:>8}  {}\n", part.name, health(part))
    };
    format!(
        "{:width$}  {:>8}  HEALTH\n{}",
        "PROCESS",
        "PID",
        parts.iter().map(line).collect::<String>()
    )
}

const fn health(part: &PartStatus) -> &'static str {
    match part {
        PartStatus { healthy: true, .. } => "ok",
        PartStatus { pid: Some(_), .. } => "does not answer",
        PartStatus { pid: None, .. } => "not running",
    }
}

fn print(text: &str) -> Result<()> {
    std::io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .context("failed to print")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_is_exported() {
        let line = export_line(
            &[("POSTGRES_URL", "postgres://a:b'c@d".to_owned())],
            &[PathBuf::from("/x"), PathBuf::from("/y")],
        );
        assert_eq!(
            line,
            "export POSTGRES_URL='postgres://a:b'\\''c@d' PATH='/x':'/y':\"$PATH\"\n"
        );
    }

    #[test]
    fn a_node_is_named_as_kubectl_names_it() {
        assert_eq!(node_number("node2").ok(), Some(2));
        assert_eq!(node_number("12").ok(), Some(12));
        for wrong in ["", "node", "node0", "worker1", "node300"] {
            assert!(node_number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cut_is_from_everything_unless_said_otherwise() {
        let cut = |words: &[&str]| match Args::try_parse_from(words).unwrap().verb {
            Verb::Partition { node, from } => (node.name.name, node.number, from.cut()),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            cut(&["cluster", "partition", "node2"]),
            ("dev".to_owned(), 2, Cut::Everything)
        );
        assert_eq!(
            cut(&[
                "cluster",
                "partition",
                "node2",
                "--name",
                "a",
                "--from",
                "control-plane"
            ]),
            ("a".to_owned(), 2, Cut::ControlPlane)
        );
    }

    #[test]
    fn a_status_names_process_and_health() {
        let part = |pid, healthy| PartStatus {
            name: "etcd".into(),
            pid,
            healthy,
        };
        let table = status_table(&[part(Some(7), true), part(None, false), part(Some(8), false)]);
        let lines: Vec<_> = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "PROCESS PID HEALTH",
                "etcd 7 ok",
                "etcd - not running",
                "etcd 8 does not answer"
            ]
        );
    }
}
