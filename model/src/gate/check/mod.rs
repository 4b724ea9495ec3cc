//! A check of the gate by exploring every order of events, from [`decide`](super::decide()) and
//! [`plan`](crate::rollout::plan()) themselves.
//!
//! Each request to the API server is one step: reading the claim, listing pods, swapping the claim, patching or
//! deleting a pod. Between any two steps anything else may happen: another controller, a crash, a kubelet, a person,
//! a fault. The invariants are asked of *processes*, not of what Kubernetes says of them.

mod controller;
mod explore;
mod liveness;
mod object;
mod scenarios;
mod setup;
mod state;
mod world;
