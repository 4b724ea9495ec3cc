//! The guard as a process, with real children, against an admin port made by hand from the m2ee admin protocol.
//!
//! `cfg(test)` says nothing new here; it tells clippy that helpers of tests may panic.

#[cfg(test)]
#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
#[path = "../../../tasks/tests/support/certificates.rs"]
mod certificates;
#[cfg(test)]
mod double;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod keep;
#[cfg(test)]
mod lease;
#[cfg(test)]
mod link;
#[cfg(test)]
mod pooler;
#[cfg(test)]
#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
#[path = "../../../tasks/tests/support/postgres.rs"]
mod postgres;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod runtime;
#[cfg(test)]
mod secret_store;
#[cfg(test)]
mod start;
#[cfg(test)]
mod stop;
