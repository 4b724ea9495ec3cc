//! A fixed number of requests a second from several clients.

use super::objects::{ASKED, deployment, pod};
use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client};
use mendix_cases::{Product, dry_run};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

const CLIENTS: usize = 20;
/// 50 a second.
const PACE: Duration = Duration::from_millis(20);

/// Milliseconds that requests took.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    pub(super) pods: Vec<f64>,
    pub(super) deployments: Vec<f64>,
}

/// Pods and Deployments by turns.
pub(super) async fn run(product: &Product, requests: usize) -> Result<Taken> {
    let (start, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(product.client.clone(), start, next.clone(), requests)))
        .collect();
    let mut all = Taken::default();
    for client in clients {
        let taken = client.await??;
        all.pods.extend(taken.pods);
        all.deployments.extend(taken.deployments);
    }
    Ok(all)
}

/// Each request has its time, and what it takes is counted from there: one that waits for a free client took longer.
async fn client(client: Client, start: Instant, next: Arc<AtomicUsize>, requests: usize) -> Result<Taken> {
    let mut taken = Taken::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= requests {
            return Ok(taken);
        }
        let due = start + PACE * u32::try_from(number)?;
        sleep_until(due).await;
        request(&client, number).await?;
        let milliseconds = due.elapsed().as_secs_f64() * 1000.0;
        if number.is_multiple_of(2) {
            taken.pods.push(milliseconds);
        } else {
            taken.deployments.push(milliseconds);
        }
    }
}

async fn request(client: &Client, number: usize) -> Result<()> {
    let name = format!("asked{number:04}");
    if number.is_multiple_of(2) {
        let api: Api<Pod> = Api::namespaced(client.clone(), ASKED);
        api.create(&dry_run(), &pod(&name)?).await?;
    } else {
        let api: Api<Deployment> = Api::namespaced(client.clone(), ASKED);
        let object = serde_json::from_value(deployment(&name, 1))?;
        api.create(&dry_run(), &object).await?;
    }
    Ok(())
}
