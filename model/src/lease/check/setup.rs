//! What is explored: processes that may be started, and which faults strike.

use super::super::take::{RULES, Rule};
use super::super::time::Terms;
use super::state::Faults;
use crate::crd::common::LeaderSelection;
use crate::names::Role;
use std::time::Duration;

/// The most processes of a setup.
pub(super) const SLOTS: usize = 3;

/// A process that may be started once, at any time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) role: Role,
    pub(super) model: u8,
    pub(super) mode: LeaderSelection,
    pub(super) owner: u8,
    /// Takes the database over from another owner.
    pub(super) adopts: bool,
    /// Whose row it takes for its own: its own, as instances are random.
    pub(super) instance: u8,
}

pub(super) fn leader(model: u8) -> Slot {
    Slot {
        role: Role::Leader,
        model,
        mode: LeaderSelection::Assigned,
        owner: 0,
        adopts: false,
        instance: u8::MAX,
    }
}

pub(super) fn worker(model: u8) -> Slot {
    Slot {
        role: Role::Worker,
        ..leader(model)
    }
}

/// A part of the protocol outside of `decide`, taken out to see what it is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Without {
    /// Nothing: the protocol as it is.
    Nothing,
    /// The statement of a taker rests on the marks that it saw.
    Marks,
    /// The statement of a taker rests on the version that it saw.
    Version,
    /// Versions are random, and do not count.
    RandomVersion,
    /// Marks count from the answer, and not from when it was asked for.
    FromAnswer,
    /// The lease counts from when its renewal was sent, and not from its answer.
    FromSending,
    /// A child is started only under a lease.
    StartUnderLease,
    /// A holder that could not renew kills its child.
    Expiry,
    /// A holder whose row has gone kills its child.
    GoneRow,
    /// The clock runs on while the machine is suspended.
    ClockRunsOn,
    /// A process says that it has ended when its child has.
    EndAfterChild,
}

#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) slots: Vec<Slot>,
    pub(super) faults: Faults,
    pub(super) rules: Vec<Rule>,
    pub(super) without: Without,
    /// What takers go by.
    pub(super) takers: Terms,
    /// What holders go by.
    pub(super) holders: Terms,
    /// A tick goes by only when all that can be sent was sent, carried out and answered.
    pub(super) prompt: bool,
    /// Two may run for so many ticks which must not.
    pub(super) bound: u8,
}

/// In ticks.
pub(super) const fn terms(limit: u64, kill: u64) -> Terms {
    Terms {
        limit: Duration::from_secs(limit),
        kill: Duration::from_secs(kill),
        interval: Duration::from_secs(1),
    }
}

impl Setup {
    pub(super) fn new(slots: &[Slot]) -> Self {
        let slots = slots.iter().enumerate().map(|(at, slot)| Slot {
            instance: u8::try_from(at).unwrap_or_default(),
            ..*slot
        });
        Self {
            slots: slots.collect(),
            faults: Faults::default(),
            rules: RULES.to_vec(),
            without: Without::Nothing,
            takers: terms(2, 1),
            holders: terms(2, 1),
            prompt: false,
            bound: 0,
        }
    }

    pub(super) fn with(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    pub(super) fn without(self, without: Without) -> Self {
        Self { without, ..self }
    }

    pub(super) fn without_rule(mut self, rule: Rule) -> Self {
        self.rules.retain(|one| *one != rule);
        self
    }
}
