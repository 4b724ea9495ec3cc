//! What is explored: pods that may be made, what is wanted, which faults strike.

use super::state::{Faults, Life, PodState, Pods, Process, Report};
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
    /// The form of the claim.
    Form,
    /// The planner's deletions, which only progress rests on.
    Planner,
}

/// Which moments stand for others that need not be looked at. That each may is argued where it is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Reductions {
    /// What can make no difference any more is left out of a moment: see [`same`](super::same).
    pub(super) forget: bool,
    /// Controllers read as late as they can: see [`order`](super::order).
    pub(super) late: bool,
    /// A moment is not looked at again with fewer faults to come: see [`seen`](super::seen).
    pub(super) spend: bool,
}

impl Reductions {
    pub(super) const NONE: Self = Self {
        forget: false,
        late: false,
        spend: false,
    };
    pub(super) const ALL: Self = Self {
        forget: true,
        late: true,
        spend: true,
    };
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
    /// The claim was written by a later release, which lets the other one on by what this one cannot read.
    LaterRelease,
}

/// What is wanted at one time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// Index in [`MODELS`].
    pub(super) model: Option<u8>,
    pub(super) mode: LeaderSelection,
}

/// A whole exploration.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Setup {
    pub(super) slots: Vec<Slot>,
    /// Wanted models; none: not known.
    pub(super) wanted: Vec<u8>,
    /// Ways of leading; the claim was made for the first.
    pub(super) modes: Vec<LeaderSelection>,
    /// Wishes come one after the other and never again. Otherwise any may come at any time, and two controllers may
    /// hear of different ones.
    pub(super) forward: bool,
    /// I4 is asked by the true age of models, also of those that never led.
    pub(super) aged: bool,
    /// A pod that nothing remembers any more is made again, so that any number come one after the other. Otherwise each
    /// is made once.
    pub(super) again: bool,
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
    pub(super) reductions: Reductions,
}

impl Setup {
    pub(super) fn new(slots: Vec<Slot>) -> Self {
        Self {
            slots,
            wanted: vec![0],
            modes: vec![LeaderSelection::Assigned],
            forward: false,
            aged: false,
            again: true,
            controllers: 2,
            kubelet: Kubelet::Prompt,
            faults: Faults::default(),
            claim: Some(ClaimState::Held),
            synced: None,
            foreign: Foreign::Nobody,
            labels_only: false,
            without: Without::Nothing,
            conditions: CONDITIONS.to_vec(),
            reductions: Reductions::ALL,
        }
    }

    /// Wishes come one after the other, and models in the order of their age.
    pub(super) fn forward(self) -> Self {
        Self {
            forward: true,
            aged: true,
            ..self
        }
    }

    /// Each pod is made once.
    pub(super) fn once(self) -> Self {
        Self { again: false, ..self }
    }

    /// With these faults. Only forward where a claim may be lost: see
    /// [`a_lost_claim_forgets_which_models_led`](super::limits).
    pub(super) fn with(self, faults: Faults) -> Self {
        let setup = Self { faults, ..self };
        if faults.claim_lost > 0 {
            setup.forward()
        } else {
            setup
        }
    }

    /// What may be wanted when somebody asks. A wish that nobody asks for makes no difference.
    pub(super) fn wishes(&self) -> Vec<Wish> {
        let mut wanted: Vec<Option<u8>> = self.wanted.iter().copied().map(Some).collect();
        if wanted.is_empty() {
            wanted.push(None);
        }
        let of_mode = |mode: LeaderSelection| wanted.iter().map(move |model| Wish { model: *model, mode });
        self.modes.iter().flat_map(|mode| of_mode(*mode)).collect()
    }

    pub(super) fn wishes_count(&self) -> usize {
        self.modes.len() * self.wanted.len().max(1)
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
