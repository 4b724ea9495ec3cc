//! A check of the lease by exploring every order of events, from [`decide`](super::decide()) and
//! [`duty`](super::duty) themselves.
//!
//! One statement is one step of the database; sending it, and hearing of it, are steps of their own. Between any two
//! steps anything else may happen: time goes by, a statement or its answer is lost, a statement is carried out long after
//! its sender gave up, a process is killed, a machine is suspended, the database fails over to a server that lacks the
//! newest rows. A database that is restarted is one that loses what is under way. The invariants are asked of
//! *processes*: what runs, and not what the rows say.
//!
//! Time goes by in ticks. Clocks run on by themselves; nobody compares two of them. A child is gone in time after its
//! lease is lost (`Terms::kill`), which is the promise that the guard's own life as PID 1 keeps.

mod deciding;
mod explore;
mod harm;
mod scenarios;
mod setup;
mod state;
mod statement;
mod world;
