//! Moments that differ only in what can make no difference any more are one moment.
//!
//! Each function says why every way to harm from the moment before is also one from the moment after, in as many steps
//! or fewer.

use super::controller::about;
use super::setup::{Setup, Without};
use super::state::{Controller, Life, PodState, Process, State};
use super::tables::{Request, Tables};

/// The moment that stands for all that are the same.
pub(super) fn same(setup: &Setup, tables: &mut Tables, mut state: State) -> State {
    if setup.reductions.forget {
        for slot in 0..state.pods.len() {
            state.pods[slot] = forget_past(state.pods[slot]);
        }
        for at in 0..setup.controllers {
            state.controllers[at] = forget_requests(setup, tables, state.controllers[at]);
        }
        name_claims(&mut state);
        if setup.aged {
            // Only asked for where the age of models is not known.
            state.led = 0;
        }
    }
    for (slot, kind) in setup.slots.iter().enumerate() {
        if setup.again && !kind.stranger && !is_remembered(tables, &state, slot) {
            state.pods[slot] = PodState::default();
        }
    }
    if setup.reductions.forget {
        // Two controllers are alike: which of them is where makes no difference. Pods of one kind are not: of two that
        // may start, the gate lets the one with the lower uid in.
        state.controllers[..setup.controllers].sort_unstable();
    }
    state
}

/// Nobody reads an object that is gone: of its pod only the process is left, and whether the kubelet may start it.
/// And marks are only asked of pods that wait at the gate, which is never put back.
pub(super) fn forget_past(pod: PodState) -> PodState {
    match pod.life {
        Life::Gone if pod.process != Process::Running && (pod.seen || !pod.bound) => PodState {
            life: Life::Gone,
            ..PodState::default()
        },
        Life::Gone => PodState {
            life: Life::Gone,
            bound: pod.bound,
            seen: pod.seen,
            process: pod.process,
            ..PodState::default()
        },
        _ if !pod.gated => PodState { mark: 0, ..pod },
        _ => pod,
    }
}

/// Whether anything at all tells a pod from one that never was. When nothing does, another may be made in its place,
/// under its uid: so any number of pods come one after the other, and only that many at a time are bounded.
fn is_remembered(tables: &Tables, state: &State, slot: usize) -> bool {
    let pod = state.pods[slot];
    let ended = pod.process != Process::Running && (pod.seen || !pod.bound);
    let bit = 1 << slot;
    let by_record = |record: u32| tables.opened(record) & bit != 0;
    let by_request = |request: &Request| match request {
        Request::Swap(record) => by_record(*record),
        other => about(*other) == Some(slot),
    };
    pod.life != Life::Gone
        || !ended
        || state.claim.is_some_and(|(_, record)| by_record(record))
        || state.stale.is_some_and(|stale| stale.shown[slot] > 0)
        || state.controllers.iter().any(|controller| match controller {
            Controller::Idle => false,
            Controller::Read { claim, .. } => claim.is_some_and(|(_, record)| by_record(record)),
            Controller::Acting { program, done, .. } => tables.program(*program)[usize::from(*done)..]
                .iter()
                .any(by_request),
        })
}

/// Requests that are bound to fail change nothing; without them a controller is where it would be after them. Nor does
/// a deletion matter: a person may delete any pod at any time, so what follows from it is explored besides.
fn forget_requests(setup: &Setup, tables: &mut Tables, controller: Controller) -> Controller {
    match controller {
        Controller::Read {
            claim: None,
            claim_changed: true,
        } if setup.without != Without::ClaimVersion => Controller::Idle,
        Controller::Idle | Controller::Read { .. } => controller,
        Controller::Acting {
            claim,
            program,
            done,
            claim_changed,
            changed,
        } => {
            let requests = tables.program(program).iter().enumerate().skip(usize::from(done));
            let live = requests.filter(|(_, request)| may_succeed(setup, **request, claim_changed, changed));
            let (mut keep, mut marks, mut swaps) = (0, false, false);
            for (at, request) in live {
                keep |= 1 << at;
                marks |= matches!(request, Request::Mark(_));
                swaps |= matches!(request, Request::Swap(_));
            }
            if keep == 0 {
                return Controller::Idle;
            }
            Controller::Acting {
                claim: if marks { claim } else { 0 },
                program: tables.part(program, keep),
                done: 0,
                claim_changed: claim_changed && swaps,
                changed: 0,
            }
        }
    }
}

fn may_succeed(setup: &Setup, request: Request, claim_changed: bool, changed: u8) -> bool {
    let fresh = about(request).is_none_or(|slot| changed & (1 << slot) == 0);
    match request {
        Request::Swap(_) => !claim_changed || setup.without == Without::ClaimVersion,
        Request::Open(_) => fresh || setup.without == Without::PodVersion,
        Request::Track(_) | Request::Release(_) | Request::Mark(_) => fresh,
        Request::Delete(_) => false,
    }
}

/// Uids of claims are only ever compared with one another, so they may be given again, in the order in which they are
/// met.
fn name_claims(state: &mut State) {
    let mut names = [0_u8; 8];
    let mut last = 0;
    let mut name = |uid: &mut u8| {
        let index = usize::from(*uid);
        if index > 0 && names[index] == 0 {
            last += 1;
            names[index] = last;
        }
        *uid = names[index];
    };
    if let Some((uid, _)) = &mut state.claim {
        name(uid);
    }
    for pod in &mut state.pods {
        name(&mut pod.mark);
    }
    for mark in state.stale.iter_mut().flat_map(|stale| &mut stale.marks) {
        name(mark);
    }
    for controller in &mut state.controllers {
        match controller {
            Controller::Read {
                claim: Some((uid, _)),
                ..
            }
            | Controller::Acting { claim: uid, .. } => name(uid),
            Controller::Idle | Controller::Read { claim: None, .. } => {}
        }
    }
    state.claims_made = last;
}
