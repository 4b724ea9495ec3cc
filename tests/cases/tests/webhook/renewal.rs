//! Certificates that are renewed while the API server asks.

use super::{created, leader, product, with};
use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use mendix_cases::Product;
use mendix_cases::product::RELEASE_NAMESPACE;
use std::time::Duration;
use tokio::time::Instant;

const CONFIGURATION: &str = "mendix-webhook";
const SECRET: &str = "mendix-webhook-certificate";

/// The certificate, and the authorities that the API server is told.
async fn certificates(product: &Product) -> Result<(Vec<u8>, Vec<u8>)> {
    let secrets: Api<Secret> = Api::namespaced(product.client.clone(), RELEASE_NAMESPACE);
    let secret = secrets.get(SECRET).await?.data.context("a certificate")?;
    let served = secret.get("tls.crt").context("a certificate")?.0.clone();
    let api: Api<ValidatingWebhookConfiguration> = Api::all(product.client.clone());
    let webhooks = api.get(CONFIGURATION).await?.webhooks.context("webhooks")?;
    let told = webhooks
        .into_iter()
        .next()
        .and_then(|it| it.client_config.ca_bundle);
    Ok((served, told.context("an authority")?.0))
}

/// Asks for something wrong, one request after the other, until so many renewals were seen and so much time has passed.
/// Each must be judged.
async fn judged(product: &Product, renewals: usize, time: Duration) -> Result<(usize, usize)> {
    let begun = Instant::now();
    let wrong = with(leader("renewed"), "/spec/replicas", 2);
    let mut seen = vec![certificates(product).await?.0];
    let mut judged = 0;
    while seen.len() <= renewals || begun.elapsed() < time {
        let words = created(product, &wrong)
            .await?
            .err()
            .context("a violation was let in")?;
        ensure!(
            words.contains("MX031"),
            "after {judged} requests and {} renewals: {words}",
            seen.len() - 1
        );
        judged += 1;
        let (served, told) = certificates(product).await?;
        ensure!(!told.is_empty(), "the API server is told nothing");
        if seen.last() != Some(&served) {
            seen.push(served);
        }
    }
    Ok((judged, seen.len() - 1))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_certificates_are_renewed() -> Result<()> {
    let product = product().await?;
    let (judged, renewals) = judged(&product, 4, Duration::ZERO).await?;
    println!("{judged} requests during {renewals} renewals");
    Ok(())
}

/// As often as an API server can be told; once a second is a test of the webhook alone.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute"]
async fn no_request_of_a_busy_minute_fails_while_certificates_are_renewed() -> Result<()> {
    let product = product().await?;
    let clients = (0..8).map(|_| judged(&product, 4, Duration::from_mins(1)));
    let all = try_join_all(clients).await?;
    let judged: usize = all.iter().map(|(judged, _)| judged).sum();
    println!("{judged} requests during {} renewals", all[0].1);
    Ok(())
}
