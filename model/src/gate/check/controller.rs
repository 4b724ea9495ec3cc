//! A controller, one request to the API server at a time.

use super::object::seen;
use super::setup::{Foreign, MODELS, Setup, Without};
use super::state::{ClaimState, Controller, Life, Pods, State};
use super::world::{Event, delete, remove};
use crate::crd::claim::{ClaimState as Phase, DatabaseClaimSpec, ModelSeen, Owner, Schema, SchemaState};
use crate::gate::decide::decide_by;
use crate::gate::{Claim, Decision, Situation, Step};
use crate::rollout::{Progress, plan};
use std::collections::{BTreeSet, HashMap};

/// One request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Request {
    /// Creates or swaps the claim, to the record of this number.
    Swap(u32),
    Open(usize),
    Track(usize),
    Release(usize),
    Mark(usize, u8),
    Delete(usize),
}

/// Requests of one round, in order. A claim that has to change is the whole round: what follows is decided anew.
pub(super) type Program = Vec<Request>;

type View = (ClaimState, Pods, u8, u8, bool, u8);

/// Records and programs, each stored once.
#[derive(Default)]
pub(super) struct Tables {
    records: Vec<DatabaseClaimSpec>,
    record_numbers: HashMap<DatabaseClaimSpec, u32>,
    programs: Vec<Program>,
    program_numbers: HashMap<Program, u32>,
    decided: HashMap<View, u32>,
}

impl Tables {
    pub(super) fn record(&self, number: u32) -> &DatabaseClaimSpec {
        &self.records[number as usize]
    }

    pub(super) fn program(&self, number: u32) -> &[Request] {
        &self.programs[number as usize]
    }

    pub(super) fn number(&mut self, record: &DatabaseClaimSpec) -> u32 {
        if let Some(number) = self.record_numbers.get(record) {
            return *number;
        }
        let number = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.records.push(record.clone());
        self.record_numbers.insert(record.clone(), number);
        number
    }

    fn program_number(&mut self, program: Program) -> u32 {
        if let Some(number) = self.program_numbers.get(&program) {
            return *number;
        }
        let number = u32::try_from(self.programs.len()).unwrap_or(u32::MAX);
        self.programs.push(program.clone());
        self.program_numbers.insert(program, number);
        number
    }
}

/// What a controller may do next.
pub(super) fn events(state: &State, at: usize) -> Vec<Event> {
    let crash = [Event::Crash(at)];
    match state.controllers[at] {
        Controller::Idle => vec![Event::Read(at)],
        Controller::Read { .. } => [Event::List(at), Event::ListOutdated(at)]
            .into_iter()
            .chain(crash)
            .collect(),
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
        Event::Crash(at) => {
            next.controllers[at] = Controller::Idle;
        }
        Event::List(at) => next.controllers[at] = decide(setup, tables, state, at, &state.pods, true)?,
        Event::ListOutdated(at) => {
            let pods = next.stale.take()?;
            next.controllers[at] = decide(setup, tables, state, at, &pods, false)?;
        }
        Event::Request(at, request) => perform(setup, tables, &mut next, at, request)?,
        _ => return None,
    }
    Some(next)
}

fn decide(
    setup: &Setup,
    tables: &mut Tables,
    state: &State,
    at: usize,
    pods: &Pods,
    complete: bool,
) -> Option<Controller> {
    let Controller::Read { claim, claim_changed } = state.controllers[at] else {
        return None;
    };
    let gone = gone(tables, state, claim, pods);
    let view = (claim, *pods, state.wanted, state.mode, complete, gone);
    let program = if let Some(known) = tables.decided.get(&view) {
        *known
    } else {
        let program = program(setup, tables, &view);
        let number = tables.program_number(program);
        tables.decided.insert(view, number);
        number
    };
    if tables.program(program).is_empty() {
        return Some(Controller::Idle);
    }
    Some(acting(tables, program, 0, claim_changed, changed(state, pods)))
}

/// A controller as it is, without what no longer matters.
pub(super) fn normal(tables: &Tables, controller: Controller) -> Controller {
    match controller {
        Controller::Acting {
            program,
            done,
            claim_changed,
            changed,
        } => acting(tables, program, done, claim_changed, changed),
        other => other,
    }
}

/// A controller before its next request. What no later request looks at is forgotten, which keeps moments apart only
/// where they differ.
fn acting(tables: &Tables, program: u32, done: u8, claim_changed: bool, changed: u8) -> Controller {
    let left = &tables.program(program)[usize::from(done)..];
    if left.is_empty() {
        return Controller::Idle;
    }
    let (mut swaps, mut pods) = (false, 0);
    for request in left {
        match request {
            Request::Swap(_) => swaps = true,
            Request::Open(slot) | Request::Track(slot) | Request::Release(slot) | Request::Mark(slot, _) => {
                pods |= 1 << slot;
            }
            Request::Delete(_) => {}
        }
    }
    Controller::Acting {
        program,
        done,
        claim_changed: claim_changed && swaps,
        changed: changed & pods,
    }
}

/// Pods that are no longer as they were listed.
fn changed(state: &State, listed: &Pods) -> u8 {
    let differs = |slot: &usize| state.pods[*slot] != listed[*slot];
    (0..listed.len())
        .filter(differs)
        .fold(0, |bits, slot| bits | (1 << slot))
}

/// Entries of the claim that the list did not show and that the API server does not have either.
fn gone(tables: &Tables, state: &State, claim: ClaimState, listed: &Pods) -> u8 {
    let Some((_, record)) = claim else { return 0 };
    let record = tables.record(record);
    (0..listed.len())
        .filter(|slot| record.entry(&slot.to_string()).is_some())
        .filter(|slot| listed[*slot].life != Life::Here && state.pods[*slot].life == Life::Gone)
        .fold(0, |bits, slot| bits | (1 << slot))
}

