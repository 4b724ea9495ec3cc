//! The command line itself: help, usage, and errors before a cluster is reached.

mod support;

use support::{run_with_stdin, write_kubeconfig};

fn run(arguments: &[&str]) -> String {
    run_with_stdin(std::path::Path::new("/nonexistent/kubeconfig"), arguments, "")
}

#[test]
fn help_reads_as_it_is_typed() {
    insta::assert_snapshot!("help", run(&["--help"]));
    insta::assert_snapshot!("help_of_status", run(&["status", "--help"]));
    insta::assert_snapshot!("help_of_deploy", run(&["deploy", "-h"]));
    insta::assert_snapshot!("help_of_protect", run(&["protect", "-h"]));
    insta::assert_snapshot!("help_of_unprotect", run(&["unprotect", "-h"]));
    insta::assert_snapshot!("help_of_fence", run(&["fence", "-h"]));
    insta::assert_snapshot!("help_of_adopt", run(&["adopt", "-h"]));
}

#[test]
fn a_rule_is_explained_without_a_cluster() {
    insta::assert_snapshot!("explanation", run(&["explain", "mx011"]));
    insta::assert_snapshot!("rules", run(&["explain"]));
    insta::assert_snapshot!(run(&["explain", "MX999"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: there is no rule MX999
    hint: kubectl mendix explain lists all rules
    ");
}

#[test]
fn a_rule_is_data_for_scripts() {
    let text = run(&["explain", "MX020", "-o", "json"]);
    let json = text
        .split("--- ")
        .nth(1)
        .and_then(|it| it.strip_prefix("stdout\n"));
    let rule: serde_json::Value = serde_json::from_str(json.expect("stdout")).expect("json");
    assert_eq!(
        (&rule["id"], &rule["enforced"]),
        (&"MX020".into(), &"apiServer".into())
    );
    let ids = run(&["explain", "-o", "name"]);
    assert!(
        ids.contains("\nMX001\nMX002\n") && ids.contains("\nMX109\n"),
        "{ids}"
    );
}

#[test]
fn without_a_kubeconfig_there_is_no_cluster() {
    insta::assert_snapshot!(run(&["status"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no kubeconfig, so the cluster is not known
    hint: set KUBECONFIG, or name a file with --kubeconfig; kubectl config view shows what kubectl uses
    ");
}

#[test]
fn an_unknown_context_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    write_kubeconfig(&folder, "http://127.0.0.1:9");
    let text = run_with_stdin(
        &folder.path().join("config"),
        &["status", "--context", "other"],
        "",
    );
    insta::assert_snapshot!(text, @"
    exit code 1
    --- stdout
    --- stderr
    error: failed to use the kubeconfig: failed to load current context: other
    hint: kubectl config get-contexts lists the contexts; name one with --context
    ");
}

#[test]
fn a_server_that_is_away_is_said_to_be() {
    let folder = tempfile::tempdir().expect("folder");
    // Bound and let go: nobody listens there any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|it| it.local_addr())
        .expect("port")
        .port();
    write_kubeconfig(&folder, &format!("http://127.0.0.1:{port}"));
    insta::assert_snapshot!(run_with_stdin(&folder.path().join("config"), &["status"], ""), @"
    exit code 1
    --- stdout
    --- stderr
    error: failed to reach the API server: Connection refused (os error 111)
    hint: kubectl cluster-info shows the address; --context NAME takes another cluster
    ");
}

#[test]
fn a_proxy_of_the_environment_is_not_taken_where_it_is_not_wanted() {
    let server = support::Server::start();
    let mut command = assert_cmd::Command::cargo_bin("kubectl-mendix").expect("binary");
    let command = command.env("KUBECONFIG", server.kubeconfig()).arg("status");
    let proxies = [("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", "127.0.0.0/8")];
    command.envs(proxies).assert().success();
}

#[test]
fn wrong_usage_is_exit_code_2() {
    insta::assert_snapshot!(run(&["status", "shop", "-o", "jsonpath={.url}"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'jsonpath={.url}' for '--output <FORMAT>': not supported: use -o json and jq

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["deploy", "shop", "-o", "wide"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: deploy prints json, yaml or name
    hint: kubectl mendix status prints tables
    ");
    assert!(run(&["status", "shop", "-A"]).starts_with("exit code 2"));
    assert!(run(&["deploy"]).starts_with("exit code 2"));
    assert!(run(&["deploy", "shop", "--image", "a", "--source-url", "b"]).starts_with("exit code 2"));
}

#[test]
fn every_shell_has_its_completion() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let text = run(&["completion", shell]);
        assert!(
            text.starts_with("exit code 0") && text.contains("all-namespaces"),
            "{shell}"
        );
    }
}
