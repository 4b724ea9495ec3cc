//! Builds of good packages against a real registry.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_model::names::{COMMAND_LABEL, MODEL_LABEL, model_of};
use mendix_tasks::build::{Options, Target, build_from_file, build_from_source};
use mendix_tasks::image::*;
use mendix_tasks::progress::{LayerState, NoProgress, Progress, Step};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use support::package::write_package;
use support::registry::{TestRegistry, start};
use support::server::TestServer;
use support::unpack::{Unpacked, layers_on};

async fn push_base(registry: &TestRegistry, name: &str) {
    let base = ImageSpec {
        target: parse_reference(&format!("{}/{name}", registry.host)).expect("base"),
        base: None,
        layers: vec![write_layer([Entry::bytes("opt/mendix/runtime/x", 0o664, name)]).expect("layer")],
        config: ConfigChanges {
            entrypoint: Some(vec!["/opt/mendix/start".into()]),
            cmd: Some(vec!["app".into()]),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    };
    push_image(&registry.client(), &base, &NoProgress)
        .await
        .expect("base");
}

fn target(registry: &TestRegistry, base: &str, push: &str) -> Target {
    Target {
        base: format!("{}/{base}", registry.host),
        push: format!("{}/{push}", registry.host),
        pull_repository: Some(
            format!("nodes.example/{push}")
                .split(':')
                .next()
                .expect("name")
                .to_owned(),
        ),
        previous: None,
        platform: Platform::current(),
    }
}

fn sha256(path: &Path) -> String {
    support::sha256_hex(&std::fs::read(path).expect("package"))
}

/// What the layer should hold: each file of the package, read by another reader of zip files.
fn expected(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).expect("package")).expect("zip");
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("entry");
        if file.is_file() {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("content");
            files.insert(format!("opt/mendix/app/{}", file.name().expect("name")), bytes);
        }
    }
    files
}

fn check_layers(layers: &[BTreeMap<String, Unpacked>], package: &Path) {
    let found = support::unpack::laid_over(layers);
    let found = &found;
    let files: BTreeMap<String, Vec<u8>> = found
        .iter()
        .filter(|(_, entry)| !entry.directory)
        .map(|(path, entry)| (path.clone(), entry.bytes.clone()))
        .collect();
    assert_eq!(files, expected(package));
    for folder in [
        "data/database",
        "data/files",
        "data/model-upload",
        "data/tmp",
        "model",
        "web",
    ] {
        assert!(found[&format!("opt/mendix/app/{folder}")].directory, "{folder}");
    }
    for (path, entry) in found {
        assert_eq!(entry.owner, (1001, 0), "{path}");
        assert_eq!(entry.mode, if entry.directory { 0o775 } else { 0o664 }, "{path}");
    }
}

