//! Asks the guards of an app how far their leases are. They need no token for it, and we need no right: what they say
//! holds no secret, and the controller is in the same network.

use super::{Answers, container};
use crate::metadata::is_leaving;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use futures::StreamExt;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::lease::{GuardStatus, STATUS_PATH};
use mendix_model::names::PROBE_PORT;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// All guards of an app together: a network that lets nothing through holds a reconcile up for so long.
const LIMIT: Duration = Duration::from_secs(2);
/// Guards that are asked at once.
const AT_ONCE: usize = 8;
/// A status has some hundred bytes.
const LARGEST_ANSWER: usize = 64 << 10;

/// Why nothing is known of a guard. None of the sentences changes while nothing does.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoAnswer {
    /// It is slow, or the network drops what is sent to it.
    #[error("it did not answer within {} s", LIMIT.as_secs())]
    Late,
    /// The network, or the pod, refuses.
    #[error("{0}")]
    Unreachable(String),
    /// Something else answers.
    #[error("it answered with status {}", .0.as_u16())]
    Status(StatusCode),
    /// It broke off, or did not end.
    #[error("its answer broke off, or was longer than {} KiB", LARGEST_ANSWER >> 10)]
    Broken,
    /// A guard of another release, or something else.
    #[error("its answer is not understood")]
    Malformed,
}

impl NoAnswer {
    /// What to do where this stays so.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Malformed => "a guard of another release is understood from the next rollout on".to_owned(),
            _ => format!("let the pods of the controller reach port {PROBE_PORT} of the pods of the app"),
        }
    }
}

/// What the guards of these pods say, of those that run.
pub(crate) async fn ask_all(pods: &[Pod]) -> Answers {
    let until = Instant::now() + LIMIT;
    let listening: Vec<_> = pods
        .iter()
        .filter_map(|pod| Some((pod.name_any(), address(pod)?)))
        .collect();
    let answers = listening
        .into_iter()
        .map(|(pod, address)| async move { (pod, ask(address, until).await) });
    futures::stream::iter(answers)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// Where the guard of a pod listens; nothing when there is none that could answer.
fn address(pod: &Pod) -> Option<SocketAddr> {
    let runs = container(pod)?.state.as_ref()?.running.is_some();
    let ip: IpAddr = pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()?;
    let port = u16::try_from(PROBE_PORT).ok()?;
    (runs && !is_leaving(pod)).then(|| SocketAddr::new(ip, port))
}

/// What the guard at this address says.
///
/// # Errors
/// There is no answer by then, or none that is understood.
pub async fn ask(address: SocketAddr, until: Instant) -> Result<GuardStatus, NoAnswer> {
    let body = timeout_at(until, body(address))
        .await
        .map_err(|_| NoAnswer::Late)??;
    serde_json::from_slice(&body).map_err(|error| {
        tracing::debug!(%address, %error, "Failed to read the status of a guard");
        NoAnswer::Malformed
    })
}

async fn body(address: SocketAddr) -> Result<Bytes, NoAnswer> {
    let unreachable = |error: &dyn std::error::Error| NoAnswer::Unreachable(root(error));
    let uri: Uri = format!("http://{address}{STATUS_PATH}")
        .parse()
        .map_err(|error| unreachable(&error))?;
    // A pod is asked once a reconcile: no connection is worth keeping.
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build_http::<Empty<Bytes>>();
    let answer = client.get(uri).await.map_err(|error| unreachable(&error))?;
    if answer.status() != StatusCode::OK {
        return Err(NoAnswer::Status(answer.status()));
    }
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
    Ok(body.map_err(|_| NoAnswer::Broken)?.to_bytes())
}

/// The first cause: what lies above it only says that a client met it.
fn root(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
