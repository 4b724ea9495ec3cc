//! What the chart does about definitions that are in the cluster already. The cluster is one definition behind HTTP:
//! rendering asks for nothing else, and a real cluster's definitions belong to every other test.

use crate::render::{IMAGE, chart, helm};
use rstest::rstest;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
};

const DEFINITION: &str = "mendixapps.privatecloud.mendix.com";
/// Said by Helm after rendering, when it looks for the kinds of what was rendered: this cluster knows none.
const RENDERED: &str = "resource mapping not found";

fn definition(managed: bool, revision: &str, release: &str) -> Value {
    let labels = if managed {
        json!({"kubectl-mendix.io/managed": "true", "helm.sh/chart": "mendix-0.0.9"})
    } else {
        json!({})
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": DEFINITION,
            "labels": labels,
            "annotations": {
                "kubectl-mendix.io/crd-revision": revision,
                "meta.helm.sh/release-name": release,
                "meta.helm.sh/release-namespace": "mendix-system",
            },
        },
    })
}

/// An API server with one object, for as long as the process lives.
fn cluster(definition: Value) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &definition);
        }
    });
    address
}

fn answer(mut stream: TcpStream, definition: &Value) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = request.split([' ', '?']).nth(1).unwrap_or_default();
    let (status, body) = match path {
        "/version" => (200, json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"})),
        "/api" => (200, json!({"kind": "APIVersions", "versions": ["v1"]})),
        "/apis" => (
            200,
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        ),
        "/api/v1" => (
            200,
            json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": []}),
        ),
        "/apis/apiextensions.k8s.io/v1" => (200, resources()),
        _ if path.ends_with(DEFINITION) => (200, definition.clone()),
        _ => (
            404,
            json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}),
        ),
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\n");
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len())
}

fn resources() -> Value {
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": "apiextensions.k8s.io/v1",
        "resources": [{
            "name": "customresourcedefinitions",
            "kind": "CustomResourceDefinition",
            "namespaced": false,
            "verbs": ["get"],
        }],
    })
}

/// What Helm says in the end. It never succeeds against such a cluster.
fn end_of_rendering(definition: Value, value: &str) -> String {
    let mut command = Command::new(helm().unwrap());
    command.args(["template", "mendix"]).arg(chart()).args([
        "--namespace",
        "mendix-system",
        "--dry-run=server",
    ]);
    command.args([
        "--kube-apiserver",
        &format!("http://{}", cluster(definition)),
        "--kube-token",
        "none",
    ]);
    command.args(["--disable-openapi-validation", "--set", IMAGE, "--set", value]);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[rstest]
#[case::of_another_product(definition(false, "", ""), "crds.adopt=false", "is not of this chart")]
#[case::of_another_product_adopted(definition(false, "", ""), "crds.adopt=true", RENDERED)]
#[case::of_another_product_left_alone(definition(false, "", ""), "crds.install=false", RENDERED)]
#[case::of_another_release(
    definition(true, "1", "other"),
    "crds.adopt=false",
    "belongs to release mendix-system/other"
)]
#[case::of_another_release_adopted(definition(true, "1", "other"), "crds.adopt=true", RENDERED)]
#[case::older(definition(true, "1", "mendix"), "crds.adopt=false", RENDERED)]
#[case::newer(
    definition(true, "999000000", "mendix"),
    "crds.adopt=false",
    "is newer (mendix-0.0.9)"
)]
#[case::newer_is_not_adopted_either(
    definition(true, "999000000", "mendix"),
    "crds.adopt=true",
    "never downgraded"
)]
#[case::newer_left_alone(definition(true, "999000000", "mendix"), "crds.install=false", RENDERED)]
fn a_definition_that_is_there(#[case] definition: Value, #[case] value: &str, #[case] sentence: &str) {
    let said = end_of_rendering(definition, value);
    assert!(said.contains(sentence), "{sentence:?} is not in {said:?}");
}
