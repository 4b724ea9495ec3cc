//! Cuts a node off and joins it again.

use crate::{
    addresses::{AddressPlan, POSTGRES_PORT, REGISTRY_PORT},
    network::{Words, run_all, script_in, words},
    paths::Paths,
};
use anyhow::Result;

/// What a node is cut off from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// Everything: its cable is cut, for its pods as well.
    #[default]
    Everything,
    /// The control plane, both ways, for its kubelet and its pods. The database, the registry and the other nodes are
    /// reached as before: the cluster takes the node for lost while its pods go on writing.
    ControlPlane,
}

/// The node's own chain of rules, in table `mangle`, which nothing else of a node filters by. In it what is sent to a
/// service bears the address that it goes to, which is not so in table `raw`.
const CHAIN: &str = "MX-CUT";

/// Fills the chain in one go, then leads to it: packets are dropped from the first rule on, or not at all.
const FILL: &str = r#"printf '%s' "$1" | iptables-restore --wait --noflush || exit
for hook in PREROUTING POSTROUTING; do
    iptables --wait -t mangle -C $hook -j "$0" 2>/dev/null || iptables --wait -t mangle -A $hook -j "$0" || exit
done"#;

/// Making the chain fails where it is there already. That it could be emptied is what counts.
const EMPTY: &str = r#"iptables --wait -t mangle -N "$0" 2>/dev/null; iptables --wait -t mangle -F "$0""#;

/// Cuts a node off. Doing it twice is no error.
pub(crate) fn cut(paths: &Paths, plan: AddressPlan, node: u8, cut: Cut) -> Result<()> {
    run_all(&[cutting(paths, plan, node, cut)])
}

/// Joins a node again. One that was not cut off is no error.
pub(crate) fn mend(paths: &Paths, plan: AddressPlan, node: u8) -> Result<()> {
    run_all(&[
        words(&format!("ip link set {} up", plan.cable(node))),
        script_in(&paths.network_namespace(node), &[EMPTY, CHAIN]),
    ])
}

fn cutting(paths: &Paths, plan: AddressPlan, node: u8, cut: Cut) -> Words {
    match cut {
        Cut::Everything => words(&format!("ip link set {} down", plan.cable(node))),
        Cut::ControlPlane => script_in(&paths.network_namespace(node), &[FILL, CHAIN, &rules(plan)]),
    }
}

/// Nothing but database and registry passes to or from the machine's address, where the control plane is. What it
/// sent is dropped too: a request on a connection that is open already would be done though nobody hears of it.
fn rules(plan: AddressPlan) -> String {
    let machine = plan.machine();
    let ports = format!("{REGISTRY_PORT},{POSTGRES_PORT}");
    format!(
        "*mangle
:{CHAIN} - [0:0]
-A {CHAIN} -s {machine} -p tcp -m multiport --sports {ports} -j RETURN
-A {CHAIN} -d {machine} -p tcp -m multiport --dports {ports} -j RETURN
-A {CHAIN} -s {machine} -j DROP
-A {CHAIN} -d {machine} -j DROP
COMMIT
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cut: Cut) -> String {
        cutting(&Paths::new("dev").unwrap(), AddressPlan::new(1), 2, cut).join(" ")
    }

    #[test]
    fn a_cut_from_everything_takes_the_cable_down() {
        assert_eq!(line(Cut::Everything), "ip link set mx1n2 down");
    }

    #[test]
    fn a_cut_from_the_control_plane_is_made_in_the_nodes_own_namespace() {
        assert!(line(Cut::ControlPlane).starts_with("nsenter --net=/run/netns/mx-dev-node2 sh -c"));
    }

    #[test]
    fn database_and_registry_are_let_through_before_the_rest_is_dropped() {
        let rules = rules(AddressPlan::new(1));
        let ends: Vec<_> = rules
            .lines()
            .filter_map(|line| line.rsplit_once("-j ").map(|(_, end)| end))
            .collect();
        assert_eq!(ends, ["RETURN", "RETURN", "DROP", "DROP"]);
        assert!(rules.contains("-d 10.89.1.1 -p tcp -m multiport --dports 5000,5432 -j RETURN"));
    }
}
