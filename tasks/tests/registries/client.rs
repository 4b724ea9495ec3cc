//! What a build pod does, in a process of its own.

use crate::support::again::as_client;
use crate::support::base::{onto_base, push_base};
use crate::support::package::write_package;
use crate::support::registry::TestRegistry;
use crate::support::vendor::Vendor;
use mendix_tasks::build::{BuildError, Options, build_from_file};
use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;
use std::sync::Arc;

/// Builds a small package, and says what came of it.
pub(crate) async fn build(host: &str, credentials: Credentials) {
    match try_build(host, credentials).await {
        Ok(image) => println!("built {image}"),
        Err(error) => panic!("{error}"),
    }
}

/// Builds a small package onto a base at this host, as what this process is told to be. The registry has no TLS, for a
/// proxy is to see what is asked.
pub(crate) async fn try_build(host: &str, credentials: Credentials) -> Result<String, BuildError> {
    let options = RegistryOptions {
        plain_http: vec![host.to_owned()],
        credentials,
    };
    let client = Registry::new(options).expect("client");
    let client = client.with_identity(Identity::from_environment());
    let folder = tempfile::tempdir().expect("folder");
    let package = write_package(folder.path());
    let (target, options) = (onto_base(host), Options::default());
    let built = build_from_file(&package, &target, &client, &options, Arc::new(NoProgress)).await?;
    Ok(built.image)
}

/// Runs a test again as a client that comes through this vendor; whether it succeeded, and what it printed.
pub(crate) async fn through(
    vendor: &Vendor,
    registry: &TestRegistry,
    test: &str,
    variables: &[(&str, &str)],
) -> (bool, String) {
    push_base(registry, Vec::new()).await;
    let proxy = vendor.server.url("");
    let ways = [("HTTP_PROXY", proxy.as_str()), ("NO_PROXY", "127.0.0.1")];
    as_client(test, &[&ways[..], variables].concat()).await
}

/// A file with this content, and its name.
pub(crate) fn file(content: &str) -> (tempfile::NamedTempFile, String) {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), content).expect("content");
    let name = file.path().to_str().expect("name").to_owned();
    (file, name)
}
