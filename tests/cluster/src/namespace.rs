//! A namespace for one test, and what is shown of it when the test fails.

use anyhow::{Context as _, Result, anyhow};
use k8s_openapi::{
    api::core::v1::{Event, Namespace, Pod, ServiceAccount},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, ResourceExt as _,
    api::{DeleteParams, ListParams, LogParams, PostParams},
};
use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, time::Duration};

use crate::wait::{Poll, wait_for};

/// Label with the test's name, for a person who looks at a cluster in the middle of a run.
const TEST_LABEL: &str = "kubectl-mendix.io/test";
const LOG_LINES: i64 = 40;
const LIMIT: Duration = Duration::from_secs(30);

/// Runs `body` in a namespace of its own, which is deleted afterwards. When the body fails or panics, its pods,
/// events and container logs are printed first.
///
/// # Errors
/// Those of the body, and when the namespace cannot be made or deleted.
///
/// # Panics
/// When the body does.
pub async fn with_namespace<Output, Body, Run>(client: Client, body: Body) -> Result<Output>
where
    Output: Send + 'static,
    Body: FnOnce(String) -> Run,
    Run: Future<Output = Result<Output>> + Send + 'static,
{
    let name = create(&client).await?;
    // A task of its own, so that a panic is seen here and the namespace is deleted all the same.
    let ended = tokio::spawn(body(name.clone())).await;
    if !matches!(ended, Ok(Ok(_))) {
        let _ = writeln!(std::io::stderr().lock(), "{}", dump(&client, &name).await);
    }
    let deleted = delete(&client, &name).await;
    match ended {
        Ok(result) => deleted.and(result),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(anyhow!(error).context("failed to run the test in its namespace")),
        },
    }
}

async fn create(client: &Client) -> Result<String> {
    let object = namespace(&test_name(), rand::random());
    let name = object.name_any();
    let context = || format!("failed to create namespace {name}");
    Api::<Namespace>::all(client.clone())
        .create(&PostParams::default(), &object)
        .await
        .with_context(context)?;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), &name);
    wait_for("the namespace's service account", LIMIT, || async {
        let account = accounts
            .get_opt("default")
            .await
            .context("failed to get service account default")?;
        Ok(Poll::when(account, || "none".to_owned()))
    })
    .await?;
    Ok(name)
}

async fn delete(client: &Client, name: &str) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces
        .delete(name, &DeleteParams::default())
        .await
        .with_context(|| format!("failed to delete namespace {name}"))?;
    Ok(())
}

fn namespace(test: &str, random: u32) -> Namespace {
    let labels = BTreeMap::from([(TEST_LABEL.to_owned(), label_value(test))]);
    let metadata = ObjectMeta {
        name: Some(format!("test-{random:08x}")),
        labels: Some(labels),
        ..ObjectMeta::default()
    };
    Namespace {
        metadata,
        ..Namespace::default()
    }
}

/// The test harness names each test's thread after it.
fn test_name() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_owned()
}

/// A label's value: at most 63 letters, digits and `-_.`, with a letter or digit at both ends.
fn label_value(text: &str) -> String {
    let plain = text.replace("::", ".");
    let allowed: String = plain
        .chars()
        .map(|sign| {
            if sign.is_ascii_alphanumeric() || sign == '_' {
                sign
            } else {
                '.'
            }
        })
        .collect();
    let start = allowed.len().saturating_sub(63);
    allowed[start..]
        .trim_matches(|sign: char| !sign.is_ascii_alphanumeric())
        .to_owned()
}

/// Everything one wants to see of a failed test.
async fn dump(client: &Client, name: &str) -> String {
    let mut text = format!("--- namespace {name} ---\n");
    let pods: Api<Pod> = Api::namespaced(client.clone(), name);
    let events: Api<Event> = Api::namespaced(client.clone(), name);
    for event in events
        .list(&ListParams::default())
        .await
        .map(|list| list.items)
        .unwrap_or_default()
    {
        let _ = writeln!(text, "{}", event_line(&event));
    }
    for pod in pods
        .list(&ListParams::default())
        .await
        .map(|list| list.items)
        .unwrap_or_default()
    {
        let _ = writeln!(text, "{}", pod_line(&pod));
        for container in container_names(&pod) {
            let log = log_of(&pods, &pod.name_any(), &container).await;
            let _ = writeln!(text, "--- log of {}/{container} ---\n{log}", pod.name_any());
        }
    }
    text
}

async fn log_of(pods: &Api<Pod>, pod: &str, container: &str) -> String {
    let params = LogParams {
        container: Some(container.to_owned()),
        tail_lines: Some(LOG_LINES),
        ..LogParams::default()
    };
    pods.logs(pod, &params)
        .await
        .unwrap_or_else(|error| format!("failed to read the log: {error}"))
}

fn container_names(pod: &Pod) -> Vec<String> {
    let spec = pod.spec.clone().unwrap_or_default();
    let init = spec.init_containers.unwrap_or_default();
    init.into_iter()
        .chain(spec.containers)
        .map(|container| container.name)
        .collect()
}

fn event_line(event: &Event) -> String {
    let object = &event.involved_object;
    format!(
        "event {} {}/{}: {} {}",
        event.type_.as_deref().unwrap_or("-"),
        object.kind.as_deref().unwrap_or("-"),
        object.name.as_deref().unwrap_or("-"),
        event.reason.as_deref().unwrap_or("-"),
        event.message.as_deref().unwrap_or("-"),
    )
}

fn pod_line(pod: &Pod) -> String {
    let status = pod.status.clone().unwrap_or_default();
    let mut line = format!(
        "pod {}: {}",
        pod.name_any(),
        status.phase.as_deref().unwrap_or("-")
    );
    for container in status
        .init_container_statuses
        .into_iter()
        .chain(status.container_statuses)
        .flatten()
    {
        let state = serde_json::to_string(&container.state).unwrap_or_default();
        let _ = write!(
            line,
            "\n  {} restarts={} {state}",
            container.name, container.restart_count
        );
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tests_name_becomes_a_label() {
        assert_eq!(label_value("cases::a_pod_runs"), "cases.a_pod_runs");
        assert_eq!(label_value("-x y-"), "x.y");
        let long = label_value(&format!("a::{}", "b".repeat(80)));
        assert_eq!(long.len(), 63);
    }

    #[test]
    fn two_runs_of_a_test_have_two_namespaces() {
        assert_ne!(namespace("t", 1).name_any(), namespace("t", 2).name_any());
    }

    #[test]
    fn a_pod_is_shown_with_the_state_of_its_containers() {
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": { "name": "p" },
            "status": { "phase": "Pending", "containerStatuses": [{
                "name": "c", "image": "i", "imageID": "", "ready": false, "restartCount": 2,
                "state": { "waiting": { "reason": "ImagePullBackOff" } },
            }]},
        }))
        .unwrap();
        let line = pod_line(&pod);
        assert!(line.starts_with("pod p: Pending\n  c restarts=2"), "{line}");
        assert!(line.contains("ImagePullBackOff"), "{line}");
    }
}
