//! Starts the guard and looks at it from outside.

use crate::runtime::Runtime;
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Far beyond what anything takes; ends a test that would hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a guard is started. The folder holds all it reads and writes.
pub(crate) struct Setup {
    pub(crate) folder: TempDir,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) document: Value,
    /// Whether there is a Secret of a plan with the database's keys.
    planned: bool,
    /// Those keys.
    database: BTreeMap<&'static str, String>,
}

impl Setup {
    /// A guard of a fake runtime whose child is a shell script, run in the folder. A script that waits must end
    /// with the folder (`while [ -e log ]`): a test that fails kills the guard, and nobody would end the script.
    pub(crate) fn new(role: &str, runtime: &Runtime, script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("cd {}; {script}", folder.path().display());
        let variables = [
            ("MENDIX_ROLE", role.to_owned()),
            ("MENDIX_COMMAND", json!(["sh", "-c", script]).to_string()),
            ("M2EE_ADMIN_PASS", "admin-secret".to_owned()),
            ("M2EE_ADMIN_PORT", runtime.admin_port.to_string()),
            ("M2EE_RUNTIME_PORT", runtime.app_port.to_string()),
            (
                "MX_INSTALL_PATH",
                folder.path().join("mendix").display().to_string(),
            ),
            ("PATH", std::env::var("PATH").unwrap()),
        ];
        let document = json!({
            "settings": {"DTAPMode": "P"}, "constants": {"A.B": "constant-secret"}, "logLevels": {},
            "nativeMetrics": false, "terminationGracePeriodSeconds": 60,
        });
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
        Self {
            folder,
            variables,
            document,
            planned: true,
            database: [
                ("database-host", "db:5432".to_owned()),
                ("database-password", "database-secret".to_owned()),
            ]
            .into(),
        }
    }

    /// The same on this database.
    pub(crate) fn with_database(mut self, keys: BTreeMap<&'static str, String>) -> Self {
        self.database = keys;
        self
    }

    /// The same with a variable.
    pub(crate) fn with_variable(mut self, name: &str, value: String) -> Self {
        self.variables.insert(name.to_owned(), value);
        self
    }

