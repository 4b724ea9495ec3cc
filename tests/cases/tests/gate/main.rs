//! Ways to two leaders or two models, each tried on two apps at once: one under the gate and one without.
//!
//! Both get the same fault. The register in their databases, which the processes themselves write, must show that the
//! one without the gate broke, else the fault was none; and that the one under the gate did not. What no gate can hold,
//! and the rows in the database do: [`lease`].

mod adoption;
mod claims;
mod containers;
mod creators;
mod daemons;
mod displaced;
mod labels;
mod lease;
mod lost;
mod mirrors;
mod moved;
mod nodes;
mod owners;
mod pair;
mod pods;
mod restart;
mod scale;
mod spare;
mod stateful;
mod update;
