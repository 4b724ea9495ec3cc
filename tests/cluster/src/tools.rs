//! Go programs the cluster is made of, built from the pinned modules in `tools/` into a cache.
//!
//! Each family has its own `go.mod`, so that their dependencies cannot fight. A family is built into a temporary
//! folder that is then renamed: a build that was killed leaves nothing that looks finished.

mod families;
mod node;

pub use families::{CLIENT, CLUSTER, FAMILIES, Family, SECRETS_STORE, STORES};
pub use node::node_program;

use crate::{
    command::{run, shown},
    lock::FileLock,
    progress,
};
use anyhow::{Context as _, Result, anyhow, bail};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Built programs by name.
#[derive(Clone, Debug)]
pub struct Tools {
    programs: BTreeMap<String, PathBuf>,
}

impl Tools {
    /// Builds what is missing of the named families. The first build takes about ten minutes on two cores.
    ///
    /// # Errors
    /// When a family is unknown, Go is missing, or a build fails.
    pub fn require(families: &[&str]) -> Result<Self> {
        let cache = cache_root()?.join("tools");
        let mut programs = BTreeMap::new();
        for name in families {
            let family = find(name)?;
            let folder = ensure(family, &cache)?;
            programs.extend(
                family
                    .programs
                    .iter()
                    .map(|(_, file)| ((*file).to_owned(), folder.join(file))),
            );
        }
        Ok(Self { programs })
    }

    /// Path of a built program.
    ///
    /// # Errors
    /// When no required family has it.
    pub fn program(&self, name: &str) -> Result<&Path> {
        self.programs.get(name).map(PathBuf::as_path).ok_or_else(|| {
            anyhow!("failed to find program {name}: none of the required tool families has it")
        })
    }

    /// Links every program into `folder`, so that one entry on `PATH` has them all.
    pub(crate) fn link_into(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
        for (name, program) in &self.programs {
            let link = folder.join(name);
            // Tests start together, and the first of them may be running the program by now.
            if fs::read_link(&link).is_ok_and(|present| present == *program) {
                continue;
            }
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(program, &link)
                .with_context(|| format!("failed to create {}", link.display()))?;
        }
        Ok(())
    }
}

/// `${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-mendix`.
///
/// # Errors
/// When neither variable is set.
pub fn cache_root() -> Result<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("kubectl-mendix"))
        .ok_or_else(|| anyhow!("failed to find a cache folder: set HOME or XDG_CACHE_HOME"))
}

/// The folder where `kubectl-mendix` is put, for [`Cluster::program_folders`](crate::Cluster::program_folders).
///
/// # Errors
/// When there is no cache folder.
pub fn plugin_folder() -> Result<PathBuf> {
    Ok(cache_root()?.join("bin"))
}

/// Folder of a Go module that the one in folder `name` below `tools/` requires, with what is in it beside sources, such
/// as a chart or definitions of resources.
///
/// # Errors
/// When it is not required there, cannot be fetched, or Go is missing.
pub fn module(name: &str, module: &str) -> Result<PathBuf> {
    require_go()?;
    let source = source_folder(name);
    let go = |arguments: &[&str]| {
        let mut go = Command::new("go");
        go.args(arguments).current_dir(&source).env("GOWORK", "off");
        run(&mut go).with_context(|| format!("failed to find {module}"))
    };
    go(&["mod", "download", module])?;
    let folder = go(&["list", "-m", "-f", "{{.Dir}}", module])?;
    Ok(PathBuf::from(folder.trim()))
}

fn find(name: &str) -> Result<&'static Family> {
    FAMILIES
        .iter()
        .find(|family| family.name == name)
        .ok_or_else(|| anyhow!("failed to find tool family {name}: it is not in tools.rs"))
}

fn ensure(family: &Family, cache: &Path) -> Result<PathBuf> {
    let source = source_folder(family.name);
    let key = cache_key(&build_arguments(family, Path::new("")), &source_files(&source)?);
    let target = cache.join(format!("{}-{key}", family.name));
    if target.join("bin").is_dir() {
        return Ok(target.join("bin"));
    }
    let _lock = FileLock::exclusive(&cache.join(format!("{}.lock", family.name)))?;
    if !target.join("bin").is_dir() {
        build(family, &source, &target)?;
    }
    Ok(target.join("bin"))
}

fn source_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tools").join(name)
}

