//! One process of the double and a client that knows nothing but the wire: raw JSON over HTTP.

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::wait;

pub(crate) const PASSWORD: &str = "a password with ü";

/// A running double. Killed when dropped.
pub(crate) struct Double {
    pub(crate) child: Child,
    pub(crate) admin: String,
    lines: Lines<BufReader<ChildStdout>>,
    /// The lines that were read so far.
    log: Vec<String>,
    http: Client,
    _app: TempDir,
}

/// A client on which nothing hangs for ever. The provider of cryptography is wanted even where nothing is encrypted.
pub(crate) fn http() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().timeout(Duration::from_mins(1)).build().unwrap()
}

/// A port that another process has, as long as the listener lives.
pub(crate) fn taken_port() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    (listener, port)
}

/// An app folder with a package.
pub(crate) fn app(metadata: &Value, options: &Value) -> TempDir {
    let app = tempfile::tempdir().unwrap();
    std::fs::create_dir(app.path().join("model")).unwrap();
    std::fs::write(app.path().join("model/metadata.json"), metadata.to_string()).unwrap();
    if !options.is_null() {
        std::fs::write(app.path().join("model/double.json"), options.to_string()).unwrap();
    }
    app
}

fn link(image: &TempDir, script: &str) {
    symlink(env!("CARGO_BIN_EXE_runtime-double"), image.path().join(script)).unwrap();
}

pub(crate) fn metadata() -> Value {
    json!({"RuntimeVersion": "10.6.1", "ProjectName": "sample", "ModelVersion": "1.2.3", "AdminUser": "MxAdmin",
        "Constants": [{"Name": "Main.Limit", "Type": "Integer", "DefaultValue": "3"}],
        "ScheduledEvents": [{"Name": "Main.Nightly"}, {"Name": "Main.Hourly"}]})
}

