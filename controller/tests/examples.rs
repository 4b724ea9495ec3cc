//! The files of `examples/`, and what each field in them reaches. The controller works on them as it does in a
//! cluster; a field is known to be the cause when its place holds something else without it.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

#[allow(dead_code, reason = "the stories use the rest")]
#[path = "replay/cluster.rs"]
mod cluster;
#[allow(dead_code, reason = "the stories use the rest")]
#[path = "replay/deployments.rs"]
mod deployments;
#[allow(dead_code, reason = "the stories use the rest")]
#[path = "replay/kubelet.rs"]
mod kubelet;
#[path = "examples/made.rs"]
mod made;
#[allow(dead_code, reason = "the stories use the rest")]
#[path = "replay/rounds.rs"]
mod rounds;
#[path = "examples/rows.rs"]
mod rows;
#[expect(dead_code, reason = "crashes are the business of another test")]
#[path = "replay/server.rs"]
mod server;
#[allow(dead_code, reason = "the stories use the rest")]
#[path = "replay/world.rs"]
mod world;

use made::{Made, at, documents, made, made_on, server_with};
use mendix_model::crd::fields::{Ours, Reach, TABLES, path};
use rows::ROWS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Kinds of Kubernetes: what an ignored field must not change. Our own resources may carry it on.
const OF_KUBERNETES: [&str; 8] = [
    "pods/",
    "deployments/",
    "services/",
    "ingresses/",
    "routes/",
    "httproutes/",
    "poddisruptionbudgets/",
    "secrets/",
];

/// One line of [`ROWS`].
#[derive(Clone, Copy)]
struct Row<'a> {
    kind: &'a str,
    field: &'a str,
    object: &'a str,
    place: &'a str,
    value: &'a str,
}

fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    text.lines().filter(|line| !line.is_empty()).map(|line| {
        let mut words = line.splitn(5, ' ');
        let mut word = || words.next().unwrap_or_else(|| panic!("five words: {line}"));
        Row {
            kind: word(),
            field: word(),
            object: word(),
            place: word(),
            value: word(),
        }
    })
}

impl Row<'_> {
    /// The place in the words of the model; nothing for what the guard reads.
    fn reach(&self) -> Option<Reach> {
        let (plural, _) = self.object.split_once('/')?;
        Some(match (plural, self.object) {
            ("storageinstances", _) => Reach::Store,
            ("runtimes", _) => Reach::Runtime,
            ("pods", "pods/shop-build") => Reach::Build,
            ("pods", _) => Reach::Provisioner,
            ("deployments", _) if self.place.starts_with("/spec/template/") => Reach::Pods,
            ("deployments", _) => Reach::Deployments,
            ("poddisruptionbudgets", _) => Reach::Budget,
            ("services", _) => Reach::Service,
            ("ingresses", _) => Reach::Ingress,
            ("routes", _) => Reach::Route,
            ("httproutes", _) => Reach::HttpRoute,
            ("endpoints", _) => Reach::Address,
            ("secrets", "secrets/shop-tls") => Reach::Certificate,
            _ => return None,
        })
    }

    fn found<'a>(&self, made: &'a Made) -> &'a Value {
        let object = made.get(self.object);
        object
            .and_then(|object| at(object, self.place))
            .unwrap_or(&Value::Null)
    }
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples"))
}

fn read(name: &str) -> Vec<Value> {
    documents(&std::fs::read_to_string(folder().join(name)).expect("the example"))
}

/// Every example by its name.
fn examples() -> Vec<(String, Vec<Value>)> {
    let files = std::fs::read_dir(folder()).expect("the folder");
    let paths: BTreeSet<_> = files.map(|file| file.expect("a file").path()).collect();
    let examples = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"));
    let names = examples.filter_map(|path| path.file_name()?.to_str());
    names.map(|name| (name.to_owned(), read(name))).collect()
}

/// The documents without a field of the resource of a kind.
fn without(documents: &[Value], kind: &str, field: &str) -> Vec<Value> {
    let mut documents = documents.to_vec();
    for document in documents.iter_mut().filter(|document| document["kind"] == *kind) {
        assert!(
            path::is_set(&document["spec"], field),
            "{kind} {field} is not set"
        );
        document["spec"] = path::without(&document["spec"], field);
    }
    documents
}

