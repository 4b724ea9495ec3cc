//! Base images from mirrors. Two real registries: `origin`, which is pushed to as well, and `mirror`.

use crate::support::base::{onto_base, push_base, push_base_as};
use crate::support::command::task;
use crate::support::package::write_package;
use crate::support::registry::{TestRegistry, start};
use crate::support::server::TestServer;
use crate::support::vendor::{Vendor, challenge};
use mendix_tasks::build::{BuildError, Options, build_from_file};
use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;
use std::process::ExitCode;
use std::sync::Arc;

async fn two() -> Option<(TestRegistry, TestRegistry)> {
    let (origin, mirror) = (start().await?, start().await?);
    if origin.host == mirror.host {
        println!("skipped: one registry given, two needed");
        return None;
    }
    Some((origin, mirror))
}

/// A client for both, with these credentials.
fn client(hosts: [&str; 2], credentials: Credentials) -> Registry {
    let options = RegistryOptions {
        plain_http: hosts.map(str::to_owned).to_vec(),
        credentials,
    };
    let once = mendix_tasks::patience::Patience {
        retries: 0,
        ..mendix_tasks::patience::Patience::default()
    };
    Registry::new(options).expect("client").with_patience(once)
}

async fn build(client: &Registry, origin: &str, mirrors: &str) -> Result<String, BuildError> {
    let folder = tempfile::tempdir().expect("folder");
    let package = write_package(folder.path());
    let options = Options {
        mirrors: mirrors.parse().expect("mirrors"),
        ..Options::default()
    };
    let target = onto_base(origin);
    let built = build_from_file(&package, &target, client, &options, Arc::new(NoProgress)).await?;
    Ok(built.image)
}

fn layer() -> Vec<Layer> {
    vec![write_layer([Entry::bytes("opt/base", 0o664, "base")]).expect("layer")]
}

#[tokio::test]
async fn a_base_comes_from_the_mirror_and_keeps_its_name() {
    let Some((origin, mirror)) = two().await else {
        return;
    };
    let client = client([&origin.host, &mirror.host], Credentials::default());
    // The origin has no base at all, so the layers come from the mirror as well.
    push_base_as(&client, &format!("{}/hub/base:1", mirror.host), "/run", layer()).await;
    let mirrors = format!("{0}={1}/other,{0}={1}/hub", origin.host, mirror.host);
    let mirrored = build(&client, &origin.host, &mirrors).await.expect("built");
    let image = parse_reference(&mirrored).expect("image");
    let found = inspect(&client, &image, &Platform::current())
        .await
        .expect("image");
    assert_eq!(
        found.labels["org.opencontainers.image.base.name"],
        format!("{}/base:1", origin.host)
    );
    // Where the base came from is not to be seen.
    push_base(&origin, layer()).await;
    assert_eq!(build(&client, &origin.host, "").await.expect("built"), mirrored);
}

#[tokio::test]
async fn what_a_mirror_does_not_have_comes_from_its_own_registry() {
    let Some((origin, mirror)) = two().await else {
        return;
    };
    let client = client([&origin.host, &mirror.host], Credentials::default());
    push_base(&origin, layer()).await;
    let nobody = "127.0.0.1:1";
    for place in [mirror.host.as_str(), nobody] {
        let mirrors = format!("{}={place}", origin.host);
        build(&client, &origin.host, &mirrors).await.expect("built");
    }
}

#[tokio::test]
async fn an_image_that_nobody_has_is_named_as_its_own_registry_names_it() {
    let Some((origin, mirror)) = two().await else {
        return;
    };
    let client = client([&origin.host, &mirror.host], Credentials::default());
    let mirrors = format!("{}={}", origin.host, mirror.host);
    let error = build(&client, &origin.host, &mirrors)
        .await
        .expect_err("no base")
        .to_string();
    assert!(
        error.starts_with(&format!(
            "failed to find image {}/base:1 in its registry",
            origin.host
        )),
        "{error}"
    );
}

/// The base's own registry is not there at all, and the mirror has no TLS.
#[tokio::test]
async fn a_build_pod_is_told_of_mirrors() {
    let Some((origin, mirror)) = two().await else {
        return;
    };
    push_base(&mirror, layer()).await;
    let folder = tempfile::tempdir().expect("folder");
    let package = std::fs::read(write_package(folder.path())).expect("package");
    let packages = TestServer::packages(package).await;
    let (source, push) = (packages.url("/good.mda"), format!("{}/shop:1", origin.host));
    let arguments = [
        "build",
        "--source-url",
        &source,
        "--base-image",
        "registry.test/base:1",
        "--push-image",
        &push,
        "--registry-insecure",
        "true",
        "--registry-mirrors",
        &format!("registry.test=http://{}", mirror.host),
    ];
    let (code, message) = task(&arguments).await;
    assert_eq!(code, ExitCode::SUCCESS, "{message}");
}

/// Each wants a login of its own, and is shown no other.
#[tokio::test]
async fn the_login_of_one_is_not_shown_to_the_other() {
    let Some((origin, mirror)) = two().await else {
        return;
    };
    let closed = |registry, password: &'static str| async move {
        Vendor::before(registry, move |asked| {
            let known = asked.is_login("builder", password);
            (!known).then(|| challenge("Basic realm=\"registry\""))
        })
        .await
    };
    let (first, second) = (closed(&origin, "origin").await, closed(&mirror, "mirror").await);
    let folder = tempfile::tempdir().expect("folder");
    let entry =
        |host: &str, password| format!(r#""{host}": {{"username": "builder", "password": "{password}"}}"#);
    let logins = [
        entry(&first.server.host, "origin"),
        entry(&second.server.host, "mirror"),
    ];
    let config = format!(r#"{{"auths": {{{}}}}}"#, logins.join(","));
    std::fs::write(folder.path().join("config.json"), config).expect("config");
    let credentials = Credentials::from_folder(folder.path()).expect("credentials");
    let client = client([&first.server.host, &second.server.host], credentials);
    push_base_as(
        &client,
        &format!("{}/base:1", second.server.host),
        "/run",
        layer(),
    )
    .await;
    let mirrors = format!("{}={}", first.server.host, second.server.host);
    build(&client, &first.server.host, &mirrors).await.expect("built");
    for (vendor, other) in [(&first, "mirror"), (&second, "origin")] {
        let asked = vendor.asked();
        assert!(!asked.is_empty() && !asked.iter().any(|asked| asked.is_login("builder", other)));
    }
}
