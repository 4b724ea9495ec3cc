//! The cluster's network: a bridge in the machine's own namespace, and one namespace for each node.
//!
//! Nodes know the way to each other's pods themselves, and the machine knows the way to pods and services, so nothing
//! is forwarded in the machine's namespace and neither its firewall nor its `ip_forward` matters.

use crate::{
    addresses::{AddressPlan, NAME_SERVER},
    command::{command, run},
    paths::Paths,
};
use anyhow::Result;

/// A command as words.
pub(crate) type Words = Vec<String>;

/// Makes the bridge.
pub(crate) fn create_bridge(paths: &Paths, plan: AddressPlan) -> Result<()> {
    run_all(&bridge_commands(paths, plan))
}

/// Makes the namespace of `node` and joins it to the bridge and to the nodes before it.
pub(crate) fn create_node(paths: &Paths, plan: AddressPlan, node: u8) -> Result<()> {
    run_all(&node_commands(paths, plan, node))?;
    (1..node).try_for_each(|other| run_all(&neighbour_commands(paths, plan, node, other)))
}

/// Sends the machine's own traffic for services through `node`, whose kube-proxy spreads it.
pub(crate) fn route_services(plan: AddressPlan, node: u8) -> Result<()> {
    run_all(&[service_route(plan, node)])
}

fn bridge_commands(paths: &Paths, plan: AddressPlan) -> Vec<Words> {
    let bridge = plan.bridge();
    vec![
        words(&format!("ip link add {bridge} type bridge")),
        note(&bridge, paths),
        words(&format!("ip addr add {}/24 dev {bridge}", plan.machine())),
        words(&format!("ip link set {bridge} up")),
    ]
}

fn node_commands(paths: &Paths, plan: AddressPlan, node: u8) -> Vec<Words> {
    let namespace = paths.network_namespace(node);
    let (bridge, cable, address) = (plan.bridge(), plan.cable(node), plan.node(node));
    let mut commands = vec![
        words(&format!("ip netns add {namespace}")),
        words(&format!(
            "ip link add {cable} type veth peer name eth0 netns {namespace}"
        )),
        note(&cable, paths),
        words(&format!("ip link set {cable} master {bridge} up")),
        words(&format!("ip -n {namespace} link set lo up")),
        words(&format!("ip -n {namespace} addr add {NAME_SERVER}/32 dev lo")),
        words(&format!("ip -n {namespace} addr add {address}/24 dev eth0")),
        words(&format!("ip -n {namespace} link set eth0 up")),
        words(&format!(
            "ip -n {namespace} route add default via {}",
            plan.machine()
        )),
        words(&format!(
            "ip route replace {} via {address} dev {bridge}",
            plan.node_pod_range(node)
        )),
        kernel_settings(&namespace),
    ];
    if node == 1 {
        commands.push(service_route(plan, node));
    }
    commands
}

fn neighbour_commands(paths: &Paths, plan: AddressPlan, one: u8, other: u8) -> Vec<Words> {
    let route = |from: u8, to: u8| {
        let namespace = paths.network_namespace(from);
        words(&format!(
            "ip -n {namespace} route replace {} via {}",
            plan.node_pod_range(to),
            plan.node(to)
        ))
    };
    vec![route(one, other), route(other, one)]
}

fn service_route(plan: AddressPlan, node: u8) -> Words {
    words(&format!(
        "ip route replace {} via {} dev {}",
        plan.service_range(),
        plan.node(node),
        plan.bridge()
    ))
}

/// A node forwards its pods' packets. It tells nobody of shorter ways: a redirect would lead around its kube-proxy.
fn kernel_settings(namespace: &str) -> Words {
    let script = "echo 1 >/proc/sys/net/ipv4/ip_forward && echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects \
         && echo 0 >/proc/sys/net/ipv4/conf/eth0/send_redirects";
    script_in(namespace, &[script])
}

/// A shell's script and its arguments, run in a network namespace.
pub(crate) fn script_in(namespace: &str, script: &[&str]) -> Words {
    let shell = words(&format!("nsenter --net=/run/netns/{namespace} sh -c"));
    let script = script.iter().map(|word| (*word).to_owned());
    shell.into_iter().chain(script).collect()
}

fn note(link: &str, paths: &Paths) -> Words {
    [
        words(&format!("ip link set dev {link} alias")),
        vec![paths.link_note()],
    ]
    .concat()
}

pub(crate) fn words(line: &str) -> Words {
    line.split_whitespace().map(str::to_owned).collect()
}

pub(crate) fn run_all(commands: &[Words]) -> Result<()> {
    commands
        .iter()
        .try_for_each(|words| run(&mut command(words)).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(commands: &[Words]) -> Vec<String> {
        commands.iter().map(|words| words.join(" ")).collect()
    }

    fn dev() -> (Paths, AddressPlan) {
        (Paths::new("dev").unwrap(), AddressPlan::new(1))
    }

    #[test]
    fn a_node_has_its_own_namespace_address_and_name_server() {
        let (paths, plan) = dev();
        let lines = lines(&node_commands(&paths, plan, 2));
        assert!(lines.contains(&"ip link add mx1n2 type veth peer name eth0 netns mx-dev-node2".to_owned()));
        assert!(lines.contains(&"ip -n mx-dev-node2 addr add 169.254.20.10/32 dev lo".to_owned()));
        assert!(lines.contains(&"ip route replace 10.161.2.0/24 via 10.89.1.12 dev mx1".to_owned()));
        assert!(
            !lines.iter().any(|line| line.contains("10.97.")),
            "only the first node routes services"
        );
    }

    #[test]
    fn neighbours_know_the_way_to_each_other() {
        let (paths, plan) = dev();
        assert_eq!(
            lines(&neighbour_commands(&paths, plan, 2, 1)),
            [
                "ip -n mx-dev-node2 route replace 10.161.1.0/24 via 10.89.1.11",
                "ip -n mx-dev-node1 route replace 10.161.2.0/24 via 10.89.1.12",
            ]
        );
    }

    #[test]
    fn every_link_bears_the_clusters_note() {
        let (paths, plan) = dev();
        let commands = [bridge_commands(&paths, plan), node_commands(&paths, plan, 1)].concat();
        let noted = commands
            .iter()
            .filter(|words| words.contains(&"kubectl-mendix dev".to_owned()))
            .count();
        assert_eq!(noted, 2);
    }
}
