//! What moments refer to by number: records, programs, pods as they are shown; and what was decided already.

use super::object::seen;
use super::setup::{SLOTS, Setup};
use super::state::{Life, Listed, PodState, Pods};
use crate::crd::claim::DatabaseClaimSpec;
use crate::gate::Pod;
use indexmap::IndexSet;
use nohash_hasher::IntMap;
use std::collections::HashMap;
use std::hash::Hash;

/// One request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Request {
    /// Creates or swaps the claim, to the record of this number.
    Swap(u32),
    Open(usize),
    Track(usize),
    Release(usize),
    Mark(usize),
    Delete(usize),
}

/// Requests of one round, in order. A claim that has to change is the whole round: what follows is decided anew.
pub(super) type Program = Vec<Request>;

/// Everything that a controller decides from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct View {
    /// Number of the claim's record.
    pub(super) record: Option<u32>,
    /// See [`Listed::shown`].
    pub(super) shown: [u16; SLOTS],
    pub(super) marks: [Mark; SLOTS],
    /// Index in [`Setup::wishes`].
    pub(super) wish: usize,
    pub(super) complete: bool,
    /// A bit for each pod that is in the claim, not in the list, and not there when it is asked for.
    pub(super) gone: u8,
}

/// Who marked a pod: that is all that is ever asked of the uid.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) enum Mark {
    #[default]
    Nobody,
    /// The claim that was read.
    ThisClaim,
    AnotherClaim,
}

/// Each thing once, by number.
#[derive(Default)]
pub(super) struct Tables {
    records: IndexSet<DatabaseClaimSpec>,
    /// A bit for each pod in the record's `opened`.
    opened: Vec<u8>,
    programs: IndexSet<Program>,
    pods: IndexSet<Pod>,
    /// By slot, and the pod as a number.
    shown: IntMap<u32, u16>,
    decided: HashMap<View, u32>,
    /// The last list: the next one is often of the same pods.
    listed: (Pods, Listed),
    kept: HashMap<(u32, u16), u32>,
}

impl Tables {
    pub(super) fn record(&self, number: u32) -> &DatabaseClaimSpec {
        &self.records[number as usize]
    }

    /// A bit for each pod that may run by this record.
    pub(super) fn opened(&self, number: u32) -> u8 {
        self.opened[number as usize]
    }

    pub(super) fn program(&self, number: u32) -> &[Request] {
        &self.programs[number as usize]
    }

    /// A pod by its number in [`Listed::shown`].
    pub(super) fn pod(&self, shown: u16) -> Option<&Pod> {
        self.pods.get_index(usize::from(shown).checked_sub(1)?)
    }

    pub(super) fn record_number(&mut self, record: DatabaseClaimSpec) -> u32 {
        let opened = (0..SLOTS)
            .filter(|slot| record.entry(&slot.to_string()).is_some())
            .fold(0, |bits, slot| bits | (1 << slot));
        let number = number(&mut self.records, record);
        if self.opened.len() < self.records.len() {
            self.opened.push(opened);
        }
        number
    }

    pub(super) fn program_number(&mut self, program: Program) -> u32 {
        number(&mut self.programs, program)
    }

    /// The program of which the requests with a bit in `keep` are left.
    pub(super) fn part(&mut self, program: u32, keep: u16) -> u32 {
        if self.program(program).len() == keep.count_ones() as usize {
            return program;
        }
        if let Some(known) = self.kept.get(&(program, keep)) {
            return *known;
        }
        let requests = self.program(program).iter().enumerate();
        let left = requests.filter(|(at, _)| keep & (1 << at) != 0);
        let left = left.map(|(_, request)| *request).collect();
        let part = self.program_number(left);
        self.kept.insert((program, keep), part);
        part
    }

    /// Looks a decision up, or takes it.
    pub(super) fn decided(&mut self, view: &View, decide: impl FnOnce(&mut Self) -> Program) -> u32 {
        if let Some(known) = self.decided.get(view) {
            return *known;
        }
        let program = decide(self);
        let number = self.program_number(program);
        self.decided.insert(*view, number);
        number
    }

    /// A list of the pods as they are.
    pub(super) fn list(&mut self, setup: &Setup, pods: &Pods) -> Listed {
        if self.listed.0 == *pods {
            return self.listed.1;
        }
        let mut listed = Listed::default();
        for (slot, pod) in pods.iter().enumerate().filter(|(_, pod)| pod.life == Life::Here) {
            listed.shown[slot] = self.shown(setup, slot, pod);
            listed.marks[slot] = pod.mark;
        }
        self.listed = (*pods, listed);
        listed
    }

    fn shown(&mut self, setup: &Setup, slot: usize, pod: &PodState) -> u16 {
        let key = u32::try_from(slot).unwrap_or(u32::MAX) << 16 | u32::from(pod.packed());
        if let Some(known) = self.shown.get(&key) {
            return *known;
        }
        let index = number(&mut self.pods, seen(setup, slot, pod));
        let shown = u16::try_from(index + 1).unwrap_or(u16::MAX);
        self.shown.insert(key, shown);
        shown
    }
}

fn number<T: Eq + Hash>(all: &mut IndexSet<T>, one: T) -> u32 {
    u32::try_from(all.insert_full(one).0).unwrap_or(u32::MAX)
}
