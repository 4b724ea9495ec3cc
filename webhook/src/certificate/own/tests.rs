//! Certificates are renewed while reviews go on: real TLS, two replicas, many clients that believe what a configuration
//! told a moment ago, each review on a connection of its own.

use super::*;
use crate::server::{Reviewer, router, serve};
use api::Api;
use axum_server::Handle;
use reqwest::Certificate;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

mod api;

const HOST: &str = "webhook.system.svc";
const REVIEW: &str = include_str!("../../../tests/data/create.json");
const CLIENTS: usize = 8;
/// A renewal takes about a second.
const TIMES: Times = Times {
    renewal: Duration::ZERO,
    settling: Duration::from_millis(800),
    look: Duration::from_millis(50),
};
/// How old what an API server believes may be.
const LAG: Duration = Duration::from_millis(100);

/// What has happened so far.
#[derive(Default)]
struct Outcome {
    answered: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

fn own(api: &Api) -> Own {
    Own {
        client: api.client(),
        names: Names {
            namespace: "system".to_owned(),
            secret: "webhook".to_owned(),
            service: "webhook".to_owned(),
            configuration: "webhook".to_owned(),
        },
        times: TIMES,
        trusted: Arc::default(),
    }
}

/// Starts a replica and returns its address.
async fn replica(api: &Api) -> SocketAddr {
    let certificate = own(api).serve().await;
    let handle = Handle::new();
    let router = router(Reviewer::default(), Duration::from_secs(30));
    tokio::spawn(serve(
        (Ipv4Addr::LOCALHOST, 0).into(),
        router,
        certificate,
        handle.clone(),
    ));
    handle.listening().await.unwrap()
}

/// What is believed, renewed as API servers do it: some time after the configuration has changed.
fn believed(api: &Api) -> Arc<Mutex<Vec<u8>>> {
    let believed = Arc::new(Mutex::new(api.bundle()));
    let (api, kept) = (api.clone(), believed.clone());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LAG).await;
            let bundle = api.bundle();
            *kept.lock().unwrap() = bundle;
        }
    });
    believed
}

async fn review(address: SocketAddr, bundle: &[u8]) -> Result<(), String> {
    let trusted = Certificate::from_pem_bundle(bundle).map_err(|error| error.to_string())?;
    let client = reqwest::Client::builder()
        .tls_certs_only(trusted)
        .resolve(HOST, address)
        .no_proxy()
        .build()
        .map_err(|error| error.to_string())?;
    let url = format!("https://{HOST}:{}/validate", address.port());
    let answer = client.post(url).body(REVIEW).send().await;
    let answer = answer.map_err(|error| format!("{error:?}"))?;
    let text = answer.text().await.map_err(|error| error.to_string())?;
    text.contains("\"allowed\":true").then_some(()).ok_or(text)
}

async fn client(replicas: [SocketAddr; 2], believed: Arc<Mutex<Vec<u8>>>, outcome: Arc<Outcome>) {
    for replica in replicas.into_iter().cycle() {
        let bundle = believed.lock().unwrap().clone();
        match review(replica, &bundle).await {
            Ok(()) => drop(outcome.answered.fetch_add(1, Ordering::Relaxed)),
            Err(error) => outcome.failed.lock().unwrap().push(error),
        }
    }
}

/// Renews for as long as `enough` says no, of the number of renewals so far.
async fn under_load(enough: impl Fn(usize) -> bool) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let api = Api::start().await;
    let replicas = [replica(&api).await, replica(&api).await];
    let (believed, outcome) = (believed(&api), Arc::new(Outcome::default()));
    for _ in 0..CLIENTS {
        tokio::spawn(client(replicas, believed.clone(), outcome.clone()));
    }
    let mut looks = tokio::time::interval(LAG);
    while !enough(api.renewals()) {
        looks.tick().await;
    }
    let failed = outcome.failed.lock().unwrap();
    assert!(
        failed.is_empty(),
        "{} failed, such as {}",
        failed.len(),
        failed[0]
    );
    let answered = outcome.answered.load(Ordering::Relaxed);
    assert!(
        answered > api.renewals(),
        "{answered} reviews, {} renewals",
        api.renewals()
    );
    println!("{answered} reviews during {} renewals", api.renewals());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_review_fails_while_certificates_are_renewed() {
    under_load(|renewals| renewals >= 4).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: takes a minute"]
async fn no_review_fails_for_a_minute_of_renewals() {
    let start = Instant::now();
    under_load(|renewals| renewals > 0 && start.elapsed() > Duration::from_mins(1)).await;
}

/// The first replica to write wins; the other takes what it finds.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_serve_one_pair() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let api = Api::start().await;
    let (one, two) = (own(&api), own(&api));
    for _ in 0..3 {
        let looks = tokio::join!(one.look(None), two.look(None));
        let stores = [looks.0.unwrap(), looks.1.unwrap()].map(|it| it.map(|(_, store)| store.present));
        if let [Some(one), Some(two)] = stores {
            assert_eq!(one, two);
            return;
        }
    }
    panic!("no pair was made");
}

#[tokio::test]
async fn a_secret_that_holds_something_else_is_made_again() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let api = Api::start().await;
    api.put_secret(&serde_json::json!({ "tls.crt": "bm90aGluZw==" }));
    let own = own(&api);
    assert!(own.look(None).await.unwrap().is_none());
    assert!(own.look(None).await.unwrap().is_some());
}
