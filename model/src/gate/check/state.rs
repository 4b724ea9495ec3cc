//! Everything that can differ between two moments.

use super::setup::SLOTS;
use std::hash::{Hash, Hasher};

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
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
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
    /// All of it in a number: two pods differ when their numbers do. Claims have uids below 8.
    pub(super) fn packed(self) -> u16 {
        let flags = [
            self.gated,
            self.finalizer,
            self.deleted,
            self.collected,
            self.bound,
            self.seen,
            self.report_seen,
        ];
        let flags = flags.iter().fold(0, |bits, flag| bits << 1 | u16::from(*flag));
        let kinds = (self.life as u16) << 4 | (self.process as u16) << 2 | self.report as u16;
        flags << 9 | u16::from(self.mark) << 6 | kinds
    }
}

/// By the number, since a moment is hashed many times for each time that it is looked at.
impl Hash for PodState {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u16(self.packed());
    }
}

pub(super) type Pods = [PodState; SLOTS];

/// Uid of a claim, and the number of its record.
pub(super) type ClaimState = Option<(u8, u32)>;

/// What a list shows, and what happened to the pods since.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Listed {
    /// Number of each pod as it is shown, without its mark; 0 for one that is not there.
    pub(super) shown: [u16; SLOTS],
    /// Uids of the claims that marked them.
    pub(super) marks: [u8; SLOTS],
    /// A bit for each pod that was written since.
    pub(super) changed: u8,
}

/// Where a controller is between two of its requests.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Controller {
    #[default]
    Idle,
    /// Has read the claim.
    Read { claim: ClaimState, claim_changed: bool },
    /// Has listed the pods and decided; has made `done` requests; `changed` has a bit for each pod.
    Acting {
        /// Uid of the claim that was read.
        claim: u8,
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
    /// The highest uid of a claim so far.
    pub(super) claims_made: u8,
    /// Model that the schema of the database has.
    pub(super) schema: u8,
    /// A bit for each model that the schema has had.
    pub(super) led: u8,
    /// A process started on the schema of a later model, or a worker on that of any other.
    pub(super) misplaced: bool,
    /// The first of the setup's wishes that somebody may still hear of.
    pub(super) wish: u8,
    /// Faults that may still strike.
    pub(super) left: Faults,
    /// What an outdated cache shows.
    pub(super) stale: Option<Listed>,
    pub(super) controllers: [Controller; 2],
}

/// How often each fault may strike. Controllers may end between two requests at any time besides.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Faults {
    /// A pod is deleted with force.
    pub(super) forced: u8,
    /// A pod is collected by the garbage collector of pods.
    pub(super) collected: u8,
    /// The claim is deleted by hand.
    pub(super) claim_lost: u8,
    /// A list is answered from an outdated cache.
    pub(super) stale_list: u8,
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
        if let Some(stale) = &mut self.stale {
            stale.changed |= 1 << slot;
        }
    }
}