/// The launcher, with ports that the kernel chooses.
pub(crate) fn command(app: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runtime-double"));
    command
        .arg(app.path())
        .env("M2EE_ADMIN_PORT", "0")
        .env("M2EE_ADMIN_PASS", PASSWORD)
        .env("M2EE_RUNTIME_PORT", "0")
        .env("M2EE_RUNTIME_LISTEN_ADDRESSES", "127.0.0.1")
        .env_remove("M2EE_ADMIN_LISTEN_ADDRESSES")
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Double {
    pub(crate) async fn launch(options: Value) -> Self {
        Self::launch_app(app(&metadata(), &options)).await
    }

    pub(crate) async fn launch_app(app: TempDir) -> Self {
        let child = command(&app).spawn().unwrap();
        Self::follow(child, app).await
    }

    pub(crate) async fn follow(child: Child, app: TempDir) -> Self {
        let mut double = Self::of(child, app);
        double.admin = double.address("the admin port listens on").await;
        double
    }

    /// A process without an admin port.
    fn of(mut child: Child, app: TempDir) -> Self {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let http = http();
        Self {
            child,
            admin: String::new(),
            lines,
            log: Vec::new(),
            http,
            _app: app,
        }
    }

    /// As docker-mendix-buildpack has it: the package around the start script, which is the double itself.
    pub(crate) fn buildpack(options: &Value, variables: &[(&str, &str)]) -> Self {
        let image = app(&metadata(), options);
        link(&image, "startup");
        Self::start_itself(image, "startup", variables)
    }

    /// As a portable package has it: the app beside the folder of the start script.
    pub(crate) fn portable(options: &Value, variables: &[(&str, &str)]) -> Self {
        let image = tempfile::tempdir().unwrap();
        let package = app(&metadata(), options);
        std::fs::rename(package.path(), image.path().join("app")).unwrap();
        std::fs::create_dir(image.path().join("bin")).unwrap();
        link(&image, "bin/start");
        Self::start_itself(image, "bin/start", variables)
    }

    /// A process with an image's folder that knows its variables and nothing else.
    fn start_itself(image: TempDir, script: &str, variables: &[(&str, &str)]) -> Self {
        let child = Command::new(image.path().join(script))
            .env_clear()
            .envs([("PORT", "0"), ("M2EE_RUNTIME_PORT", "0")])
            .env("M2EE_RUNTIME_LISTEN_ADDRESSES", "127.0.0.1")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self::of(child, image)
    }

    /// What the start page says once the app runs.
    pub(crate) async fn page(&mut self) -> Value {
        let url = self.app_port().await;
        self.get_json(&url).await
    }

    /// The first log line with a text; waits for it when it is not there yet.
    pub(crate) async fn line(&mut self, text: &str) -> String {
        if let Some(line) = self.log.iter().find(|line| line.contains(text)) {
            return line.clone();
        }
        let read = async {
            loop {
                let line = self.lines.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("the log ended without: {text}"));
                self.log.push(line.clone());
                if line.contains(text) {
                    return line;
                }
            }
        };
        let line = tokio::time::timeout(wait::LIMIT, read).await;
        line.unwrap_or_else(|_| {
            panic!(
                "waited in vain for the log line: {text}; the log: {:#?}",
                self.log
            )
        })
    }

    async fn address(&mut self, text: &str) -> String {
        let line = self.line(text).await;
        format!("http://{}", line.rsplit(' ').next().unwrap())
    }

    /// The app port's address, once the log tells it.
    pub(crate) async fn app_port(&mut self) -> String {
        self.address("the app port listens on").await
    }

    pub(crate) async fn post(&self, headers: &[(&str, String)], body: String) -> Response {
        self.request(headers, body).send().await.unwrap()
    }

    pub(crate) fn request(&self, headers: &[(&str, String)], body: String) -> RequestBuilder {
        let request = self.http.post(&self.admin).body(body);
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, value))
    }

    /// A proper request to a process that may end before it answers.
    pub(crate) async fn try_act(&self, action: &str) -> reqwest::Result<Response> {
        self.request(&proper_headers(), json!({ "action": action }).to_string())
            .send()
            .await
    }

    /// A request as a proper client sends it; the whole answer.
    pub(crate) async fn raw(&self, body: &str) -> Value {
        let response = self.post(&proper_headers(), body.to_owned()).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn act(&self, action: &str, params: Value) -> Value {
        self.raw(&json!({"action": action, "params": params}).to_string())
            .await
    }

    pub(crate) async fn result(&self, action: &str, params: Value) -> i64 {
        let answer = self.act(action, params).await;
        answer["result"]
            .as_i64()
            .unwrap_or_else(|| panic!("no result in {answer}"))
    }

    pub(crate) async fn status(&self) -> String {
        let answer = self.raw(r#"{"action": "runtime_status"}"#).await;
        answer["feedback"]["status"].as_str().unwrap().to_owned()
    }

    /// Configures the double with a database and asks it to start; the result of `start`.
    pub(crate) async fn configure_and_start(&self, changes: &Value) -> i64 {
        assert_eq!(self.result("update_configuration", settings(changes)).await, 0);
        self.result("start", json!({"autocreatedb": true})).await
    }

    /// As a leader's sequence has it: on 3 the DDL commands, then `start` again.
    pub(crate) async fn lead(&self, changes: &Value) {
        if self.configure_and_start(changes).await == 3 {
            assert_eq!(self.result("execute_ddl_commands", json!({})).await, 0);
            assert_eq!(self.result("start", json!({})).await, 0);
        }
        assert_eq!(self.status().await, "running");
    }

    pub(crate) async fn get(&self, url: &str, accept: &str) -> Response {
        self.http.get(url).header("Accept", accept).send().await.unwrap()
    }

    pub(crate) async fn get_json(&self, url: &str) -> Value {
        self.get(url, "application/json").await.json().await.unwrap()
    }

    /// Waits until the process has noticed what runs beside it: that takes the other one's next sign of life.
    pub(crate) async fn until_corrupted(&mut self) {
        let url = self.app_port().await;
        let corrupted = async || self.is_corrupted(&url).await;
        wait::until("corrupted", corrupted, |corrupted| *corrupted).await;
    }

    /// What the app port says of the register, in the header and in the body.
    pub(crate) async fn is_corrupted(&self, url: &str) -> bool {
        let response = self.get(url, "application/json").await;
        assert_eq!(response.status(), 200);
        let mark = response.headers()["x-runtime-double"] == "corrupted";
        let page: Value = response.json().await.unwrap();
        assert_eq!(page["corrupted"], mark);
        mark
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Waits for the end; the exit code.
    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(wait::LIMIT, self.child.wait()).await;
        ended.expect("the process to end").unwrap().code()
    }
}

pub(crate) fn proper_headers() -> Vec<(&'static str, String)> {
    vec![
        ("Content-Type", "application/json".to_owned()),
        ("X-M2EE-Authentication", STANDARD.encode(PASSWORD)),
    ]
}

/// A complete configuration without a database, with changes.
pub(crate) fn settings(changes: &Value) -> Value {
    let mut settings = json!({"DTAPMode": "P", "BasePath": "/opt/mendix/app", "RuntimePath": "/opt/mendix/runtime",
        "DatabaseType": "HSQLDB", "MicroflowConstants": {"Main.Limit": "3"}});
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}
