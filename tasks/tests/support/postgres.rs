//! A real PostgreSQL: that of `MENDIX_TEST_POSTGRES_URL`, else one of Debian's, or of `MENDIX_TEST_POSTGRES_BIN`, in a
//! temporary folder.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, NoTls};

/// A server that lives as long as this value.
pub struct TestPostgres {
    pub host: String,
    pub port: u16,
    /// Superuser and password.
    pub admin: (String, String),
    own: Option<Own>,
}

struct Own {
    process: Child,
    folder: tempfile::TempDir,
    programs: PathBuf,
    account: (u32, u32),
}

impl Own {
    fn stop(&mut self) {
        let _ = Command::new("kill")
            .args(["-INT", &self.process.id().to_string()])
            .status();
        let _ = self.process.wait();
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        if let Some(own) = &mut self.own {
            own.stop();
        }
    }
}

impl TestPostgres {
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Everything that the server logged, statements included; only of a server of our own.
    pub fn log(&self) -> Option<String> {
        let own = self.own.as_ref()?;
        Some(std::fs::read_to_string(own.folder.path().join("log")).expect("log"))
    }

    /// Gives a server of our own, which is stopped, a certificate.
    pub fn certify(&self, certificate: &str, key: &str) {
        let own = self.own.as_ref().expect("a server of our own");
        let data = own.folder.path().join("data");
        for (name, content) in [("server.crt", certificate), ("server.key", key)] {
            let path = data.join(name);
            std::fs::write(&path, content).expect("written");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("set");
            std::os::unix::fs::chown(path, Some(own.account.0), Some(own.account.1)).expect("owner");
        }
        self.set("ssl = on\n");
    }

    /// Gives a server of our own, which is stopped, these settings and no others.
    pub fn set(&self, settings: &str) {
        let own = self.own.as_ref().expect("a server of our own");
        let file = own.folder.path().join("data/postgresql.auto.conf");
        std::fs::write(file, settings).expect("written");
    }

    /// Ends a server of our own; sessions are cut.
    pub fn stop(&mut self) {
        self.own.as_mut().expect("a server of our own").stop();
    }

    /// Starts it again, with what it had.
    pub async fn start_again(&mut self) {
        let port = self.port;
        let own = self.own.as_mut().expect("a server of our own");
        let folder = own.folder.path();
        own.process = serve(run(&own.programs, own.account, folder, "postgres"), folder, port);
        wait_for(self).await;
    }

    pub async fn admin(&self, database: &str) -> Client {
        self.connect(&self.admin.0, &self.admin.1, database)
            .await
            .expect("administrator")
    }

    pub async fn connect(
        &self,
        user: &str,
        password: &str,
        database: &str,
    ) -> Result<Client, tokio_postgres::Error> {
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .user(user)
            .password(password)
            .dbname(database);
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

/// The server of the tests that run at this moment; the last of them ends it.
static SHARED: Mutex<Weak<TestPostgres>> = Mutex::const_new(Weak::new());

/// Starts or finds a server; says why when there is none.
pub async fn start() -> Option<Arc<TestPostgres>> {
    let mut shared = SHARED.lock().await;
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let server = Arc::new(find().await?);
    *shared = Arc::downgrade(&server);
    Some(server)
}

async fn find() -> Option<TestPostgres> {
    if let Ok(url) = std::env::var("MENDIX_TEST_POSTGRES_URL") {
        return Some(given(&url.parse().expect("MENDIX_TEST_POSTGRES_URL")));
    }
    alone().await
}

/// A server for one test, which may stop it.
pub async fn alone() -> Option<TestPostgres> {
    let Some(programs) = programs() else {
        println!("skipped: no MENDIX_TEST_POSTGRES_URL, and no PostgreSQL under /usr/lib/postgresql");
        return None;
    };
    let Some(account) = account() else {
        println!("skipped: PostgreSQL does not run as root, and there is no user postgres");
        return None;
    };
    let server = launch(&programs, account);
    wait_for(&server).await;
    Some(server)
}

fn given(config: &Config) -> TestPostgres {
    let host = match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        other => panic!("MENDIX_TEST_POSTGRES_URL needs a host, not {other:?}"),
    };
    let password = String::from_utf8(config.get_password().unwrap_or_default().to_vec()).expect("password");
    let port = config.get_ports().first().copied().unwrap_or(5432);
    TestPostgres {
        host,
        port,
        admin: (config.get_user().unwrap_or("postgres").to_owned(), password),
        own: None,
    }
}

fn programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("MENDIX_TEST_POSTGRES_BIN") {
        return Some(folder.into());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .max()?;
    let folder = PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"));
    folder.join("initdb").is_file().then_some(folder)
}

/// User and group to run as: our own, unless we are root.
pub fn account() -> Option<(u32, u32)> {
    let own = std::fs::metadata("/proc/self").expect("/proc");
    if own.uid() != 0 {
        return Some((own.uid(), own.gid()));
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn launch(programs: &Path, account: (u32, u32)) -> TestPostgres {
    let folder = tempfile::tempdir().expect("folder");
    std::os::unix::fs::chown(folder.path(), Some(account.0), Some(account.1)).expect("owner");
    initialise(run(programs, account, folder.path(), "initdb"), folder.path());
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("port")
        .port();
    let process = serve(
        run(programs, account, folder.path(), "postgres"),
        folder.path(),
        port,
    );
    let admin = ("postgres".to_owned(), PASSWORD.to_owned());
    TestPostgres {
        host: "127.0.0.1".to_owned(),
        port,
        admin,
        own: Some(Own {
            process,
            folder,
            programs: programs.to_owned(),
            account,
        }),
    }
}

fn run(programs: &Path, account: (u32, u32), folder: &Path, program: &str) -> Command {
    let mut command = Command::new(programs.join(program));
    command
        .uid(account.0)
        .gid(account.1)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

const PASSWORD: &str = "admin secret";

fn initialise(mut initdb: Command, folder: &Path) {
    std::fs::write(folder.join("password"), PASSWORD).expect("password");
    initdb.args([
        "-D",
        "data",
        "-U",
        "postgres",
        "--pwfile=password",
        "-A",
        "scram-sha-256",
    ]);
    let made = initdb
        .args(["--no-sync", "--no-locale"])
        .output()
        .expect("initdb");
    assert!(
        made.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    std::fs::write(folder.join("data/pg_hba.conf"), HBA).expect("rules");
}

fn serve(mut postgres: Command, folder: &Path, port: u16) -> Child {
    let log = std::fs::File::create(folder.join("log")).expect("log");
    let settings = [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "log_statement=all",
        "log_connections=on",
    ];
    postgres.args(["-D", "data", "-k", "", "-p", &port.to_string()]);
    for setting in settings {
        postgres.args(["-c", setting]);
    }
    postgres
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("postgres")
}

/// Database `tls_only` is open over TLS only, and to members of role `over_tls` all are; apps and administrators get in
/// everywhere else.
const HBA: &str = "hostssl all +over_tls all scram-sha-256\nhost all +over_tls all reject\n\
    hostssl tls_only all all scram-sha-256\nhost postgres,sameuser all all scram-sha-256\n\
    host all postgres,stranger all scram-sha-256\n";

async fn wait_for(server: &TestPostgres) {
    for _ in 0..600 {
        if server
            .connect(&server.admin.0, &server.admin.1, "postgres")
            .await
            .is_ok()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("PostgreSQL did not start in 30 s: {:?}", server.log());
}
