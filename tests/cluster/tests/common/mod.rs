//! What is left of a cluster on the machine, found by other means than the library's own.

use std::{fs, path::Path};

/// Everything that is left of cluster `name`; each entry says what it is.
pub(crate) fn leftovers(name: &str) -> Vec<String> {
    [
        processes(name),
        mounts(name),
        links(name),
        namespaces(name),
        groups(name),
        folders(name),
    ]
    .concat()
}

fn roots(name: &str) -> [String; 2] {
    [
        format!("/var/lib/kubectl-mendix/clusters/{name}"),
        format!("/run/kubectl-mendix/{name}"),
    ]
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn processes(name: &str) -> Vec<String> {
    let ids = names("/proc").into_iter().filter(|id| id.parse::<u32>().is_ok());
    let lines = ids.filter_map(|id| fs::read(format!("/proc/{id}/cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    let ours = |line: &String| roots(name).iter().any(|root| line.contains(&format!("{root}/")));
    lines.filter(ours).map(|line| format!("process {line}")).collect()
}

fn mounts(name: &str) -> Vec<String> {
    let table = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let ours = |line: &&str| roots(name).iter().any(|root| line.contains(&format!(" {root}/")));
    table
        .lines()
        .filter(ours)
        .map(|line| format!("mount {line}"))
        .collect()
}

fn links(name: &str) -> Vec<String> {
    let note = format!("kubectl-mendix {name}");
    let noted = |link: &String| {
        fs::read_to_string(format!("/sys/class/net/{link}/ifalias")).is_ok_and(|text| text.trim() == note)
    };
    names("/sys/class/net")
        .into_iter()
        .filter(noted)
        .map(|link| format!("link {link}"))
        .collect()
}

fn namespaces(name: &str) -> Vec<String> {
    let prefix = format!("mx-{name}-node");
    names("/run/netns")
        .into_iter()
        .filter(|found| found.starts_with(&prefix))
        .collect()
}

fn groups(name: &str) -> Vec<String> {
    let group = |folder: &str| format!("/sys/fs/cgroup/{folder}/mx-{name}");
    let first = names("/sys/fs/cgroup")
        .into_iter()
        .map(|controller| group(&controller));
    let all = first.chain([format!("/sys/fs/cgroup/mx-{name}")]);
    all.filter(|group| Path::new(group).exists())
        .map(|group| format!("control group {group}"))
        .collect()
}

fn folders(name: &str) -> Vec<String> {
    roots(name)
        .into_iter()
        .filter(|root| Path::new(root).exists())
        .collect()
}