    /// The same with a part of the document set.
    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.document[key] = value;
        self
    }

    /// The same with an authority that is trusted.
    pub(crate) fn with_authority(self, certificate: &str) -> Self {
        let folder = self.folder.path().join("configuration");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("authority-0.crt"), certificate).unwrap();
        self.with("authorities", json!(["authority-0.crt"]))
    }

    /// The same with a secret store of these keys, and no Secret of a plan.
    pub(crate) fn with_secret_store(mut self, keys: &[(&str, &str)]) -> Self {
        let folder = self.folder.path().join("secrets");
        fs::create_dir_all(&folder).unwrap();
        for (key, value) in keys {
            fs::write(folder.join(key), value).unwrap();
        }
        self.planned = false;
        self
    }

    /// Starts the guard.
    pub(crate) fn start(self) -> Guard {
        let path = self.folder.path();
        let document = ("configuration/runtime.json".to_owned(), self.document.to_string());
        let keys = self.database.iter().filter(|_| self.planned);
        let keys = keys.map(|(name, value)| (format!("database/{name}"), value.clone()));
        for (name, content) in keys.chain([document]) {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            if !self.document.is_null() {
                fs::write(file, content).unwrap();
            }
        }
        let process = Command::new(env!("CARGO_BIN_EXE_mendix-guard"))
            .args([
                "run",
                "--probe-port",
                "0",
                "--metrics-port",
                "0",
                "--worker-interval",
                "20",
            ])
            .args(flag("--configuration-folder", path, "configuration"))
            .args(flag("--database-folder", path, "database"))
            .args(flag("--file-folder", path, "file"))
            .args(flag("--secret-store-folder", path, "secrets"))
            .args(flag("--termination-log", path, "termination"))
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(File::create(path.join("out")).unwrap())
            .stderr(File::create(path.join("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Guard {
            process,
            folder: self.folder,
        }
    }
}

fn flag(name: &str, folder: &Path, file: &str) -> [PathBuf; 2] {
    [name.into(), folder.join(file)]
}

/// A guard that was started.
pub(crate) struct Guard {
    process: Child,
    pub(crate) folder: TempDir,
}

impl Guard {
    /// A guard that starts a command and keeps its lease. Variable `TEST_PORT`: the port of its status.
    pub(crate) fn keep(folder: TempDir, variables: &BTreeMap<&str, String>, command: &[String]) -> Self {
        let path = folder.path();
        let port = variables.get("TEST_PORT").map_or("0", String::as_str);
        let process = Command::new(env!("CARGO_BIN_EXE_mendix-guard"))
            .args(["keep", "--grace", "60", "--probe-port", port])
            .args(flag("--termination-log", path, "termination"))
            .arg("--")
            .args(command)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(File::create(path.join("out")).unwrap())
            .stderr(File::create(path.join("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { process, folder }
    }

    /// Content of a file in the folder, once there is a whole line.
    pub(crate) async fn line(&self, name: &str) -> String {
        eventually(name, || async {
            self.file(name)
                .lines()
                .next()
                .filter(|_| self.file(name).ends_with('\n'))
                .map(ToOwned::to_owned)
        })
        .await
    }

    /// Content of a file in the folder now.
    pub(crate) fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// Makes a file that a script waits for.
    pub(crate) fn touch(&self, name: &str) {
        fs::write(self.folder.path().join(name), "").unwrap();
    }

    pub(crate) fn id(&self) -> i32 {
        i32::try_from(self.process.id().expect("it runs")).unwrap()
    }

    /// Sends a signal to the guard.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_raw(self.id()).unwrap(), signal).unwrap();
    }

    /// Waits for the end: exit code and termination message.
    pub(crate) async fn end(&mut self) -> (i32, String) {
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        let status = status
            .unwrap_or_else(|_| panic!("the guard did not end:\n{}", self.file("log")))
            .unwrap();
        (status.code().expect("not killed"), self.file("termination"))
    }

    /// Status and body of a probe.
    pub(crate) async fn probe(&self, name: &str) -> (u16, String) {
        get(self.port("probes").await, &format!("/m2ee-sidecar/v1/{name}")).await
    }

    /// The metrics.
    pub(crate) async fn metrics(&self) -> String {
        get(self.port("metrics").await, "/metrics").await.1
    }

    /// The status document.
    pub(crate) async fn status(&self) -> Value {
        serde_json::from_str(&self.probe("status").await.1).unwrap()
    }

    /// Waits until a probe answers with this status; gives the body.
    pub(crate) async fn probe_is(&self, name: &str, status: u16) -> String {
        eventually(&format!("{name} {status}"), || async {
            let (seen, body) = self.probe(name).await;
            (seen == status).then_some(body)
        })
        .await
    }

    /// Waits until the guard is in this state; gives the document.
    pub(crate) async fn state_is(&self, state: &str) -> Value {
        eventually(state, || async {
            let status = self.status().await;
            (status["state"] == state).then_some(status)
        })
        .await
    }

    /// Where probes and status are.
    pub(crate) async fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port("probes").await).into()
    }

    /// The port that the system chose, from the log.
    async fn port(&self, name: &str) -> u16 {
        eventually("listening", || async {
            let log = self.file("log");
            let rest = log.split(&format!("{name}=")).nth(1)?;
            rest.split([' ', '\n']).next()?.parse().ok()
        })
        .await
    }
}

async fn get(port: u16, path: &str) -> (u16, String) {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client
        .get(format!("http://127.0.0.1:{port}{path}").parse().unwrap())
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (
        status,
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap(),
    )
}

/// Whether a process runs; one that has ended and was not taken in does not.
pub(crate) fn runs(process: i32) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .starts_with(['Z', 'X'])
    })
}

/// Parent of a process.
pub(crate) fn parent(process: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
}

/// Asks until there is an answer.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