#[tokio::test]
async fn every_file_of_a_package_is_in_the_image() {
    let Some(registry) = start().await else { return };
    push_base(&registry, "base:10.24.0.73019-21").await;
    let folder = tempfile::tempdir().expect("folder");
    let package = write_package(folder.path());
    let target = target(&registry, "base:{{.MxRuntimeVersion}}-{{.JavaVersion}}", "shop:1");
    let result = build_from_file(
        &package,
        &target,
        &registry.client(),
        &Options::default(),
        Arc::new(NoProgress),
    )
    .await
    .expect("build");

    let reference = parse_reference(&target.push).expect("reference");
    let image = inspect(&registry.client(), &reference, &Platform::current())
        .await
        .expect("inspect");
    assert_eq!(result.image, format!("nodes.example/shop@{}", image.digest));
    assert_eq!(result.model, model_of(&sha256(&package)));
    assert_eq!(result.command, ["/opt/mendix/start", "app"]);
    assert_eq!(result.runtime_version.as_deref(), Some("10.24.0.73019"));
    assert_eq!(result.model_version.as_deref(), Some("1.2.3.4"));
    assert_eq!(image.labels[MODEL_LABEL], result.model);
    assert_eq!(image.labels[COMMAND_LABEL], r#"["/opt/mendix/start","app"]"#);
    assert_eq!(image.labels["org.opencontainers.image.title"], "shop");
    assert_eq!(image.entrypoint, ["/opt/mendix/start"]);
    check_layers(&layers_on(&registry, 1, &reference).await, &package);
}

#[tokio::test]
async fn a_real_package_is_built() {
    let Some(package) = support::real_package() else {
        return;
    };
    let Some(registry) = start().await else { return };
    push_base(&registry, "base:6.2.0").await;
    let target = target(&registry, "base:{{.MxRuntimeVersion}}", "sample:1");
    let result = build_from_file(
        &package,
        &target,
        &registry.client(),
        &Options::default(),
        Arc::new(NoProgress),
    )
    .await
    .expect("build");
    assert_eq!(result.runtime_version.as_deref(), Some("6.2.0"));
    assert_eq!(result.model, model_of(&sha256(&package)));
    let reference = parse_reference(&target.push).expect("reference");
    check_layers(&layers_on(&registry, 1, &reference).await, &package);
}

#[tokio::test]
async fn package_and_base_decide_the_digest_and_nothing_else() {
    let Some(registry) = start().await else { return };
    push_base(&registry, "base:1").await;
    push_base(&registry, "base:2").await;
    let folder = tempfile::tempdir().expect("folder");
    let package = write_package(folder.path());
    let other = folder.path().join("other.mda");
    std::fs::write(&other, support::package::package(&[("web/index.html", b"other")])).expect("package");
    let mut images = Vec::new();
    for (path, base, tag) in [
        (&package, 1, 1),
        (&package, 1, 2),
        (&package, 2, 3),
        (&other, 1, 4),
    ] {
        let target = target(&registry, &format!("base:{base}"), &format!("shop:{tag}"));
        let built = build_from_file(
            path,
            &target,
            &registry.client(),
            &Options::default(),
            Arc::new(NoProgress),
        )
        .await
        .expect("build");
        images.push((built.image, built.model));
    }
    assert_eq!(images[0], images[1]);
    // A new base gives a new image of the same model.
    assert_ne!(images[0].0, images[2].0);
    assert_eq!(images[0].1, images[2].1);
    assert_ne!(images[0].1, images[3].1);
}

#[tokio::test]
async fn a_package_from_a_server_is_the_same_as_one_from_a_file() {
    let Some(registry) = start().await else { return };
    push_base(&registry, "base:1").await;
    let folder = tempfile::tempdir().expect("folder");
    let package = write_package(folder.path());
    let server = TestServer::packages(std::fs::read(&package).expect("package")).await;
    let target = target(&registry, "base:1", "shop:1");
    let client = registry.client();
    let local = build_from_file(
        &package,
        &target,
        &client,
        &Options::default(),
        Arc::new(NoProgress),
    )
    .await
    .expect("build");
    for path in ["/good.mda?token=x", "/moved.mda"] {
        let url = server.url(path);
        let progress = Arc::new(NoProgress);
        let remote = build_from_source(&url, Some(&target), &client, &Options::default(), progress).await;
        assert_eq!(remote.expect("build"), local);
    }
}

#[tokio::test]
async fn an_image_that_is_there_is_adopted() {
    let Some(registry) = start().await else { return };
    push_base(&registry, "foreign:1").await;
    let client = registry.client();
    let source = format!("oci-image://{}/foreign:1", registry.host);
    let adopted = build_from_source(&source, None, &client, &Options::default(), Arc::new(NoProgress)).await;
    let adopted = adopted.expect("adopted");
    let (repository, digest) = adopted.image.split_once("@sha256:").expect("digest");
    assert_eq!(repository, format!("{}/foreign", registry.host));
    assert_eq!(adopted.model, model_of(digest));
    assert_eq!(adopted.command, ["/opt/mendix/start", "app"]);
}

#[derive(Default)]
struct Seen {
    steps: Mutex<Vec<(Step, u64, Option<u64>)>>,
    layers: Mutex<Vec<(String, LayerState)>>,
}

impl Progress for Seen {
    fn advance(&self, step: Step, done: u64, total: Option<u64>) {
        self.steps.lock().expect("lock").push((step, done, total));
    }

    fn layer(&self, name: &str, bytes: u64, state: LayerState) {
        assert!(bytes > 0, "{name}");
        self.layers.lock().expect("lock").push((name.to_owned(), state));
    }
}

#[tokio::test]
async fn progress_reaches_the_end() {
    let Some(registry) = start().await else { return };
    push_base(&registry, "base:1").await;
    let folder = tempfile::tempdir().expect("folder");
    let package = write_package(folder.path());
    let seen = Arc::new(Seen::default());
    let target = target(&registry, "base:1", "shop:1");
    build_from_file(
        &package,
        &target,
        &registry.client(),
        &Options::default(),
        Arc::clone(&seen) as Arc<dyn Progress>,
    )
    .await
    .expect("build");
    let layers = seen.layers.lock().expect("lock").clone();
    assert_eq!(
        layers,
        ["web", "model"].map(|name| (name.to_owned(), LayerState::Sent))
    );
    let all = seen.steps.lock().expect("lock").clone();
    let last = all
        .iter()
        .rev()
        .find(|(found, ..)| *found == Step::Pack)
        .expect("step");
    let size = std::fs::metadata(&package).expect("package").len();
    assert_eq!((last.1, last.2), (size, Some(size)));
}
