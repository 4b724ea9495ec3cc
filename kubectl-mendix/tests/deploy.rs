//! `kubectl mendix deploy` against an API server in a map.

mod support;

use serde_json::{Value, json};
use support::{APPS, Server, condition, ready, run, run_with_stdin, stalled, status};

const SHOP: &str = "\
apiVersion: privatecloud.mendix.com/v1alpha1
kind: MendixApp
metadata:
  name: shop
spec:
  sourceURL: https://example.com/shop.mda
  fieldOfNextYear: true
";

fn plan(name: &str, purpose: &str) -> Value {
    json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "StoragePlan",
        "metadata": {"name": name, "namespace": "prod"}, "spec": {"purpose": purpose},
    })
}

fn server_with_plans() -> Server {
    let server = Server::start();
    server.put(plan("postgres", "database"));
    server.put(plan("files", "file"));
    server
}

const NEW: [&str; 4] = ["deploy", "shop", "--source-url", "https://example.com/shop.mda"];

fn with<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [arguments, more].concat()
}

#[test]
fn a_new_app_takes_the_only_plans_there_are() {
    let server = server_with_plans();
    insta::assert_snapshot!(run(&server, &NEW), @"
    exit code 0
    --- stdout
    mendixapp.privatecloud.mendix.com/shop created
    --- stderr
    taking --database-plan postgres, the only one for purpose database
    taking --storage-plan files, the only one for purpose file
    ");
    let patch = &server.requests("PATCH")[0];
    assert_eq!(patch.query["fieldManager"], "kubectl-mendix");
    assert!(!patch.query.contains_key("force"), "{patch:?}");
    insta::assert_yaml_snapshot!(patch.body, @r#"
    apiVersion: privatecloud.mendix.com/v1alpha1
    kind: MendixApp
    metadata:
      name: shop
    spec:
      database:
        servicePlan: postgres
      sourceURL: "https://example.com/shop.mda"
      storage:
        servicePlan: files
    "#);
}

#[test]
fn a_choice_of_plans_is_left_to_the_user() {
    let server = server_with_plans();
    server.put(plan("db2", "database"));
    insta::assert_snapshot!(run(&server, &NEW), @"
    exit code 1
    --- stdout
    --- stderr
    error: several storage plans serve purpose database: db2, postgres
    hint: name one with --database-plan PLAN
    ");
    assert!(server.requests("PATCH").is_empty());
}

#[test]
fn a_new_app_needs_a_source() {
    insta::assert_snapshot!(run(&server_with_plans(), &["deploy", "shop", "--replicas", "2"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: a new app needs a source
    hint: name one with --source-url, --package or --image
    ");
}

#[test]
fn one_change_leaves_everything_else_as_it_was() {
    let server = server_with_plans();
    run(&server, &with(&NEW, &["--constant", "A.B=1"]));
    insta::assert_snapshot!(run(&server, &["deploy", "shop", "--replicas", "3", "--constant", "C.D=2"]), @"
    exit code 0
    --- stdout
    mendixapp.privatecloud.mendix.com/shop configured
    --- stderr
    ");
    let patches = server.requests("PATCH");
    insta::assert_yaml_snapshot!(patches[1].body, @r#"
    apiVersion: privatecloud.mendix.com/v1alpha1
    kind: MendixApp
    metadata:
      name: shop
      resourceVersion: "2"
    spec:
      database:
        servicePlan: postgres
      replicas: 3
      runtime:
        microflowConstants:
          A.B: "1"
          C.D: "2"
      sourceURL: "https://example.com/shop.mda"
      storage:
        servicePlan: files
    "#);
    insta::assert_snapshot!(run(&server, &["deploy", "shop", "--replicas", "3"]), @"
    exit code 0
    --- stdout
    mendixapp.privatecloud.mendix.com/shop unchanged
    --- stderr
    ");
}

#[test]
fn a_change_that_meets_another_one_is_put_together_again() {
    let server = server_with_plans();
    run(&server, &NEW);
    let path = format!("{APPS}/shop");
    let conflict = status(409, "Conflict", "the object has been modified", "shop");
    server.refuse_once("PATCH", &path, 409, conflict);
    let text = run(&server, &["deploy", "shop", "--replicas", "3"]);
    assert!(text.starts_with("exit code 0"), "{text}");
    assert_eq!(server.requests("PATCH").len(), 3);
}

#[test]
fn somebody_elses_field_is_taken_over_only_when_asked_for() {
    let server = server_with_plans();
    let mut conflict = status(409, "Conflict", "Apply failed with 1 conflict", "shop");
    conflict["details"]["causes"] = json!([{
        "reason": "FieldManagerConflict", "field": ".spec.sourceURL",
        "message": "conflict with \"kubectl-client-side-apply\" using privatecloud.mendix.com/v1alpha1",
    }]);
    server.refuse_once("PATCH", &format!("{APPS}/shop"), 409, conflict);
    insta::assert_snapshot!(run(&server, &NEW), @"
    exit code 1
    --- stdout
    --- stderr
    taking --database-plan postgres, the only one for purpose database
    taking --storage-plan files, the only one for purpose file
    error: somebody else set fields of MendixApp shop: spec.sourceURL is set by kubectl-client-side-apply
    hint: change the field where it was set, or take it over with --force-conflicts
    ");
    run(&server, &with(&NEW, &["--force-conflicts"]));
    assert_eq!(server.requests("PATCH")[1].query["force"], "true");
}

#[test]
fn a_reserved_name_is_refused_where_there_is_no_plan_as_well() {
    let server = Server::start();
    let mut arguments = NEW;
    arguments[1] = "mendix-x";
    assert!(run(&server, &arguments).contains("MX100"));
}

#[test]
fn a_reserved_name_reads_the_same_from_us_and_from_the_api_server() {
    let server = server_with_plans();
    let mut arguments = NEW;
    arguments[1] = "mendix-x";
    let ours = run(&server, &arguments);
    insta::assert_snapshot!(ours, @"
    exit code 4
    --- stdout
    --- stderr
    error: MX100 metadata.name: names that start with mendix- are reserved: choose another name
    ");
    assert!(
        server.requests("PATCH").is_empty(),
        "refused before anything is sent"
    );
    let message = "MendixApp.privatecloud.mendix.com \"shop\" is invalid: <nil>: Invalid value: \"object\": names that \
                   start with mendix- are reserved (MX100): choose another name";
    server.refuse(
        "PATCH",
        &format!("{APPS}/shop"),
        422,
        status(422, "Invalid", message, "shop"),
    );
    let plans = ["-q", "--database-plan", "postgres", "--storage-plan", "files"];
    assert_eq!(run(&server, &with(&NEW, &plans)), ours);
}

#[test]
fn a_client_dry_run_needs_no_cluster() {
    let folder = tempfile::tempdir().expect("folder");
    let text = run_with_stdin(
        &folder.path().join("none"),
        &[
            "deploy",
            "-f",
            "-",
            "--dry-run",
            "client",
            "--replicas",
            "2",
            "-o",
            "yaml",
        ],
        SHOP,
    );
    insta::assert_snapshot!(text, @"
    exit code 0
    --- stdout
    apiVersion: privatecloud.mendix.com/v1alpha1
    kind: MendixApp
    metadata:
      name: shop
    spec:
      fieldOfNextYear: true
      replicas: 2
      sourceURL: https://example.com/shop.mda
    --- stderr
    ");
}

#[test]
fn a_server_dry_run_keeps_nothing() {
    let server = server_with_plans();
    insta::assert_snapshot!(run(&server, &with(&NEW, &["--dry-run", "server", "-q"])), @"
    exit code 0
    --- stdout
    mendixapp.privatecloud.mendix.com/shop created (server dry run)
    --- stderr
    ");
    assert!(run(&server, &["status", "shop"]).contains("there is no MendixApp shop"));
}

#[test]
fn a_file_holds_several_apps() {
    let server = Server::start();
    let text = format!("{SHOP}---\n{}", SHOP.replace("name: shop", "name: crm"));
    insta::assert_snapshot!(run_with_stdin(&server.kubeconfig(), &["deploy", "-f", "-"], &text), @"
    exit code 0
    --- stdout
    mendixapp.privatecloud.mendix.com/shop created
    mendixapp.privatecloud.mendix.com/crm created
    --- stderr
    ");
    insta::assert_snapshot!(run_with_stdin(&server.kubeconfig(), &["deploy", "shop", "-f", "-"], &text), @"
    exit code 2
    --- stdout
    --- stderr
    error: NAME is for one app, but the files hold several
    ");
}

#[test]
fn a_mistake_in_the_last_app_leaves_the_first_alone() {
    let server = Server::start();
    let text = format!("{SHOP}---\n{}", SHOP.replace("name: shop", "name: mendix-x"));
    let text = run_with_stdin(&server.kubeconfig(), &["deploy", "-f", "-"], &text);
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(server.requests("PATCH").is_empty());
}

#[test]
fn json_is_one_document() {
    let server = server_with_plans();
    let text = run(&server, &with(&NEW, &["-q", "-o", "json"]));
    let stdout = text
        .split("--- stdout\n")
        .nth(1)
        .and_then(|text| text.split("--- stderr").next())
        .expect("stdout");
    let object: Value = serde_json::from_str(stdout).expect("json");
    assert_eq!(object["metadata"]["name"], "shop");
    assert_eq!(object["metadata"].get("managedFields"), None);
}

#[test]
fn a_package_needs_a_registry_and_a_base_image() {
    let server = server_with_plans();
    let arguments = ["deploy", "shop", "--package", "/nonexistent/shop.mda", "-q"];
    insta::assert_snapshot!(run(&server, &arguments), @"
    exit code 1
    --- stdout
    --- stderr
    error: no registry is known for the package
    hint: name one with --registry, or set spec.registry.pushURL of OperatorConfiguration mendix-operator-configuration
    ");
    server.put(json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "OperatorConfiguration",
        "metadata": {"name": "mendix-operator-configuration", "namespace": "prod"},
        "spec": {"registry": {"pushURL": "registry.example.com"}, "buildRuntimeBaseImage": "registry.example.com/base"},
    }));
    insta::assert_snapshot!(run(&server, &arguments), @"
    exit code 1
    --- stdout
    --- stderr
    error: failed to open the package /nonexistent/shop.mda: No such file or directory (os error 2); check the path
    ");
    assert!(server.requests("PATCH").is_empty(), "no image, no app");
}

/// A server on which the app exists at generation 1, ready; and the change that the controller's next looks bring.
fn server_with_looks(states: Vec<(i64, Value)>) -> Server {
    let server = server_with_plans();
    run(&server, &NEW);
    server.at_each_look(move |objects, looks| {
        let state = states.get(looks.saturating_sub(1)).or_else(|| states.last());
        let (Some((observed, conditions)), Some(app)) = (state, objects.get_mut(&format!("{APPS}/shop")))
        else {
            return;
        };
        let mut conditions = conditions.clone();
        for condition in conditions.as_array_mut().into_iter().flatten() {
            condition["observedGeneration"] = json!(observed);
        }
        app["status"] = json!({
            "observedGeneration": observed, "appURL": "https://shop.example.com", "conditions": conditions,
        });
    });
    server
}

#[test]
fn waiting_believes_no_older_status_and_prints_the_url() {
    let working = json!([condition("Reconciling", "True", "the leader starts")]);
    let old = (1, ready());
    // The first two looks are those that put the change together.
    let server = server_with_looks(vec![
        old.clone(),
        old.clone(),
        old.clone(),
        old,
        (2, working),
        (2, ready()),
    ]);
    insta::assert_snapshot!(run(&server, &["deploy", "shop", "--replicas", "2", "--wait"]), @"
    exit code 0
    --- stdout
    https://shop.example.com
    --- stderr
    mendixapp.privatecloud.mendix.com/shop configured
    app shop: Pending, waiting for the controller
    app shop: Pending, the leader starts
    app shop: Ready
    ");
}

#[test]
fn waiting_ends_at_once_when_the_app_stalls() {
    let server = server_with_looks(vec![
        (1, ready()),
        (1, ready()),
        (2, stalled("the package was not found")),
    ]);
    insta::assert_snapshot!(run(&server, &["deploy", "shop", "--replicas", "2", "--wait"]), @"
    exit code 1
    --- stdout
    --- stderr
    mendixapp.privatecloud.mendix.com/shop configured
    app shop: Stalled, the package was not found
    error: shop cannot become ready: the package was not found
    hint: kubectl mendix status shop -n prod shows every part
    ");
}

#[test]
fn waiting_ends_when_the_time_is_over() {
    let server = server_with_looks(vec![(1, ready())]);
    let text = run(
        &server,
        &["deploy", "shop", "--replicas", "2", "--wait", "--timeout", "1s"],
    );
    insta::assert_snapshot!(text, @"
    exit code 3
    --- stdout
    --- stderr
    mendixapp.privatecloud.mendix.com/shop configured
    app shop: Pending, waiting for the controller
    error: shop is not ready after 1 s: waiting for the controller
    hint: the work goes on; kubectl mendix status shop -n prod --watch follows it
    ");
}
