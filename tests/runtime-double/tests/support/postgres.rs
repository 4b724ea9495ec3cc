//! A real PostgreSQL: the one that `MENDIX_TEST_POSTGRES_URL` names, else one of the Debian package's, for this test.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config};

use super::wait;
use mendix_runtime_double::database;
use mendix_runtime_double::register::{self, Summary};

const USER: &str = "mendix";
const PASSWORD: &str = "only-for-this-test";

/// A server with one new database of its own.
pub(crate) struct Postgres {
    pub(crate) config: Config,
    _server: Option<Arc<Server>>,
}

/// A server of the Debian package, ended when dropped. Tests that run at once share it: making one takes seconds.
struct Server {
    config: Config,
    process: Child,
    _folder: TempDir,
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // SIGQUIT: the server ends its children too and saves nothing.
            let _ = kill_process(pid, Signal::QUIT);
        }
        let _ = self.process.wait();
    }
}

/// A new database to test with, or nothing and a sentence why not.
pub(crate) async fn database() -> Option<Postgres> {
    let Some((server, maintenance)) = server() else {
        println!("skipped: set MENDIX_TEST_POSTGRES_URL, or install the Debian package postgresql");
        return None;
    };
    let connect = async || database::connect(&maintenance).await;
    let client = wait::until("PostgreSQL", connect, Result::is_ok).await.unwrap();
    let mut config = maintenance.clone();
    config.dbname(format!("double_{:016x}", rand::random::<u64>()));
    let create = format!("CREATE DATABASE {}", config.get_dbname().unwrap());
    client.batch_execute(&create).await.unwrap();
    Some(Postgres {
        config,
        _server: server,
    })
}

impl Postgres {
    pub(crate) async fn client(&self) -> Client {
        database::connect(&self.config).await.unwrap()
    }

    /// The settings of `update_configuration` that name this database.
    pub(crate) fn settings(&self) -> Value {
        let Host::Tcp(host) = &self.config.get_hosts()[0] else {
            panic!("not a TCP server")
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        json!({
            "DatabaseType": "PostgreSQL",
            "DatabaseHost": format!("{host}:{port}"),
            "DatabaseName": self.config.get_dbname(),
            "DatabaseUserName": self.config.get_user(),
            "DatabasePassword": String::from_utf8(self.config.get_password().unwrap_or_default().to_vec()).unwrap(),
        })
    }

    /// The database as one address. The login is of this test and needs no encoding.
    pub(crate) fn url(&self) -> String {
        let settings = self.settings();
        let of = |name: &str| settings[name].as_str().unwrap().to_owned();
        let (user, password) = (of("DatabaseUserName"), of("DatabasePassword"));
        let (host, name) = (of("DatabaseHost"), of("DatabaseName"));
        format!("postgresql://{user}:{password}@{host}/{name}")
    }

    pub(crate) fn with(&self, name: &str, value: &str) -> Value {
        let mut settings = self.settings();
        settings[name] = json!(value);
        settings
    }

    pub(crate) fn worker(&self) -> Value {
        self.with("com.mendix.core.isClusterSlave", "true")
    }

    pub(crate) async fn summary(&self) -> Summary {
        register::summary(&self.client().await).await.unwrap()
    }

    /// The roles of those that updated the schema, in order.
    pub(crate) async fn schema_changes(&self) -> Vec<String> {
        let statement = "SELECT role FROM runtime_double.schema_change ORDER BY at";
        let rows = self.client().await.query(statement, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Waits for another few heartbeats of the youngest process, so that a late alarm would be there.
    pub(crate) async fn later_heartbeats(&self) {
        let client = self.client().await;
        let age = "SELECT extract(epoch FROM heartbeat_at - started_at)::float8 FROM runtime_double.process
            ORDER BY started_at DESC LIMIT 1";
        let age = async || client.query_one(age, &[]).await.unwrap().get::<_, f64>(0);
        wait::until("later heartbeats", age, |age| *age > 0.3).await;
    }

    /// Waits until the register says what is wanted.
    pub(crate) async fn until(&self, what: &str, done: impl Fn(&Summary) -> bool) -> Summary {
        let client = self.client().await;
        wait::until(what, async || register::summary(&client).await.unwrap(), done).await
    }
}

/// The server and how to reach its maintenance database.
fn server() -> Option<(Option<Arc<Server>>, Config)> {
    if let Ok(url) = std::env::var("MENDIX_TEST_POSTGRES_URL") {
        return Some((None, parse(&url)));
    }
    let server = shared(&binaries()?);
    let config = server.config.clone();
    Some((Some(server), config))
}

fn parse(url: &str) -> Config {
    url.parse().expect("MENDIX_TEST_POSTGRES_URL to be a URL")
}

fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    folders
        .filter(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .max()
}

fn shared(binaries: &Path) -> Arc<Server> {
    let mut shared = SHARED.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(start(binaries));
        *shared = Arc::downgrade(&server);
        server
    })
}

fn start(binaries: &Path) -> Server {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
    give_away(folder.path());
    let data = folder.path().join("data");
    let status = unprivileged(&binaries.join("initdb"))
        .args([
            "--no-sync",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--username",
            USER,
        ])
        .arg("--pwfile")
        .arg(folder.path().join("password"))
        .arg(&data)
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "initdb failed");
    let port = free_port();
    let process = unprivileged(&binaries.join("postgres"))
        .args([
            "-c",
            "fsync=off",
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ])
        .args(["-p", &port.to_string(), "-D"])
        .arg(&data)
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user(USER)
        .password(PASSWORD)
        .dbname("postgres");
    Server {
        config,
        process,
        _folder: folder,
    }
}

/// The server refuses to run as root; then it runs as the package's own user.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null());
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command
}

fn give_away(folder: &Path) {
    if let Some((user, group)) = server_user() {
        for path in [folder.to_owned(), folder.join("password")] {
            chown(&path, Some(user), Some(group)).unwrap();
        }
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// User and group of `postgres` when the tests run as root.
fn server_user() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields: Vec<&str> = users
        .lines()
        .find(|line| line.starts_with("postgres:"))?
        .split(':')
        .collect();
    Some((fields[2].parse().ok()?, fields[3].parse().ok()?))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
