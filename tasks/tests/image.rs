//! Images against a real registry.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;
use support::registry::{TestRegistry, start};

fn spec(target: &str, base: Option<FetchedImage>, file: &str) -> ImageSpec {
    let layer = write_layer([
        Entry::directory("opt/app"),
        Entry::bytes(format!("opt/app/{file}"), 0o664, file),
    ]);
    ImageSpec {
        target: parse_reference(target).expect("target"),
        base,
        layers: vec![layer.expect("layer")],
        config: ConfigChanges {
            labels: [("file".to_owned(), file.to_owned())].into(),
            environment: [("FILE".to_owned(), file.to_owned())].into(),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    }
}

async fn push_base(registry: &TestRegistry, name: &str) -> FetchedImage {
    let client = registry.client();
    let mut base = spec(&format!("{}/{name}", registry.host), None, "base");
    base.config.entrypoint = Some(vec!["/java".into()]);
    base.config.cmd = Some(vec!["-jar".into()]);
    push_image(&client, &base, &NoProgress).await.expect("push");
    fetch_image(&client, &base.target, &base.platform)
        .await
        .expect("fetch")
}

#[tokio::test]
async fn an_image_on_a_base_has_both_layers_and_both_configurations() {
    let Some(registry) = start().await else { return };
    let client = registry.client();
    let base = push_base(&registry, "base:1").await;
    let image = spec(&format!("{}/app:1", registry.host), Some(base), "top");
    let pushed = push_image(&client, &image, &NoProgress).await.expect("push");

    let found = inspect(&client, &image.target, &Platform::current())
        .await
        .expect("inspect");
    assert_eq!(found.digest, pushed.digest);
    assert_eq!(
        pushed.reference,
        format!("{}/app@{}", registry.host, pushed.digest)
    );
    assert_eq!(
        (found.entrypoint, found.cmd),
        (vec!["/java".to_owned()], vec!["-jar".to_owned()])
    );
    assert_eq!(found.labels.get("file").map(String::as_str), Some("top"));
    let fetched = fetch_image(&client, &image.target, &Platform::current())
        .await
        .expect("fetch");
    assert_eq!(fetched.manifest.layers.len(), 2);
    let unpacked = support::unpack::last_layer(&registry, &image.target).await;
    assert_eq!(unpacked["opt/app/top"].bytes, b"top");
}

#[tokio::test]
async fn the_same_image_has_the_same_digest() {
    let Some(registry) = start().await else { return };
    let client = registry.client();
    let base = push_base(&registry, "base:1").await;
    let mut digests = Vec::new();
    for (tag, file) in [("app:1", "a"), ("app:2", "a"), ("other:1", "a"), ("app:3", "b")] {
        let image = spec(&format!("{}/{tag}", registry.host), Some(base.clone()), file);
        digests.push(
            push_image(&client, &image, &NoProgress)
                .await
                .expect("push")
                .digest,
        );
    }
    assert_eq!((&digests[0], &digests[0]), (&digests[1], &digests[2]));
    assert_ne!(digests[0], digests[3]);
}

#[tokio::test]
async fn a_base_of_another_registry_is_copied() {
    let (Some(first), Some(second)) = (start().await, start().await) else {
        return;
    };
    if first.host == second.host {
        println!("skipped: one registry given, two needed");
        return;
    }
    let base = push_base(&first, "base:1").await;
    let hosts = vec![first.host.clone(), second.host.clone()];
    let options = RegistryOptions {
        plain_http: hosts,
        credentials: Credentials::default(),
    };
    let client = Registry::new(options).expect("client");
    let image = spec(&format!("{}/app:1", second.host), Some(base.clone()), "top");
    push_image(&client, &image, &NoProgress).await.expect("push");
    let there = fetch_image(&second.client(), &image.target, &Platform::current())
        .await
        .expect("fetch");
    assert_eq!(there.manifest.layers[0].digest, base.manifest.layers[0].digest);
}

#[tokio::test]
async fn an_absent_image_is_named() {
    let Some(registry) = start().await else { return };
    let reference = parse_reference(&format!("{}/nothing:7", registry.host)).expect("reference");
    let error = inspect(&registry.client(), &reference, &Platform::current())
        .await
        .expect_err("absent");
    assert!(matches!(error, ImageError::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("nothing:7"), "{error}");
}

#[tokio::test]
async fn plain_http_and_closed_ports_are_told_apart() {
    let Some(registry) = start().await else { return };
    let once = mendix_tasks::patience::Patience {
        retries: 0,
        ..mendix_tasks::patience::Patience::default()
    };
    let strict = Registry::new(RegistryOptions::default())
        .expect("client")
        .with_patience(once);
    let reference = parse_reference(&format!("{}/app:1", registry.host)).expect("reference");
    let error = inspect(&strict, &reference, &Platform::current())
        .await
        .expect_err("plain");
    assert!(matches!(error, ImageError::PlainHttp { .. }), "{error}");

    let reference = parse_reference("127.0.0.1:1/app:1").expect("reference");
    let error = inspect(&strict, &reference, &Platform::current())
        .await
        .expect_err("closed");
    assert!(matches!(error, ImageError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

/// Puts a manifest as other tools would.
async fn put(registry: &TestRegistry, name: &str, media_type: &'static str, manifest: &serde_json::Value) {
    let config = oci_client::client::ClientConfig {
        protocol: oci_client::client::ClientProtocol::HttpsExcept(vec![registry.host.clone()]),
        ..oci_client::client::ClientConfig::default()
    };
    let target = parse_reference(&format!("{}/{name}", registry.host)).expect("name");
    let media_type = reqwest::header::HeaderValue::from_static(media_type);
    let bytes = serde_json::to_vec(manifest).expect("json");
    oci_client::Client::new(config)
        .push_manifest_raw(&target, bytes, media_type)
        .await
        .expect("manifest");
}

#[tokio::test]
async fn of_an_index_the_image_of_the_platform_is_the_base() {
    let Some(registry) = start().await else { return };
    let base = push_base(&registry, "base:amd64").await;
    let other = spec(&format!("{}/base:other", registry.host), None, "other");
    let other = push_image(&registry.client(), &other, &NoProgress)
        .await
        .expect("push");
    let entry = |digest: &str, architecture: &str| {
        serde_json::json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1,
            "platform": {"os": "linux", "architecture": architecture}})
    };
    let media_type = "application/vnd.oci.image.index.v1+json";
    let manifests = [entry(&other.digest, "s390x"), entry(&base.digest, "riscv64")];
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests});
    put(&registry, "base:all", media_type, &index).await;

    let reference = parse_reference(&format!("{}/base:all", registry.host)).expect("reference");
    let client = registry.client();
    let fetched = fetch_image(&client, &reference, &Platform::linux("riscv64"))
        .await
        .expect("fetch");
    assert_eq!(fetched.reference.digest(), Some(base.digest.as_str()));
    assert_eq!(fetched.command(), ["/java", "-jar"]);
    assert_ne!(fetched.digest, base.digest, "the reference led to the index");
    let error = fetch_image(&client, &reference, &Platform::linux("ppc64le"))
        .await
        .expect_err("absent")
        .to_string();
    assert!(
        error.contains("it has linux/s390x, linux/riscv64; use an image for linux/ppc64le"),
        "{error}"
    );
}

#[tokio::test]
async fn a_base_in_the_form_of_docker_becomes_oci() {
    let Some(registry) = start().await else { return };
    let base = push_base(&registry, "base:1").await;
    let mut manifest = serde_json::to_value(&base.manifest).expect("json");
    let media_type = "application/vnd.docker.distribution.manifest.v2+json";
    manifest["mediaType"] = media_type.into();
    manifest["config"]["mediaType"] = "application/vnd.docker.container.image.v1+json".into();
    manifest["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.diff.tar.gzip".into();
    put(&registry, "base:docker", media_type, &manifest).await;

    let client = registry.client();
    let reference = parse_reference(&format!("{}/base:docker", registry.host)).expect("reference");
    let docker = fetch_image(&client, &reference, &Platform::current())
        .await
        .expect("fetch");
    let image = spec(&format!("{}/app:1", registry.host), Some(docker), "top");
    push_image(&client, &image, &NoProgress).await.expect("push");
    let pushed = fetch_image(&client, &image.target, &Platform::current())
        .await
        .expect("fetch");
    let types: Vec<_> = pushed
        .manifest
        .layers
        .iter()
        .map(|layer| layer.media_type.as_str())
        .collect();
    assert_eq!(types, ["application/vnd.oci.image.layer.v1.tar+gzip"; 2]);
}
