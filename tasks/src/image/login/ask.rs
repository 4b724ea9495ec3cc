//! Asks those who know an identity, and reads the JSON that they answer.

use super::error::words;
use super::{LoginError, Secret};
use crate::call::{Call, Caller, FORM, Failure, Signer, form};
use crate::network::{self, NetworkFailure};
use backon::{ExponentialBuilder, Retryable as _};
use reqwest::{Client, Method, Url};
use serde_json::Value;
use std::time::Duration;

/// Sends a form to a vendor.
pub(super) async fn post(
    server: &'static str,
    address: &str,
    fields: &[(&str, &str)],
    remedy: &str,
) -> Result<Value, LoginError> {
    let address = url(server, address)?;
    let call = Call {
        headers: vec![("content-type", FORM.to_owned())],
        body: form(&address, fields),
        ..Call::new(Method::POST, address)
    };
    let http = ready(server, network::signed_client())?;
    let answer = Caller::new(http, Signer::Nobody).call(call).await;
    let answer = answer.map_err(|failure| LoginError::of(server, failure, remedy))?;
    Ok(serde_json::from_slice(&answer).unwrap_or_default())
}

/// Asks what a cloud has on its nodes. Who is on no such node finds nobody there, and reads what is public.
pub(super) async fn node(
    server: &'static str,
    address: &str,
    query: &[(&str, &str)],
    header: (&'static str, &str),
) -> Result<Value, LoginError> {
    let mut address = url(server, address)?;
    if !query.is_empty() {
        address.query_pairs_mut().extend_pairs(query);
    }
    let call = Call {
        headers: vec![(header.0, header.1.to_owned())],
        ..Call::new(Method::GET, address)
    };
    let caller = Caller::new(ready(server, network::node_client())?, Signer::Nobody);
    let ask = || caller.call(call.clone());
    let answer = ask.retry(schedule()).when(may_come).await;
    let answer = answer.map_err(|failure| LoginError::NoIdentity {
        server,
        cause: words(failure),
    })?;
    Ok(serde_json::from_slice(&answer).unwrap_or_default())
}

fn schedule() -> ExponentialBuilder {
    let builder = ExponentialBuilder::default().with_min_delay(Duration::from_millis(500));
    builder.with_max_times(2)
}

/// In the first seconds of a pod of GKE nobody may answer yet. A name that leads nowhere will not lead anywhere later.
fn may_come(failure: &Failure) -> bool {
    match failure {
        Failure::Network(NetworkFailure::Other(cause)) => !cause.contains("failed to lookup address"),
        _ => false,
    }
}

/// A token of an answer.
pub(super) fn token(server: &'static str, answer: &Value, field: &str) -> Result<Secret, LoginError> {
    let token = answer[field].as_str().filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| LoginError::answer(server))?;
    Ok(Secret(token.to_owned()))
}

/// A file that this pod is given.
pub(super) fn file(server: &'static str, path: &str) -> Result<String, LoginError> {
    std::fs::read_to_string(path).map_err(|error| {
        let cause = format!("cannot be asked, since {path} cannot be read ({error})");
        LoginError::failed(server, cause, "look at the volumes of this pod")
    })
}

fn url(server: &'static str, address: &str) -> Result<Url, LoginError> {
    Url::parse(address).map_err(|error| {
        let cause = format!("has no address that can be used ({error})");
        LoginError::failed(server, cause, "correct the variables of this pod")
    })
}

fn ready(server: &'static str, client: reqwest::Result<Client>) -> Result<Client, LoginError> {
    client.map_err(|error| {
        let cause = format!("cannot be asked ({})", network::innermost(&error));
        LoginError::failed(server, cause, "check proxy and certificate settings")
    })
}