#[tokio::test]
async fn every_field_reaches_its_place() {
    for (name, text) in ROWS {
        let documents = read(name);
        let with = made(&documents).await;
        for ((kind, field), rows) in by_field(text) {
            let without = made(&without(&documents, kind, field)).await;
            for row in rows {
                let what = format!("{name}: {kind} {field} at {} {}", row.object, row.place);
                let expected: Value = serde_json::from_str(row.value).expect("JSON");
                assert_eq!(*row.found(&with), expected, "{what}");
                assert_ne!(*row.found(&without), expected, "{what}, without the field");
            }
        }
    }
}

/// Rows by kind and field, so that the controller works once for each.
fn by_field(text: &str) -> BTreeMap<(&str, &str), Vec<Row<'_>>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for row in rows(text) {
        all.entry((row.kind, row.field)).or_default().push(row);
    }
    all
}

#[tokio::test]
async fn what_is_ignored_changes_nothing() {
    for (name, documents) in examples() {
        let expected = of_kubernetes(made(&documents).await);
        for (kind, field) in ignored() {
            let sets =
                |document: &&Value| document["kind"] == *kind && path::is_set(&document["spec"], field);
            if documents.iter().any(|document| sets(&document)) {
                let found = of_kubernetes(made(&without(&documents, kind, field)).await);
                assert_eq!(found, expected, "{name}: {kind} {field}");
            }
        }
    }
}

fn of_kubernetes(mut made: Made) -> Made {
    made.retain(|name, _| OF_KUBERNETES.iter().any(|plural| name.starts_with(plural)));
    made
}

fn ignored() -> impl Iterator<Item = (&'static str, &'static str)> {
    let fields = TABLES
        .iter()
        .flat_map(|table| table.fields.iter().map(|field| (table.kind, field)));
    fields
        .filter(|(_, field)| matches!(field.ours, Ours::Ignored(_)))
        .map(|(kind, field)| (kind, field.path))
}

#[test]
fn every_field_is_in_an_example() {
    let all: Vec<Value> = examples()
        .into_iter()
        .flat_map(|(_, documents)| documents)
        .collect();
    for table in TABLES {
        let of_kind: Vec<_> = all.iter().filter(|it| it["kind"] == *table.kind).collect();
        let missing = table.fields.iter().map(|field| field.path);
        let missing: Vec<_> = missing
            .filter(|field| !of_kind.iter().any(|it| path::is_set(&it["spec"], field)))
            .collect();
        assert!(missing.is_empty(), "{}: {missing:?}", table.kind);
    }
}

#[test]
fn every_place_that_the_documentation_names_is_looked_at() {
    for (table, field) in TABLES
        .iter()
        .flat_map(|table| table.fields.iter().map(move |field| (table, field)))
    {
        let of_field = |row: &Row<'_>| row.kind == table.kind && row.field == field.path;
        let looked_at: Vec<_> = ROWS
            .iter()
            .flat_map(|(_, text)| rows(text))
            .filter(of_field)
            .map(|row| row.reach())
            .collect();
        for reach in field.ours.reaches() {
            let expected = Some(*reach).filter(|reach| !reach.is_of_the_guard());
            assert!(
                looked_at.contains(&expected),
                "{} {}: {reach}",
                table.kind,
                field.path
            );
        }
    }
}

#[tokio::test]
async fn a_kind_that_the_cluster_does_not_have_is_named() {
    for (name, group, said) in [
        (
            "openshift-route.yaml",
            "route.openshift.io",
            "the cluster has no kind Route",
        ),
        (
            "gateway-route.yaml",
            "gateway.networking.k8s.io",
            "the cluster has no kind HTTPRoute",
        ),
    ] {
        let server = server_with(&read(name));
        server.state().absent.push(format!("/apis/{group}/"));
        let app = made_on(&server).await["mendixapps/shop"].clone();
        let network = app["status"]["networkStatus"].as_str().expect("a status");
        assert!(network.contains(said), "{name}: {network}");
        // It comes later, and nobody tells: the next look makes the route.
        server.state().absent.clear();
        let plural = if name.starts_with("openshift") {
            "routes/shop"
        } else {
            "httproutes/shop"
        };
        assert!(made_on(&server).await.contains_key(plural), "{name}");
    }
}
