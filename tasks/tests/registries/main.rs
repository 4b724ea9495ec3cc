//! Ways to registries: logins of clouds and of Docker's configuration, mirrors, proxies.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod acr;
mod client;
mod docker;
mod ecr;
mod google;
mod mirrors;
mod proxies;

#[path = "../support/mod.rs"]
mod support;
