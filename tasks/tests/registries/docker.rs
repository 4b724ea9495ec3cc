//! Logins of Docker's configuration: helpers, pull secrets, tokens. A registry wants name and password.

use crate::client::build;
use crate::support::again::{as_client, is_client};
use crate::support::base::push_base;
use crate::support::registry::{TestRegistry, start};
use crate::support::vendor::{Vendor, challenge};
use mendix_tasks::image::Credentials;
use rstest::rstest;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const ANSWER: &str = r#"{"ServerURL": "x", "Username": "builder", "Secret": "hunter2"}"#;

/// A registry that wants a login.
async fn closed(registry: &TestRegistry) -> Vendor {
    push_base(registry, Vec::new()).await;
    Vendor::before(registry, |asked| {
        let known = asked.is_login("builder", "hunter2");
        (!known).then(|| challenge("Basic realm=\"registry\""))
    })
    .await
}

/// The client: as a pod, with the folder and the registry that the variables name.
async fn client() {
    let text = |name: &str| std::env::var(name).expect("variable");
    let credentials = Credentials::from_folder(Path::new(&text("FOLDER")));
    match credentials {
        Ok(credentials) => build(&text("HOST"), credentials).await,
        Err(error) => panic!("{error}"),
    }
}

/// A folder with these files, which is in the path, and its name.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("mode");
    }
    let name = folder.path().to_str().expect("name").to_owned();
    (folder, name)
}

async fn run(test: &str, host: &str, files: &[(&str, &str)]) -> (bool, String) {
    let (_folder, name) = folder(files);
    let path = format!("{name}:{}", std::env::var("PATH").unwrap_or_default());
    let variables = [("FOLDER", name.as_str()), ("HOST", host), ("PATH", path.as_str())];
    let (built, printed) = as_client(test, &variables).await;
    assert!(!printed.contains("hunter2"));
    (built, printed)
}

#[tokio::test]
async fn a_helper_is_asked() {
    if is_client() {
        return client().await;
    }
    let Some(registry) = start().await else { return };
    let vendor = closed(&registry).await;
    let host = vendor.server.host.as_str();
    let own = format!(r#"{{"credHelpers": {{"{host}": "test"}}}}"#);
    let all = r#"{"credsStore": "test"}"#.to_owned();
    // Answers for this registry alone, and for the one word alone.
    let program = format!(
        "#!/bin/sh\nread -r server\n[ \"$1 $server\" = \"get {host}\" ] || {{ echo no; exit 1; }}\necho '{ANSWER}'\n"
    );
    for config in [own, all] {
        let files = [
            ("config.json", config.as_str()),
            ("docker-credential-test", program.as_str()),
        ];
        let (built, _) = run("docker::a_helper_is_asked", host, &files).await;
        assert!(built, "{config}");
    }
}

#[tokio::test]
async fn a_helper_that_fails_is_named() {
    if is_client() {
        return client().await;
    }
    let Some(registry) = start().await else { return };
    let vendor = closed(&registry).await;
    let host = vendor.server.host.as_str();
    let config = format!(r#"{{"credHelpers": {{"{host}": "test"}}}}"#);
    let nowhere = format!(r#"{{"credHelpers": {{"{host}": "nowhere"}}}}"#);
    let program = |text: &str| format!("#!/bin/sh\n{text}\n");
    for (config, script, part) in [
        (
            &config,
            program("echo hunter2; echo hunter2 >&2; exit 3"),
            "docker-credential-test failed (exit status: 3); run `docker-credential-NAME get` by hand",
        ),
        (
            &config,
            program("echo credentials not found in native keychain; exit 1"),
            "docker-credential-test knows no credentials for it; run",
        ),
        (
            &config,
            program("echo hunter2"),
            "docker-credential-test gave an answer that is not of the form of credential helpers; run",
        ),
        (
            &config,
            program(r#"echo '{"Username": "<token>", "Secret": "hunter2"}'"#),
            "holds an identity token for it, which can be used with Azure Container Registry only; log in",
        ),
        (
            &nowhere,
            program("exit 1"),
            "docker-credential-nowhere cannot be run (No such file or directory (os error 2)); run",
        ),
    ] {
        let files = [
            ("config.json", config.as_str()),
            ("docker-credential-test", script.as_str()),
        ];
        let (built, printed) = run("docker::a_helper_that_fails_is_named", host, &files).await;
        let start = format!("failed to log in to registry {host}: Docker's ");
        assert!(
            !built && printed.contains(&start) && printed.contains(part),
            "{part}"
        );
    }
}

#[tokio::test]
async fn a_store_that_knows_nothing_is_no_failure() {
    if is_client() {
        return client().await;
    }
    let Some(registry) = start().await else { return };
    push_base(&registry, Vec::new()).await;
    let files = [
        ("config.json", r#"{"credsStore": "test"}"#),
        (
            "docker-credential-test",
            "#!/bin/sh\necho credentials not found in native keychain\nexit 1\n",
        ),
    ];
    let test = "docker::a_store_that_knows_nothing_is_no_failure";
    let (built, _) = run(test, &registry.host, &files).await;
    assert!(built);
}

#[rstest]
#[case(
    ".dockerconfigjson",
    r#"{"auths": {"HOST": {"username": "builder", "password": "hunter2"}}}"#,
    None
)]
#[case(
    ".dockercfg",
    r#"{"http://HOST/v1/": {"username": "builder", "password": "hunter2"}}"#,
    None
)]
#[case(
    ".dockercfg",
    r#"{"other.example": {"username": "builder", "password": "hunter2"}}"#,
    Some("HTTP 401")
)]
#[case(".dockercfg", r#"{"auths": "hunter2""#, Some("not a Docker config.json"))]
#[tokio::test]
async fn a_pull_secret_is_read(#[case] name: &str, #[case] content: &str, #[case] refused: Option<&str>) {
    let Some(registry) = start().await else { return };
    let vendor = closed(&registry).await;
    let (folder, _) = folder(&[(name, &content.replace("HOST", &vendor.server.host))]);
    let result = match Credentials::from_folder(folder.path()) {
        Ok(credentials) => crate::client::try_build(&vendor.server.host, credentials)
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match (result, refused) {
        (Ok(_), None) => {}
        (Err(error), Some(part)) => assert!(error.contains(part) && !error.contains("hunter2"), "{error}"),
        (result, _) => panic!("{result:?}"),
    }
}
