//! Says clearly, before anything is done, why a cluster cannot run on this machine, and what can be used instead.

use crate::{
    cgroups::Cgroups,
    command::{command, run},
};
use anyhow::{Result, bail};

const ALTERNATIVE: &str = "use a cluster that exists instead: --context NAME --registry REF --postgres URL";

/// Something a cluster needs that cannot be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Linux,
    Root,
    ControlGroups,
    NetworkNamespaces,
}

/// In the order in which they can be looked for: each makes sense only where those before it are there.
const NEEDS: [Need; 4] = [
    Need::Linux,
    Need::Root,
    Need::ControlGroups,
    Need::NetworkNamespaces,
];

/// # Errors
/// With the reason and the alternative, when the machine lacks something that cannot be installed.
pub(crate) fn check() -> Result<()> {
    match NEEDS.into_iter().find(|need| !is_met(*need)) {
        None => Ok(()),
        Some(need) => bail!("{}", refusal(need)),
    }
}

fn is_met(need: Need) -> bool {
    match need {
        Need::Linux => cfg!(target_os = "linux"),
        Need::Root => rustix::process::geteuid().is_root(),
        Need::ControlGroups => Cgroups::detect().is_ok(),
        Need::NetworkNamespaces => run(&mut command(&["unshare", "--net", "true"])).is_ok(),
    }
}

fn refusal(need: Need) -> String {
    let reason = match need {
        Need::Linux => "it needs Linux",
        Need::Root => "it needs root, for network namespaces, mounts and control groups",
        Need::ControlGroups => "no control groups are mounted in /sys/fs/cgroup",
        Need::NetworkNamespaces => {
            "root may not make network namespaces here; in a container, it must be a privileged one"
        }
    };
    format!("failed to run a cluster on this machine: {reason}; {ALTERNATIVE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_says_what_is_missing_and_what_to_do() {
        let words = ["Linux", "root", "control groups", "network namespaces"];
        for (need, word) in NEEDS.into_iter().zip(words) {
            let text = refusal(need);
            assert!(text.contains(word) && text.ends_with(ALTERNATIVE), "{text}");
        }
    }
}
