//! `PgBouncer` in transaction mode before a PostgreSQL: a session of its clients is none of the server's.

use crate::guard::eventually;
use crate::postgres::TestPostgres;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::net::TcpStream;

const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A pooler that lives as long as this value.
pub(crate) struct Pooler {
    pub(crate) port: u16,
    process: Child,
    _folder: TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Pooler {
    /// One with two sessions on the server for all its clients; says why when there is none.
    pub(crate) async fn start(server: &TestPostgres) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            println!("skipped: install the Debian package pgbouncer");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let settings = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = plain\nauth_file = users\npool_mode = transaction\ndefault_pool_size = 2\n",
            server.host, server.port
        );
        let users = format!("\"{}\" \"{}\"\n", server.admin.0, server.admin.1);
        std::fs::write(folder.path().join("settings"), settings).unwrap();
        std::fs::write(folder.path().join("users"), users).unwrap();
        let mut command = Command::new(PROGRAM);
        command.arg("settings").current_dir(folder.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // It refuses to run as root.
        if let Some((user, group)) = crate::postgres::account() {
            for path in [
                folder.path().to_owned(),
                folder.path().join("settings"),
                folder.path().join("users"),
            ] {
                chown(path, Some(user), Some(group)).unwrap();
            }
            command.uid(user).gid(group);
        }
        let process = command.spawn().unwrap();
        eventually("the pooler listens", || async {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Some(Self {
            port,
            process,
            _folder: folder,
        })
    }
}
