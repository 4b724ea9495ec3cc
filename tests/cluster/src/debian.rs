//! Programs that come from the distribution: found on the machine, or installed where `apt-get` is there.

use crate::{
    command::{command, run},
    progress,
};
use anyhow::{Context as _, Result, bail};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// A Debian package and the files by which one sees that it, or something equal, is installed.
struct Package {
    name: &'static str,
    files: &'static [&'static str],
    /// A service that the package would start, at once and at each boot.
    service: Option<&'static str>,
}

const PACKAGES: &[Package] = &[
    Package {
        name: "runc",
        files: &["runc"],
        service: None,
    },
    Package {
        name: "containernetworking-plugins",
        files: &["/usr/lib/cni/bridge"],
        service: None,
    },
    Package {
        name: "iptables",
        files: &["iptables", "iptables-restore"],
        service: None,
    },
    Package {
        name: "iproute2",
        files: &["ip"],
        service: None,
    },
    Package {
        name: "util-linux",
        files: &["nsenter", "setsid", "setpriv"],
        service: None,
    },
    Package {
        name: "postgresql",
        files: &["/usr/lib/postgresql"],
        service: Some("postgresql"),
    },
    Package {
        name: "pgbouncer",
        files: &["pgbouncer"],
        service: Some("pgbouncer"),
    },
    Package {
        name: "docker-registry",
        files: &["docker-registry"],
        service: Some("docker-registry"),
    },
];

/// What programs of Node.js need, which some tests start.
const NODE: &[Package] = &[
    Package {
        name: "nodejs",
        files: &["node"],
        service: None,
    },
    Package {
        name: "npm",
        files: &["npm"],
        service: None,
    },
];

/// A reverse proxy, which some tests put in front of an app.
const PROXY: &[Package] = &[Package {
    name: "nginx",
    files: &["nginx"],
    service: Some("nginx"),
}];

/// Where programs of the system are looked for.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_MARK: &str = "# Written by kubectl-mendix for the time of an installation.";

/// Installs what is missing of the packages that a cluster needs.
///
/// # Errors
/// When something is missing and `apt-get` is not there or fails.
pub fn install_missing() -> Result<()> {
    install(PACKAGES)
}

/// Installs Node.js where it is missing.
pub(crate) fn install_node() -> Result<()> {
    install(NODE)
}

/// Installs nginx where it is missing.
///
/// # Errors
/// As [`install_missing`].
pub fn install_proxy() -> Result<()> {
    install(PROXY)
}

fn install(packages: &'static [Package]) -> Result<()> {
    let missing = missing(packages, &installed);
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|package| package.name).collect();
    if !installed("apt-get") {
        bail!(
            "failed to install {}: this system has no apt-get; install these, or what gives the same programs",
            names.join(" ")
        );
    }
    progress::line(&format!("installing {}", names.join(" ")));
    let _policy = StartPolicy::forbid()?;
    apt_get(&["update"])?;
    apt_get(&[&["install", "-y", "--no-install-recommends"], names.as_slice()].concat())?;
    missing
        .iter()
        .filter_map(|package| package.service)
        .for_each(disable_service);
    Ok(())
}

/// Folder of PostgreSQL's own programs, of the newest version installed.
pub(crate) fn postgres_folder() -> Result<PathBuf> {
    let versions =
        fs::read_dir("/usr/lib/postgresql").context("failed to find PostgreSQL in /usr/lib/postgresql")?;
    newest(
        versions
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok()),
    )
    .map(|version| Path::new("/usr/lib/postgresql").join(version).join("bin"))
    .context("failed to find PostgreSQL: /usr/lib/postgresql is empty")
}

fn newest(versions: impl Iterator<Item = String>) -> Option<String> {
    versions
        .filter_map(|name| name.parse::<u32>().ok().map(|number| (number, name)))
        .max()
        .map(|(_, name)| name)
}

fn missing<'packages>(
    packages: &'packages [Package],
    installed: &dyn Fn(&str) -> bool,
) -> Vec<&'packages Package> {
    packages
        .iter()
        .filter(|package| !package.files.iter().all(|file| installed(file)))
        .collect()
}

fn installed(file: &str) -> bool {
    if file.starts_with('/') {
        return Path::new(file).exists();
    }
    SYSTEM_PATH
        .split(':')
        .any(|folder| Path::new(folder).join(file).exists())
}

fn apt_get(arguments: &[&str]) -> Result<String> {
    run(Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// The service of a package that we brought must not take our ports at the next boot. A system without
/// `update-rc.d` starts no services, so a failure is none of ours.
fn disable_service(service: &str) {
    let _ = run(&mut command(&["update-rc.d", service, "disable"]));
}

/// While it lives, packages cannot start their services (Debian policy manual 9.3.3, `invoke-rc.d`).
struct StartPolicy {
    written: bool,
}

impl StartPolicy {
    /// Keeps a policy that the machine's owner wrote; one that a killed run of ours left is written again.
    fn forbid() -> Result<Self> {
        let foreign = fs::read_to_string(POLICY).is_ok_and(|text| !text.contains(POLICY_MARK));
        if !foreign {
            let text = format!("#!/bin/sh\n{POLICY_MARK}\nexit 101\n");
            fs::write(POLICY, text).with_context(|| format!("failed to write {POLICY}"))?;
            fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))
                .with_context(|| format!("failed to make {POLICY} executable"))?;
        }
        Ok(Self { written: !foreign })
    }
}

impl Drop for StartPolicy {
    fn drop(&mut self) {
        if self.written {
            let _ = fs::remove_file(POLICY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_missing_when_one_of_its_files_is() {
        let has = |file: &str| file != "setpriv" && file != "runc";
        let names: Vec<_> = missing(PACKAGES, &has)
            .iter()
            .map(|package| package.name)
            .collect();
        assert_eq!(names, ["runc", "util-linux"]);
    }

    #[test]
    fn nothing_is_missing_where_all_is_there() {
        assert!(missing(PACKAGES, &|_| true).is_empty());
    }

    #[test]
    fn the_newest_version_is_by_number() {
        let versions = ["9", "15", "bin"].map(str::to_owned);
        assert_eq!(newest(versions.into_iter()).as_deref(), Some("15"));
    }
}