/// Contents of all files by their paths in the folder: a module may have others below it.
fn source_files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let context = || format!("failed to read {}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().with_context(context)?.is_dir() {
            let below = source_files(&entry.path())?;
            files.extend(
                below
                    .into_iter()
                    .map(|(file, content)| (format!("{name}/{file}"), content)),
            );
        } else {
            files.insert(name, fs::read(entry.path()).with_context(context)?);
        }
    }
    Ok(files)
}

/// Names what a build depends on: its arguments, and sources with `go.mod` and `go.sum`.
fn cache_key(arguments: &[String], files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    for argument in arguments {
        field(argument.as_bytes());
    }
    field(std::env::consts::ARCH.as_bytes());
    for (name, content) in files {
        field(name.as_bytes());
        field(content);
    }
    hash.finalize()
        .iter()
        .take(6)
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Arguments of `go`. One program is named by hand, for Go would call etcd `server`; several go into a folder.
fn build_arguments(family: &Family, folder: &Path) -> Vec<String> {
    let output = match family.programs {
        [(_, file)] => folder.join(file).display().to_string(),
        _ => format!("{}/", folder.display()),
    };
    let fixed = ["build", "-trimpath", "-ldflags", family.linker_flags, "-o"].map(str::to_owned);
    let packages = family.programs.iter().map(|(package, _)| (*package).to_owned());
    fixed.into_iter().chain([output]).chain(packages).collect()
}

fn build(family: &Family, source: &Path, target: &Path) -> Result<()> {
    require_go()?;
    progress::line(&format!(
        "building {} (once; the largest takes 5 minutes on two cores)",
        family.name
    ));
    let unfinished = target.with_extension("unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(unfinished.join("bin"))
        .with_context(|| format!("failed to create {}", unfinished.display()))?;
    let mut go = Command::new("go");
    go.args(build_arguments(family, &unfinished.join("bin")))
        .current_dir(source)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off");
    run(&mut go).with_context(|| format!("failed to build {} in {}", family.name, source.display()))?;
    let missing = family
        .programs
        .iter()
        .find(|(_, file)| !unfinished.join("bin").join(file).is_file());
    if let Some((_, file)) = missing {
        bail!("failed to build {}: `{}` made no {file}", family.name, shown(&go));
    }
    fs::rename(&unfinished, target)
        .with_context(|| format!("failed to move the built tools to {}", target.display()))
}

fn require_go() -> Result<()> {
    run(Command::new("go").arg("version"))
        .map(|_| ())
        .context("Go 1.26 or newer must be on PATH to build the cluster's programs: https://go.dev/dl")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(name: &'static str) -> &'static Family {
        find(name).unwrap()
    }

    #[test]
    fn a_single_program_is_named_and_several_go_into_the_folder() {
        let etcd = build_arguments(family("etcd"), Path::new("/t"));
        assert_eq!(etcd[4..], ["-o", "/t/etcd", "go.etcd.io/etcd/server/v3"]);
        let containerd = build_arguments(family("containerd"), Path::new("/t"));
        assert_eq!(containerd[5], "/t/");
        assert_eq!(containerd.len(), 9);
    }

    #[test]
    fn the_key_follows_sources_and_flags() {
        let files = |text: &str| BTreeMap::from([("go.mod".to_owned(), text.as_bytes().to_vec())]);
        let arguments = |name| build_arguments(family(name), Path::new(""));
        let key = cache_key(&arguments("etcd"), &files("a"));
        assert_eq!(key.len(), 12);
        assert_eq!(key, cache_key(&arguments("etcd"), &files("a")));
        assert_ne!(key, cache_key(&arguments("etcd"), &files("b")));
        assert_ne!(key, cache_key(&arguments("crane"), &files("a")));
    }

    #[test]
    fn every_family_has_a_module_and_every_list_names_families() {
        for family in FAMILIES {
            assert!(
                source_folder(family.name).join("go.mod").is_file(),
                "{} has no go.mod",
                family.name
            );
        }
        assert!(
            [CLUSTER, CLIENT, SECRETS_STORE, STORES]
                .concat()
                .iter()
                .all(|name| find(name).is_ok())
        );
    }

    #[test]
    fn a_module_below_another_is_one_of_its_sources() {
        let files = source_files(&source_folder("secrets-store")).unwrap();
        assert!(
            files.contains_key("main.go") && files.contains_key("mlog/mlog.go"),
            "{:?}",
            files.keys()
        );
    }

    #[test]
    fn an_unknown_program_is_an_error() {
        let tools = Tools {
            programs: BTreeMap::new(),
        };
        assert!(
            tools
                .program("kubectl")
                .unwrap_err()
                .to_string()
                .contains("kubectl")
        );
    }
}
