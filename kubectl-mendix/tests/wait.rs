//! `kubectl mendix wait --healthy-for` against an API server in a map.

mod support;

use serde_json::{Value, json};
use support::{Server, condition, ready, run};

const APP: &str = "/apis/privatecloud.mendix.com/v1alpha1/namespaces/prod/mendixapps/shop";

fn app(conditions: Value) -> Value {
    let mut conditions = conditions;
    for condition in conditions.as_array_mut().into_iter().flatten() {
        condition["observedGeneration"] = json!(1);
    }
    json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp",
        "metadata": { "name": "shop", "namespace": "prod", "generation": 1 }, "spec": {},
        "status": { "observedGeneration": 1, "conditions": conditions },
    })
}

fn broken() -> Value {
    json!([condition(
        "Reconciling",
        "True",
        "the leader has ended with exit code 1"
    )])
}

/// The app is ready; from this look on it is not.
fn server(breaks: usize) -> Server {
    let server = Server::start();
    server.put(app(ready()));
    server.at_each_look(move |objects, looks| {
        if looks >= breaks {
            objects.insert(APP.to_owned(), app(broken()));
        }
    });
    server
}

#[test]
fn an_app_that_stays_ready_passes() {
    insta::assert_snapshot!(run(&server(usize::MAX), &["wait", "shop", "--healthy-for", "1s"]), @"
    exit code 0
    --- stdout
    --- stderr
    app shop: Ready
    shop: watched for 1 s
    ");
}

#[test]
fn an_app_that_fails_under_its_first_users_does_not() {
    insta::assert_snapshot!(run(&server(3), &["wait", "shop", "--healthy-for", "5s"]), @"
    exit code 1
    --- stdout
    --- stderr
    app shop: Ready
    shop: watched for 5 s
    error: shop did not stay ready: the leader has ended with exit code 1
    hint: kubectl mendix status shop -n prod shows every part
    hint: mend it and roll that out; or kubectl mendix undo shop -n prod, while the database has the schema of the earlier model (MX009)
    ");
}
