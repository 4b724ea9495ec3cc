//! Who may run on a database, by rows in the database itself (docs/adr/0005): what only the database sees of two
//! clusters, of a node that is cut off, or of a process that no pod of the cluster runs.
//!
//! A process that runs has a row with a mark that it makes anew every [`Terms::interval`]. Whoever cannot renew for
//! [`Terms::limit`] kills its child; whoever wants to run waits until the mark of each process in its way has stood
//! still for so long, and the time of the kill, by its own clock alone. [`decide()`] says what a taker may do, [`duty`]
//! what a holder must; `check` explores both in every order of events.

mod hold;
mod record;
mod sentence;
mod status;
mod strangers;
mod take;
mod time;
mod told;
mod watch;

pub use hold::{Duty, Lease, Loss, duty};
pub use record::{FORMAT, Process, Record, Row, Rows};
pub use status::{GuardStatus, LeaseState, LeaseStatus, REFUSED, STATUS_PATH, SYNCHRONISING};
pub use strangers::{Foreign, Sighting, Strangers};
pub use take::{Dead, Refusal, Take, Verdict, Wait, decide};
pub use time::{Moment, TERMS, Terms};
pub use told::Told;
pub use watch::Watch;

#[cfg(test)]
mod check;
