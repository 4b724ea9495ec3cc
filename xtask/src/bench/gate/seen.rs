//! What a watch sees of pods and of environments.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt,
    api::ListParams,
    runtime::{WatchStreamExt, watcher},
};
use mendix_cases::{Product, app::LIMIT};
use mendix_model::{
    crd::{DatabaseClaim, claim::ClaimState},
    names,
};
use mendix_test_cluster::{Poll, wait_for};
use std::{collections::BTreeMap, time::Instant};

/// When a pod was first seen, and when first without a gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) first: Instant,
    pub(super) open: Option<Instant>,
}

/// Waits until a pod of each of so many environments was seen without the gate, of those with these labels. By
/// environment.
pub(super) async fn opened(api: Api<Pod>, labels: &str, count: usize) -> Result<BTreeMap<String, Seen>> {
    use futures::TryStreamExt as _;
    let config = watcher::Config::default().labels(labels);
    let mut changes = std::pin::pin!(watcher(api, config).default_backoff().applied_objects());
    let mut all = BTreeMap::new();
    let mut open = 0;
    while open < count {
        let waiting = tokio::time::timeout(LIMIT, changes.try_next()).await;
        let pod = waiting
            .with_context(|| format!("no gate has opened for long, after {open}"))??
            .context("the watch has ended")?;
        open += usize::from(note(&mut all, &pod, Instant::now()));
    }
    Ok(all)
}

/// Whether this is the first time that the pod has no gate.
fn note(all: &mut BTreeMap<String, Seen>, pod: &Pod, now: Instant) -> bool {
    let environment = pod.labels().get(names::ENVIRONMENT_LABEL).cloned();
    let seen = all.entry(environment.unwrap_or_default()).or_insert(Seen {
        first: now,
        open: None,
    });
    let gates = pod.spec.as_ref().and_then(|spec| spec.scheduling_gates.as_ref());
    let opens = seen.open.is_none() && gates.is_none_or(Vec::is_empty);
    if opens {
        seen.open = Some(now);
    }
    opens
}

/// Waits until so many claims are held.
pub(super) async fn claims(product: &Product, count: usize) -> Result<()> {
    let claims: Api<DatabaseClaim> = Api::all(product.client.clone());
    wait_for("a claim for each environment", LIMIT * 4, || async {
        let all = claims.list(&ListParams::default()).await?;
        let held = all.items.iter();
        let held = held.filter(|claim| claim.spec.state == ClaimState::Held).count();
        Ok(Poll::when((held >= count).then_some(()), || {
            format!("{held} claims are held")
        }))
    })
    .await
}
