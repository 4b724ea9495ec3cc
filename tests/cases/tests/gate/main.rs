//! Ways to two leaders or two models, each tried on two apps at once: one under the gate and one without.
//!
//! Both get the same fault. The register in their databases, which the processes themselves write, must show that the
//! one without the gate broke, else the fault was none; and that the one under the gate did not.

mod adoption;
mod claims;
mod clusters;
mod containers;
mod creators;
mod daemons;
mod displaced;
mod labels;
mod lost;
mod mirrors;
mod nodes;
mod owners;
mod pair;
mod pods;
mod restart;
mod scale;
mod spare;
mod stateful;
mod update;
