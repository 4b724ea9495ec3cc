//! Everything that can differ between two moments.

use super::setup::SLOTS;

/// Whether a pod's object is there.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Life {
    #[default]
    Unborn,
    Here,
    Gone,
}

/// The process of a pod.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Process {
    #[default]
    Never,
    Running,
    Ended,
}

/// What the kubelet wrote last of the process.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Report {
    #[default]
    Nothing,
    Running,
    Ready,
    Ended,
}

/// One pod: object, kubelet and process.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct PodState {
    pub(super) life: Life,
    pub(super) gated: bool,
    /// Uid of the claim that marked it; 0 for none.
    pub(super) mark: u8,
    pub(super) finalizer: bool,
    pub(super) deleted: bool,
    /// Phase `Failed`, written by the garbage collector.
    pub(super) collected: bool,
    pub(super) bound: bool,
    /// The kubelet has seen the deletion: it starts nothing any more.
    pub(super) seen: bool,
    pub(super) process: Process,
    pub(super) report: Report,
    /// The report speaks of the deleted pod.
    pub(super) report_seen: bool,
}

impl PodState {
    /// A pod that is gone with its process has no past that matters.
    pub(super) fn settled(self) -> Self {
        if self.life == Life::Gone && self.process != Process::Running && (self.seen || !self.bound) {
            return Self {
                life: Life::Gone,
                ..Self::default()
            };
        }
        self
    }
}

pub(super) type Pods = [PodState; SLOTS];

/// Uid of a claim, and the number of its record.
pub(super) type ClaimState = Option<(u8, u32)>;

/// Where a controller is between two of its requests.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Controller {
    #[default]
    Idle,
    /// Has read the claim.
    Read { claim: ClaimState, claim_changed: bool },
    /// Has listed the pods and decided; has made `done` requests; `changed` has a bit for each pod.
    Acting {
        program: u32,
        done: u8,
        claim_changed: bool,
        changed: u8,
    },
}

/// A moment.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct State {
    pub(super) pods: Pods,
    pub(super) claim: ClaimState,
    pub(super) claims_made: u8,
    /// Model that the schema of the database has.
    pub(super) schema: u8,
    /// A process started on the schema of a later model, or a worker on that of any other.
    pub(super) misplaced: bool,
    /// Index in the setup's wanted models.
    pub(super) wanted: u8,
    /// Index in the setup's modes.
    pub(super) mode: u8,
    pub(super) forced: u8,
    pub(super) claim_lost: u8,
    pub(super) stale_lists: u8,
    /// What an outdated cache shows.
    pub(super) stale: Option<Pods>,
    pub(super) controllers: [Controller; 2],
}

impl State {
    /// The claim was written: whoever read it before fails to swap it.
    pub(super) fn claim_changed(&mut self) {
        for controller in &mut self.controllers {
            match controller {
                Controller::Idle => {}
                Controller::Read { claim_changed, .. } | Controller::Acting { claim_changed, .. } => {
                    *claim_changed = true;
                }
            }
        }
    }

    /// A pod's object was written: whoever listed it before fails to patch it.
    pub(super) fn pod_changed(&mut self, slot: usize) {
        for controller in &mut self.controllers {
            if let Controller::Acting { changed, .. } = controller {
                *changed |= 1 << slot;
            }
        }
    }
}
