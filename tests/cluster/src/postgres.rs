//! The PostgreSQL server of a cluster, with data of its own. It keeps nothing safe: the cluster does not outlive the
//! machine.

use crate::{
    addresses::{AddressPlan, POSTGRES_PORT},
    certificates::write_secret,
    command::{command, run},
    containerd::write,
    daemon::Daemon,
    debian::postgres_folder,
    paths::Paths,
};
use anyhow::{Context as _, Result};
use std::{fs, path::PathBuf};

pub(crate) const POSTGRES: &str = "postgres";

/// Runs what follows as the user that Debian's package makes: the server refuses to be root.
const AS_POSTGRES: [&str; 6] = [
    "setpriv",
    "--reuid=postgres",
    "--regid=postgres",
    "--init-groups",
    "--reset-env",
    "--",
];

pub(crate) fn postgres(paths: &Paths, plan: AddressPlan) -> Result<Daemon> {
    let folder = postgres_folder()?;
    let words = AS_POSTGRES.iter().map(|word| (*word).to_owned());
    let server = [
        folder.join("postgres").display().to_string(),
        "-D".into(),
        data(paths).display().to_string(),
    ];
    let settings = settings(plan)
        .into_iter()
        .flat_map(|setting| ["-c".to_owned(), setting]);
    Ok(Daemon::new(
        POSTGRES,
        words.chain(server).chain(settings).collect(),
    ))
}

/// Makes the server's data, and the password of its superuser, which is kept for root alone.
pub(crate) fn create(paths: &Paths) -> Result<()> {
    let password = password();
    write_secret(&paths.postgres_password(), password.as_bytes())?;
    let data = data(paths);
    fs::create_dir_all(&data).with_context(|| format!("failed to create {}", data.display()))?;
    let given = data.with_file_name("postgres-initial");
    write_secret(&given, password.as_bytes())?;
    run(&mut command(&[
        "chown",
        "postgres:",
        &data.display().to_string(),
        &given.display().to_string(),
    ]))?;
    let made = run(&mut command(&initialise(paths, &given)?));
    let _ = fs::remove_file(&given);
    made?;
    write(&data.join("pg_hba.conf"), ACCESS)
}

/// Everybody needs the password, from everywhere.
const ACCESS: &str = "host all all all scram-sha-256\n";

fn initialise(paths: &Paths, password_file: &std::path::Path) -> Result<Vec<String>> {
    let program = postgres_folder()?.join("initdb").display().to_string();
    let arguments = [
        format!("--pgdata={}", data(paths).display()),
        "--username=postgres".into(),
        format!("--pwfile={}", password_file.display()),
        "--auth=scram-sha-256".into(),
        "--encoding=UTF8".into(),
        "--locale=C.UTF-8".into(),
        "--no-sync".into(),
        "--no-instructions".into(),
    ];
    Ok(AS_POSTGRES
        .iter()
        .map(|word| (*word).to_owned())
        .chain([program])
        .chain(arguments)
        .collect())
}

fn settings(plan: AddressPlan) -> Vec<String> {
    vec![
        format!("listen_addresses={}", plan.machine()),
        format!("port={POSTGRES_PORT}"),
        "unix_socket_directories=".into(),
        "max_connections=300".into(),
        "fsync=off".into(),
        "full_page_writes=off".into(),
        "synchronous_commit=off".into(),
        "shared_buffers=64MB".into(),
    ]
}

/// URL of the superuser, with the password in it.
pub(crate) fn url(paths: &Paths, plan: AddressPlan) -> Result<String> {
    let file = paths.postgres_password();
    let password = fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
    Ok(format!(
        "postgres://postgres:{password}@{}:{POSTGRES_PORT}/postgres",
        plan.machine()
    ))
}

/// Whether the server takes connections.
pub(crate) fn is_ready(plan: AddressPlan) -> bool {
    let host = format!("--host={}", plan.machine());
    let port = format!("--port={POSTGRES_PORT}");
    postgres_folder().is_ok_and(|folder| {
        let program = folder.join("pg_isready").display().to_string();
        run(&mut command(&[
            program.as_str(),
            "--quiet",
            port.as_str(),
            host.as_str(),
        ]))
        .is_ok()
    })
}

fn data(paths: &Paths) -> PathBuf {
    paths.state().join("postgres")
}

fn password() -> String {
    rand::random::<[u8; 16]>()
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_listens_on_its_clusters_address_alone() {
        let settings = settings(AddressPlan::new(2));
        assert!(settings.contains(&"listen_addresses=10.89.2.1".to_owned()));
        assert!(settings.contains(&"max_connections=300".to_owned()));
    }

    #[test]
    fn passwords_are_long_and_never_the_same() {
        assert_eq!(password().len(), 32);
        assert_ne!(password(), password());
    }

    #[test]
    fn nobody_is_let_in_without_a_password() {
        assert!(ACCESS.lines().all(|line| line.ends_with("scram-sha-256")));
    }
}
