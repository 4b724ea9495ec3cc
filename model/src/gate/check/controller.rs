//! A controller, one request to the API server at a time.

use super::program::program;
use super::setup::{Setup, Without};
use super::state::{Controller, Life, Listed, State};
use super::tables::{Mark, Request, Tables, View};
use super::world::{Event, delete, remove, spend};

/// What a controller may do next.
pub(super) fn events(setup: &Setup, state: &State, at: usize) -> Vec<Event> {
    let crash = [Event::Crash(at)];
    let lists =
        (0..setup.wishes_count()).flat_map(|wish| [Event::List(at, wish), Event::ListOutdated(at, wish)]);
    match state.controllers[at] {
        Controller::Idle => vec![Event::Read(at)],
        Controller::Read { .. } => lists.chain(crash).collect(),
        Controller::Acting { done, .. } => [Event::Request(at, usize::from(done))]
            .into_iter()
            .chain(crash)
            .collect(),
    }
}

/// The moment after a controller's step.
pub(super) fn after(setup: &Setup, tables: &mut Tables, state: &State, event: Event) -> Option<State> {
    let mut next = *state;
    match event {
        Event::Read(at) => {
            next.controllers[at] = Controller::Read {
                claim: state.claim,
                claim_changed: false,
            };
        }
        Event::Crash(at) => next.controllers[at] = Controller::Idle,
        Event::CacheStops => {
            spend(&mut next.left.stale_list)?;
            next.stale = Some(tables.list(setup, &state.pods));
        }
        Event::List(at, wish) => {
            hear(setup, &mut next, wish)?;
            let listed = tables.list(setup, &state.pods);
            next.controllers[at] = decide(setup, tables, state, at, &listed, (wish, true))?;
        }
        Event::ListOutdated(at, wish) => {
            hear(setup, &mut next, wish)?;
            let listed = next.stale.take()?;
            next.controllers[at] = decide(setup, tables, state, at, &listed, (wish, false))?;
        }
        Event::Request(at, request) => perform(setup, tables, &mut next, at, request)?,
        _ => return None,
    }
    Some(next)
}

/// Who asks after this one hears of no earlier wish, when wishes go forward only.
fn hear(setup: &Setup, next: &mut State, wish: usize) -> Option<()> {
    if setup.forward {
        (wish >= usize::from(next.wish)).then_some(())?;
        next.wish = u8::try_from(wish).ok()?;
    }
    Some(())
}

fn decide(
    setup: &Setup,
    tables: &mut Tables,
    state: &State,
    at: usize,
    listed: &Listed,
    (wish, complete): (usize, bool),
) -> Option<Controller> {
    let Controller::Read { claim, claim_changed } = state.controllers[at] else {
        return None;
    };
    let uid = claim.map_or(0, |(uid, _)| uid);
    let record = claim.map(|(_, record)| record);
    let view = View {
        record,
        shown: listed.shown,
        marks: listed.marks.map(|mark| match mark {
            0 => Mark::Nobody,
            mark if mark == uid => Mark::ThisClaim,
            _ => Mark::AnotherClaim,
        }),
        wish,
        complete,
        gone: record.map_or(0, |record| gone(tables, state, record, listed)),
    };
    let program = tables.decided(&view, |tables| program(setup, tables, &view));
    Some(acting(tables, uid, program, 0, claim_changed, listed.changed))
}

/// A controller before its next request.
fn acting(
    tables: &Tables,
    claim: u8,
    program: u32,
    done: u8,
    claim_changed: bool,
    changed: u8,
) -> Controller {
    if tables.program(program).len() <= usize::from(done) {
        return Controller::Idle;
    }
    Controller::Acting {
        claim,
        program,
        done,
        claim_changed,
        changed,
    }
}

/// Entries of the claim that the list did not show and that the API server does not have either.
fn gone(tables: &Tables, state: &State, record: u32, listed: &Listed) -> u8 {
    let opened = tables.opened(record);
    (0..listed.shown.len())
        .filter(|slot| opened & (1 << slot) != 0)
        .filter(|slot| listed.shown[*slot] == 0 && state.pods[*slot].life == Life::Gone)
        .fold(0, |bits, slot| bits | (1 << slot))
}

fn perform(setup: &Setup, tables: &Tables, next: &mut State, at: usize, index: usize) -> Option<()> {
    let Controller::Acting {
        claim,
        program,
        claim_changed,
        changed,
        ..
    } = next.controllers[at]
    else {
        return None;
    };
    match tables.program(program)[index] {
        Request::Swap(record) => {
            if !claim_changed || (setup.without == Without::ClaimVersion && next.claim.is_some()) {
                swap(next, record);
            }
        }
        request => on_pod(setup, next, request, claim, changed),
    }
    // What the request changed has been noted in the controller's own state as well.
    if let Controller::Acting {
        done,
        claim_changed,
        changed,
        ..
    } = next.controllers[at]
    {
        next.controllers[at] = acting(tables, claim, program, done + 1, claim_changed, changed);
    }
    Some(())
}

fn swap(next: &mut State, record: u32) {
    let uid = if let Some((uid, _)) = next.claim {
        uid
    } else {
        next.claims_made += 1;
        next.claims_made
    };
    next.claim = Some((uid, record));
    next.claim_changed();
}

/// The pod that a request is about.
pub(super) fn about(request: Request) -> Option<usize> {
    match request {
        Request::Swap(_) => None,
        Request::Open(slot)
        | Request::Track(slot)
        | Request::Release(slot)
        | Request::Mark(slot)
        | Request::Delete(slot) => Some(slot),
    }
}

/// A patch fails when the pod changed since it was listed. A deletion names the uid only.
fn on_pod(setup: &Setup, next: &mut State, request: Request, claim: u8, changed: u8) {
    let Some(slot) = about(request) else { return };
    let mut pod = next.pods[slot];
    let fresh = changed & (1 << slot) == 0;
    if pod.life != Life::Here {
        return;
    }
    match request {
        Request::Open(_) if pod.gated && !pod.deleted && (fresh || setup.without == Without::PodVersion) => {
            pod.gated = false;
            pod.finalizer = setup.without != Without::Finalizer;
        }
        Request::Track(_) if fresh && !pod.deleted => pod.finalizer = true,
        Request::Release(_) if fresh => {
            pod.finalizer = false;
            remove(&mut pod);
        }
        Request::Mark(_) if fresh => pod.mark = claim,
        Request::Delete(_) => {
            let _ = delete(&mut pod);
        }
        _ => return,
    }
    if pod != next.pods[slot] {
        next.pods[slot] = pod;
        next.pod_changed(slot);
    }
}
