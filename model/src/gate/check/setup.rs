//! What is explored: pods that may be made, what is wanted, which faults strike.

use super::state::{Life, PodState, Pods, Process, Report};
use crate::crd::claim::{ClaimState, Role};
use crate::crd::common::LeaderSelection;
use crate::gate::{CONDITIONS, Condition};

/// Models in the order of their age.
pub(super) const MODELS: [&str; 3] = ["a", "b", "c"];
/// The most pods of a setup.
pub(super) const SLOTS: usize = 5;

/// A pod that may be made once, at any time.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Slot {
    /// What the gate is told, and the process does as well unless `leads` or `runs` says otherwise.
    pub(super) role: Role,
    /// Index in [`MODELS`]; nothing while the tag is not resolved.
    pub(super) model: Option<u8>,
    /// The model that its process has.
    pub(super) runs: u8,
    /// Whether its process leads.
    pub(super) leads: bool,
    /// Its variables name the claim's database.
    pub(super) claimed: bool,
    /// Its role contradicts its variables, and the gate is told so.
    pub(super) contradicts: bool,
    /// Born with the gate.
    pub(super) gated: bool,
    /// Runs from the start, without gate and labels: only a complete list shows it.
    pub(super) stranger: bool,
}

pub(super) fn pod(role: Role, model: u8) -> Slot {
    Slot {
        role,
        model: Some(model),
        runs: model,
        leads: role == Role::Leader,
        claimed: true,
        contradicts: false,
        gated: true,
        stranger: false,
    }
}

pub(super) fn leader(model: u8) -> Slot {
    pod(Role::Leader, model)
}

pub(super) fn worker(model: u8) -> Slot {
    pod(Role::Worker, model)
}

/// A process that was there before us.
pub(super) fn stranger(model: u8) -> Slot {
    Slot {
        gated: false,
        stranger: true,
        model: None,
        role: Role::Unknown,
        ..leader(model)
    }
}

/// A rule of the protocol outside of `decide`, taken out to see what it is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Without {
    /// Nothing: the protocol as it is.
    Nothing,
    /// The reservation: a gate goes in the same step in which the claim is swapped in, or before.
    Reservation,
    /// The version in the patch that opens.
    PodVersion,
    /// The version in the swap.
    ClaimVersion,
    /// The finalizer in the patch that opens.
    Finalizer,
    /// The kubelet's word: phase `Failed` or a deletion counts as the end.
    Proof,
    /// The marks that void earlier reservations while adopting.
    Marks,
    /// The complete list that ends adopting.
    CompleteList,
    /// The owner in the claim.
    Owner,
}

/// How often each fault may strike. Controllers may end between two requests at any time besides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// A pod is deleted with force, or collected by the garbage collector.
    pub(super) forced: u8,
    /// The claim is deleted by hand.
    pub(super) claim_lost: u8,
    /// A list is answered from an outdated cache.
    pub(super) stale_list: u8,
}

/// How finely the life of a process is explored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kubelet {
    /// A process starts, changes the schema and is reported in one step, and ends in one step. What is left out is
    /// reported too late, and that only delays a release.
    Prompt,
    /// Every part is a step of its own, and processes end and start again.
    Lagging,
}

/// A process of somebody else that runs on the database all the time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Foreign {
    /// There is none.
    Nobody,
    /// The claim's owner is another environment.
    Owner,
    /// The claim is ours, and the other one pays no heed to it.
    Process,
}

/// A whole exploration.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) slots: Vec<Slot>,
    /// Wanted models, one after the other; none: not known.
    pub(super) wanted: Vec<u8>,
    /// Ways of leading, one after the other.
    pub(super) modes: Vec<LeaderSelection>,
    pub(super) controllers: usize,
    pub(super) kubelet: Kubelet,
    pub(super) faults: Faults,
    /// The claim at the start; nothing: there is none.
    pub(super) claim: Option<ClaimState>,
    /// A leader of this model was ready before.
    pub(super) synced: Option<u8>,
    pub(super) foreign: Foreign,
    /// Lists find pods by our labels only, so that they are never complete.
    pub(super) labels_only: bool,
    pub(super) without: Without,
    pub(super) conditions: Vec<Condition>,
}

impl Setup {
    pub(super) fn new(slots: Vec<Slot>) -> Self {
        Self {
            slots,
            wanted: vec![0],
            modes: vec![LeaderSelection::Assigned],
            controllers: 2,
            kubelet: Kubelet::Prompt,
            faults: Faults::default(),
            claim: Some(ClaimState::Held),
            synced: None,
            foreign: Foreign::Nobody,
            labels_only: false,
            without: Without::Nothing,
            conditions: CONDITIONS.to_vec(),
        }
    }

    /// Strangers run from the start.
    pub(super) fn first_pods(&self) -> Pods {
        let mut pods = Pods::default();
        for (slot, pod) in self.slots.iter().zip(&mut pods).filter(|(slot, _)| slot.stranger) {
            debug_assert!(!slot.gated, "what runs has no gate");
            *pod = PodState {
                life: Life::Here,
                bound: true,
                process: Process::Running,
                report: Report::Running,
                ..PodState::default()
            };
        }
        pods
    }

    /// Without one condition of the gate.
    pub(super) fn without_condition(mut self, id: &str) -> Self {
        self.conditions.retain(|condition| condition.id != id);
        assert_eq!(self.conditions.len() + 1, CONDITIONS.len(), "{id} is a condition");
        self
    }
}
