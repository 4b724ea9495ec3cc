//! `kubectl mendix rebase` of apps whose base cannot be changed, against an API server in a map.

mod support;

use serde_json::json;
use support::{Server, run};

fn server(source: &str) -> Server {
    let server = Server::start();
    server.put(json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp",
        "metadata": { "name": "shop", "namespace": "prod" }, "spec": { "sourceURL": source },
    }));
    server
}

#[test]
fn an_app_of_a_package_keeps_its_source_unless_it_is_said() {
    let told = run(
        &server("https://example.com/shop.mda"),
        &["rebase", "shop", "--base", "b:1"],
    );
    insta::assert_snapshot!(told, @"
    exit code 1
    --- stdout
    --- stderr
    error: shop cannot be rebased: its source is a package, which the cluster would build again; say --replace-source to let the image be its source from now on
    ");
}

#[test]
fn of_all_apps_those_that_cannot_be_rebased_are_told_and_left() {
    let server = server("oci-image://example.com/shop@sha256:1");
    let told = run(&server, &["rebase", "--all", "--base", "b:1"]);
    insta::assert_snapshot!(told, @"
    exit code 0
    --- stdout
    --- stderr
    warning: shop stays as it is: it has no image yet; wait until it is built
    ");
    assert!(server.requests("PATCH").is_empty());
}
