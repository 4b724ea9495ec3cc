//! A start that is killed at any point leaves nothing that the next one, or `down`, does not clean.
//!
//! Needs Linux and root.

mod common;

use anyhow::{Result, ensure};
use common::leftovers;
use mendix_test_cluster::{Cluster, Options, Poll, wait_for};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const NAME: &str = "itest-killed";
const LIMIT: Duration = Duration::from_mins(1);

/// Points of a start, each by a file that is there from then on.
const POINTS: [&str; 6] = [
    "/var/lib/kubectl-mendix/clusters/itest-killed/cluster.json",
    "/run/netns/mx-itest-killed-node1",
    "/run/kubectl-mendix/itest-killed/node1/containerd.sock",
    "/run/kubectl-mendix/itest-killed/pids/etcd.json",
    "/run/kubectl-mendix/itest-killed/pids/kube-apiserver.json",
    "/run/kubectl-mendix/itest-killed/pids/node1-kubelet.json",
];

/// Run by the other test, in a process of its own that is killed.
#[test]
#[ignore = "is the victim of the other test"]
fn a_start_to_be_killed() -> Result<()> {
    Cluster::up(NAME, &Options::default()).map(|_| ())
}

#[tokio::test]
async fn a_killed_start_leaves_nothing_behind() -> Result<()> {
    Cluster::down(NAME)?;
    for point in POINTS {
        kill_start_at(point).await?;
        Cluster::down(NAME)?;
        assert_eq!(
            leftovers(NAME),
            Vec::<String>::new(),
            "after being killed at {point}"
        );
    }
    kill_start_at(POINTS[4]).await?;
    Cluster::up(NAME, &Options::default())?;
    Cluster::down(NAME)?;
    assert_eq!(leftovers(NAME), Vec::<String>::new());
    Ok(())
}

async fn kill_start_at(point: &str) -> Result<()> {
    let mut start = start()?;
    let reached = wait_for(point, LIMIT, || {
        let ended = start.try_wait();
        async {
            ensure!(ended?.is_none(), "the start ended before it could be killed");
            Ok(Poll::when(Path::new(point).exists().then_some(()), || {
                "not there".to_owned()
            }))
        }
    })
    .await;
    start.kill()?;
    start.wait()?;
    reached
}

fn start() -> Result<Child> {
    let arguments = ["--exact", "a_start_to_be_killed", "--include-ignored"];
    let program = std::env::current_exe()?;
    Ok(Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?)
}
