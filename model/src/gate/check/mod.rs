//! A check of the gate by exploring every order of events, from [`decide`](super::decide()) and
//! [`plan`](crate::rollout::plan()) themselves.
//!
//! Each request to the API server is one step: reading the claim, listing pods, swapping the claim, patching or
//! deleting a pod. Between any two steps anything else may happen: another controller, a crash, a kubelet, a person,
//! a fault. The invariants are asked of *processes*, not of what Kubernetes says of them.
//!
//! `cargo test -p mendix-model gate::check` looks at each fault alone; with `-- --ignored` at several at once. What is
//! left out of the exploration, and why that loses nothing: [`same`], [`order`], [`seen`]; and [`reductions`] tries it.
//!
//! | rules | what taking them out alone does: [`harm`] |
//! |---|---|
//! | `MX002` to `MX007`, `MX009` to `MX012` | breaks the invariant that they hold up |
//! | `MX001`, `MX014` | nothing: [`decide`](super::decide()) itself leaves a claim alone that belongs to others, or has a later form; the conditions say it to people. Taken out of both, I1 breaks |
//! | `MX008`, `MX013` | nothing: they serve progress, and hold up no invariant |
//! | reservation, versions in swap and patch, finalizer, proof of the end, marks, complete list | breaks I2 |
//!
//! Harm that comes about although every rule is kept: [`limits`].

mod controller;
mod explore;
mod harm;
mod limits;
mod liveness;
mod object;
mod order;
mod program;
mod reductions;
mod same;
mod scenarios;
mod seen;
mod setup;
mod state;
mod tables;
mod world;
