//! Proxies and identities are told to a process by its variables, so a test that needs some runs itself again as a client.

use tokio::process::Command;

/// Set in the process that is the client.
const CLIENT: &str = "MENDIX_TEST_CLIENT";

/// Whether this process is the client.
pub fn is_client() -> bool {
    std::env::var_os(CLIENT).is_some()
}

/// Runs a test again as a client with these variables; whether it succeeded, and what it printed.
pub async fn as_client(name: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let output = Command::new(std::env::current_exe().expect("name"))
        .args([name, "--exact", "--nocapture"])
        .env(CLIENT, "1")
        .envs(variables.iter().copied())
        .kill_on_drop(true)
        .output()
        .await
        .expect("started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let printed = format!("{}{}", text(&output.stdout), text(&output.stderr));
    println!("{printed}");
    (output.status.success(), printed)
}