fn program(setup: &Setup, tables: &mut Tables, view: &View) -> Program {
    let situation = situation(setup, tables, view);
    let Decision { record, steps, .. } = decide_by(&setup.conditions, &situation);
    let mut program = Program::new();
    if setup.without == Without::Reservation
        && let (Some(record), Some(claim)) = (&record, &situation.claim)
    {
        let entered = record
            .opened
            .iter()
            .filter(|it| claim.record.entry(&it.uid).is_none());
        program.extend(entered.map(|it| Request::Open(slot(&it.uid))));
    }
    if let Some(record) = &record {
        program.push(Request::Swap(tables.number(record)));
        return program;
    }
    let claim = view.0.map_or(0, |(uid, _)| uid);
    program.extend(steps.iter().filter_map(|step| request(setup, claim, step)));
    let deletions = plan(&situation, &Progress::default());
    program.extend(
        deletions
            .iter()
            .map(|deletion| Request::Delete(slot(&deletion.uid))),
    );
    program
}

fn slot(uid: &str) -> usize {
    uid.parse().unwrap_or(0)
}

fn request(setup: &Setup, claim: u8, step: &Step) -> Option<Request> {
    Some(match step {
        Step::Open(uid) => Request::Open(slot(uid)),
        Step::Track(_) if setup.without == Without::Finalizer => return None,
        Step::Track(uid) => Request::Track(slot(uid)),
        Step::Release(uid) => Request::Release(slot(uid)),
        Step::Mark(_) if setup.without == Without::Marks => return None,
        Step::Mark(uid) => Request::Mark(slot(uid), claim),
        Step::Void(uid) => Request::Delete(slot(uid)),
    })
}

fn situation(setup: &Setup, tables: &Tables, view: &View) -> Situation {
    let (claim, pods, wanted, mode, complete, gone) = view;
    let complete = *complete && !setup.labels_only;
    let shown = |slot: &usize| pods[*slot].life == Life::Here && (complete || !setup.slots[*slot].stranger);
    let marks = |mut pod: crate::gate::Pod| {
        if setup.without == Without::Marks && pod.mark.is_none() {
            pod.mark = claim.map(|(uid, _)| uid.to_string());
        }
        pod
    };
    Situation {
        owner: owner(),
        mode: setup.modes[usize::from(*mode)],
        wanted: setup
            .wanted
            .get(usize::from(*wanted))
            .map(|model| MODELS[usize::from(*model)].to_owned()),
        claim: claim.map(|(uid, record)| Claim {
            uid: uid.to_string(),
            record: read(setup, tables, record),
        }),
        pods: (0..setup.slots.len())
            .filter(shown)
            .map(|slot| marks(seen(setup, slot, &pods[slot])))
            .collect(),
        gone: (0..setup.slots.len())
            .filter(|slot| gone & (1 << slot) != 0)
            .map(|slot| slot.to_string())
            .collect::<BTreeSet<_>>(),
        complete: complete || setup.without == Without::CompleteList,
        restored: None,
        adopt: None,
    }
}

fn read(setup: &Setup, tables: &Tables, record: u32) -> DatabaseClaimSpec {
    let mut record = tables.record(record).clone();
    if setup.without == Without::Owner {
        record.owner = owner();
    }
    record
}

fn owner() -> Owner {
    Owner {
        cluster: "c".to_owned(),
        namespace: "n".to_owned(),
        environment: "e".to_owned(),
    }
}

/// The claim with which an exploration starts.
pub(super) fn first_claim(setup: &Setup, tables: &mut Tables) -> ClaimState {
    let state: Phase = setup.claim?;
    let mut record = DatabaseClaimSpec::born(owner(), setup.modes[0]);
    record.state = state;
    if let Some(model) = setup.synced {
        let model = MODELS[usize::from(model)].to_owned();
        record.models = vec![ModelSeen {
            model: model.clone(),
            started: true,
            ready: true,
        }];
        record.schema = Some(Schema {
            model: model.clone(),
            state: SchemaState::Synced,
        });
        record.model = Some(model);
    }
    if setup.foreign == Foreign::Owner {
        record.owner.environment = "other".to_owned();
    }
    Some((1, tables.number(&record)))
}

fn perform(setup: &Setup, tables: &Tables, next: &mut State, at: usize, index: usize) -> Option<()> {
    let Controller::Acting {
        program,
        claim_changed,
        changed,
        ..
    } = next.controllers[at]
    else {
        return None;
    };
    let request = tables.program(program)[index];
    match request {
        Request::Swap(record) => {
            if !claim_changed || (setup.without == Without::ClaimVersion && next.claim.is_some()) {
                swap(next, record);
            }
        }
        _ => on_pod(setup, next, request, changed),
    }
    // What the request changed has been noted in the controller's own state as well.
    next.controllers[at] = match next.controllers[at] {
        Controller::Acting {
            program,
            done,
            claim_changed,
            changed,
        } => acting(tables, program, done + 1, claim_changed, changed),
        other => other,
    };
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

/// A patch fails when the pod changed since it was listed. A deletion names the uid only.
fn on_pod(setup: &Setup, next: &mut State, request: Request, changed: u8) {
    let (Request::Open(slot)
    | Request::Track(slot)
    | Request::Release(slot)
    | Request::Mark(slot, _)
    | Request::Delete(slot)) = request
    else {
        return;
    };
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
        Request::Mark(_, claim) if fresh => pod.mark = claim,
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
