//! `kubectl mendix check`: files in, findings and exit code out.

#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod support;

use std::fs;
use std::path::Path;
use support::run_with_stdin;

const LEADER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  template:
    metadata:
      labels:
        kubectl-mendix.io/environment: shop
        kubectl-mendix.io/role: leader
    spec:
      containers:
        - name: app
          env:
            - name: CF_INSTANCE_INDEX
              value: \"0\"
            - name: DATABASE_ENDPOINT
              value: postgres://shop:hunter2@db/shop
";

fn run(arguments: &[&str], stdin: &str) -> String {
    run_with_stdin(Path::new("/nonexistent/kubeconfig"), arguments, stdin)
}

#[test]
fn help_reads_as_it_is_typed() {
    insta::assert_snapshot!("help_of_check", run(&["check", "-h"], ""));
}

#[test]
fn a_violation_is_exit_code_4_and_all_are_told() {
    insta::assert_snapshot!(run(&["check", "-f", "-", "-n", "prod"], &format!("# First\n---\n{LEADER}")), @r#"
    exit code 4
    --- stdout
    -:3: document 1: Deployment prod/shop: MX030 spec.strategy.type: a Deployment that leads has strategy Recreate: set spec.strategy.type to Recreate and remove spec.strategy.rollingUpdate
    -:3: document 1: Deployment prod/shop: MX031 spec.replicas: one pod leads, and it is to have 2: set replicas to 1, or role ordinal where it is a StatefulSet; more pods are workers, of a workload of their own
    --- stderr
    1 app or workload in 1 file: 2 violations, no warnings
    "#);
}

#[test]
fn what_is_right_is_exit_code_0() {
    let right = LEADER.replace("  replicas: 2", "  strategy:\n    type: Recreate");
    insta::assert_snapshot!(run(&["check", "-f", "-"], &right), @r#"
    exit code 0
    --- stdout
    --- stderr
    1 app or workload in 1 file: no violations, no warnings
    "#);
}

#[test]
fn a_warning_alone_is_no_violation() {
    let worker = LEADER
        .replace("role: leader", "role: worker")
        .replace("value: \"0\"", "value: \"1\"");
    insta::assert_snapshot!(run(&["check", "-f", "-"], &worker), @r#"
    exit code 0
    --- stdout
    -:1: document 1: Deployment default/shop: warning: MX039 spec.template.metadata.labels: nothing leads environment shop, and its workers wait for a leader: label one
    --- stderr
    1 app or workload in 1 file: no violations, 1 warning
    "#);
}

#[test]
fn what_cannot_be_read_is_exit_code_1() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("a.yaml"), "a: [hunter2\nb: }").expect("file");
    let file = folder.path().join("a.yaml");
    let text = run(&["check", "-f", &file.to_string_lossy()], "");
    assert!(
        text.starts_with("exit code 1\n") && !text.contains("hunter2"),
        "{text}"
    );
    let missing = run(&["check", "-f", "/nonexistent/a.yaml"], "");
    assert!(
        missing.starts_with("exit code 1\n") && missing.contains("/nonexistent/a.yaml"),
        "{missing}"
    );
}

#[test]
fn no_file_is_wrong_usage() {
    assert!(run(&["check"], "").starts_with("exit code 2\n"));
    assert!(run(&["check", "-f", "-", "-o", "yaml"], "").starts_with("exit code 2\n"));
}

fn stdout(text: &str) -> serde_json::Value {
    let out = text
        .split("--- ")
        .nth(1)
        .and_then(|it| it.strip_prefix("stdout\n"));
    serde_json::from_str(out.expect("stdout")).expect("json")
}

#[test]
fn findings_are_data_for_scripts() {
    let json = stdout(&run(&["check", "-f", "-", "-o", "json"], LEADER));
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["findings"][0]).expect("json"), @r#"
    {
      "document": 1,
      "field": "spec.strategy.type",
      "file": "-",
      "line": 1,
      "message": "a Deployment that leads has strategy Recreate: set spec.strategy.type to Recreate and remove spec.strategy.rollingUpdate",
      "object": "Deployment default/shop",
      "rule": "MX030",
      "severity": "violation"
    }
    "#);
    let sarif = stdout(&run(&["check", "-f", "-", "-o", "sarif"], LEADER));
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "MX030");
}

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/examples");

fn example(name: &str) -> Option<String> {
    let file = Path::new(EXAMPLES).join(name);
    let text = fs::read_to_string(&file).ok();
    if text.is_none() {
        eprintln!("skipped: {} is not there", file.display());
    }
    text
}

/// Manifests as people have published them. Without our labels no workload of them is refused; templates of other tools
/// are no YAML, and the documentation's own example of all fields has four mistakes.
#[test]
fn real_workloads_are_not_refused() {
    let Ok(entries) = fs::read_dir(EXAMPLES) else {
        eprintln!("skipped: {EXAMPLES} is not there");
        return;
    };
    let mut read = 0;
    for entry in entries {
        let path = entry.expect("entry").path();
        let text = run(&["check", "-f", &path.to_string_lossy()], "");
        read += usize::from(text.starts_with("exit code 0\n"));
        let about_workloads = [" MX03", " MX04"].iter().any(|rules| text.contains(rules));
        assert!(
            !about_workloads && !text.contains("panicked"),
            "{}: {text}",
            path.display()
        );
    }
    assert!(read > 0, "nothing could be read");
}

#[test]
fn a_real_manifest_is_judged_once_it_has_the_labels() {
    let Some(text) = example("portable-deployment.yaml") else {
        return;
    };
    let labelled = |role: &str| {
        let labels = format!(
            "        app: mendix-app\n        kubectl-mendix.io/environment: shop\n        kubectl-mendix.io/role: {role}\n    spec:"
        );
        text.replace("        app: mendix-app\n    spec:", &labels)
    };
    let peer = run(&["check", "-f", "-"], &labelled("peer"));
    assert!(peer.starts_with("exit code 0\n"), "{peer}");
    let leader = run(&["check", "-f", "-"], &labelled("leader"));
    assert!(
        leader.starts_with("exit code 4\n") && leader.contains("MX030"),
        "{leader}"
    );
}
