//! What happens beside the controllers: people, kubelets, processes and faults.

use super::object::report;
use super::setup::{Foreign, Kubelet, Setup, Slot};
use super::state::{Life, PodState, Process, Report, State};
use crate::crd::claim::Role;

/// Something that happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Event {
    Create(usize),
    Delete(usize),
    ForceDelete(usize),
    Collect(usize),
    /// Bind, start, change the schema and report.
    Run(usize),
    /// See the deletion, end, report, and go.
    Finish(usize),
    Bind(usize),
    Start(usize),
    Migrate(usize),
    End(usize),
    SeeDeletion(usize),
    Report(usize),
    Ready(usize),
    Remove(usize),
    LoseClaim,
    /// What lists are answered from, if they are, without being asked for consistency.
    CacheStops,
    Read(usize),
    /// List the pods, and read what is wanted: one of the setup's wishes.
    List(usize, usize),
    ListOutdated(usize, usize),
    Request(usize, usize),
    Crash(usize),
}

/// What people and faults do to a pod.
const TO_POD: [fn(usize) -> Event; 4] = [Event::Create, Event::Delete, Event::ForceDelete, Event::Collect];
/// The life of a process, coarse and fine: see [`Kubelet`].
const PROMPT: [fn(usize) -> Event; 3] = [Event::Run, Event::Finish, Event::Ready];
const LAGGING: [fn(usize) -> Event; 8] = [
    Event::Bind,
    Event::Start,
    Event::Migrate,
    Event::End,
    Event::SeeDeletion,
    Event::Report,
    Event::Ready,
    Event::Remove,
];

/// Everything that may happen next, beside what controllers do.
pub(super) fn events(setup: &Setup) -> impl Iterator<Item = Event> {
    let life: &[fn(usize) -> Event] = match setup.kubelet {
        Kubelet::Prompt => &PROMPT,
        Kubelet::Lagging => &LAGGING,
    };
    let of_pods =
        (0..setup.slots.len()).flat_map(move |slot| TO_POD.iter().chain(life).map(move |event| event(slot)));
    of_pods.chain([Event::LoseClaim])
}

/// The moment after an event; nothing when it cannot happen now.
pub(super) fn after(setup: &Setup, state: &State, event: Event) -> Option<State> {
    let mut next = *state;
    match event {
        Event::LoseClaim => {
            next.claim.take()?;
            spend(&mut next.left.claim_lost)?;
            next.claim_changed();
        }
        Event::ForceDelete(slot) => {
            spend(&mut next.left.forced)?;
            of_pod(setup, &mut next, event, slot)?;
        }
        Event::Collect(slot) => {
            spend(&mut next.left.collected)?;
            of_pod(setup, &mut next, event, slot)?;
        }
        Event::Run(slot) => {
            of_pod(setup, &mut next, Event::Bind(slot), slot)?;
            all(
                setup,
                &mut next,
                slot,
                &[Event::Start, Event::Migrate, Event::Report],
            );
        }
        Event::Finish(slot) => {
            of_pod(setup, &mut next, Event::SeeDeletion(slot), slot)?;
            all(
                setup,
                &mut next,
                slot,
                &[Event::End, Event::Report, Event::Remove],
            );
        }
        Event::Create(slot)
        | Event::Delete(slot)
        | Event::Bind(slot)
        | Event::Start(slot)
        | Event::Migrate(slot)
        | Event::End(slot)
        | Event::SeeDeletion(slot)
        | Event::Report(slot)
        | Event::Ready(slot)
        | Event::Remove(slot) => of_pod(setup, &mut next, event, slot)?,
        Event::CacheStops
        | Event::Read(_)
        | Event::List(..)
        | Event::ListOutdated(..)
        | Event::Request(..)
        | Event::Crash(_) => {
            return None;
        }
    }
    Some(next)
}

/// One fault fewer may strike.
pub(super) fn spend(left: &mut u8) -> Option<()> {
    *left = left.checked_sub(1)?;
    Some(())
}

/// What of it is possible, one after the other.
fn all(setup: &Setup, next: &mut State, slot: usize, events: &[fn(usize) -> Event]) {
    for event in events {
        let _ = of_pod(setup, next, event(slot), slot);
    }
}

fn of_pod(setup: &Setup, next: &mut State, event: Event, slot: usize) -> Option<()> {
    let before = next.pods[slot];
    let mut pod = before;
    match event {
        Event::Create(_) => create(&setup.slots[slot], &mut pod)?,
        Event::Delete(_) => delete(&mut pod)?,
        Event::ForceDelete(_) => force(&mut pod)?,
        Event::Collect(_) => {
            force(&mut pod)?;
            pod.collected = pod.life == Life::Here;
        }
        Event::Migrate(_) => return migrate(&setup.slots[slot], next, slot),
        Event::Ready(_) => ready(&setup.slots[slot], &mut pod, next.schema)?,
        _ => kubelet(event, &mut pod)?,
    }
    (pod != before).then_some(())?;
    next.pods[slot] = pod;
    let starts = pod.process == Process::Running && before.process != Process::Running;
    let (runs, leads) = (setup.slots[slot].runs, setup.slots[slot].leads);
    next.misplaced |= starts && runs != next.schema && (!leads || is_earlier(setup, next, runs));
    if is_written(&before, &pod) {
        next.pod_changed(slot);
    }
    Some(())
}

/// Whether a model is earlier than that of the schema. By its age; or by what the database has seen, where a model that
/// never led counts as later than all that did.
fn is_earlier(setup: &Setup, state: &State, model: u8) -> bool {
    if setup.aged {
        model < state.schema
    } else {
        state.led & (1 << model) != 0
    }
}

/// Whether the object changed, and not only kubelet or process.
fn is_written(before: &PodState, after: &PodState) -> bool {
    let object = |pod: &PodState| PodState {
        process: Process::Never,
        seen: false,
        ..*pod
    };
    object(before) != object(after)
}

fn create(slot: &Slot, pod: &mut PodState) -> Option<()> {
    (pod.life == Life::Unborn).then_some(())?;
    pod.life = Life::Here;
    pod.gated = slot.gated;
    Some(())
}

/// `DELETE` with the usual grace.
pub(super) fn delete(pod: &mut PodState) -> Option<()> {
    (pod.life == Life::Here && !pod.deleted).then_some(())?;
    if pod.bound || pod.finalizer {
        pod.deleted = true;
    } else {
        pod.life = Life::Gone;
    }
    Some(())
}

/// `DELETE` without grace: a finalizer keeps the object, nothing keeps the API server from forgetting others.
fn force(pod: &mut PodState) -> Option<()> {
    (pod.life == Life::Here && pod.bound).then_some(())?;
    if pod.finalizer {
        pod.deleted = true;
    } else {
        pod.life = Life::Gone;
    }
    Some(())
}

fn kubelet(event: Event, pod: &mut PodState) -> Option<()> {
    let here = pod.life == Life::Here;
    let possible = match event {
        Event::Bind(_) => here && !pod.gated && !pod.deleted && !pod.bound,
        // Also when the object has gone and the kubelet has not heard of it.
        Event::Start(_) => pod.bound && !pod.seen && pod.process != Process::Running,
        Event::End(_) => pod.process == Process::Running,
        Event::SeeDeletion(_) => pod.bound && !pod.seen && (pod.deleted || !here),
        Event::Report(_) => here && pod.bound && (pod.report, pod.report_seen) != report(pod),
        Event::Remove(_) => here && pod.deleted && !pod.finalizer && (!pod.bound || is_reported_ended(pod)),
        _ => false,
    };
    possible.then_some(())?;
    match event {
        Event::Bind(_) => pod.bound = true,
        Event::Start(_) => pod.process = Process::Running,
        Event::End(_) => pod.process = Process::Ended,
        Event::SeeDeletion(_) => pod.seen = true,
        Event::Report(_) => (pod.report, pod.report_seen) = report(pod),
        _ => pod.life = Life::Gone,
    }
    Some(())
}

/// An object that is being deleted goes when nothing keeps it any more.
pub(super) fn remove(pod: &mut PodState) {
    let _ = kubelet(Event::Remove(0), pod);
}

fn is_reported_ended(pod: &PodState) -> bool {
    pod.report_seen && matches!(pod.report, Report::Ended | Report::Nothing)
}

/// A leader changes the schema to its own; nothing but a leader does.
fn migrate(slot: &Slot, next: &mut State, at: usize) -> Option<()> {
    let runs = next.pods[at].process == Process::Running && slot.leads;
    (runs && next.schema != slot.runs).then_some(())?;
    next.schema = slot.runs;
    next.led |= 1 << slot.runs;
    Some(())
}

fn ready(slot: &Slot, pod: &mut PodState, schema: u8) -> Option<()> {
    let serves = pod.life == Life::Here && pod.report == Report::Running && pod.process == Process::Running;
    (serves && slot.role != Role::Worker && schema == slot.runs).then_some(())?;
    pod.report = Report::Ready;
    Some(())
}

/// What is broken at this moment, if anything is.
pub(super) fn broken(setup: &Setup, state: &State) -> Option<&'static str> {
    let running = || {
        let pods = state.pods.iter().zip(&setup.slots);
        pods.filter(|(pod, _)| pod.process == Process::Running)
            .map(|(_, slot)| slot)
    };
    let leaders = running().filter(|slot| slot.leads).count();
    if setup.foreign != Foreign::Nobody && running().next().is_some() {
        return Some("I1: two environments on one database");
    }
    if running().any(|slot| !slot.claimed) {
        return Some("I1: a process on a database that its environment does not own");
    }
    if running().any(|slot| slot.contradicts) {
        return Some("I5: a worker that is not told so");
    }
    if leaders > 1 {
        return Some("I2: two leaders");
    }
    if running().any(|one| running().any(|other| one.runs != other.runs)) {
        return Some("I3: two models");
    }
    let peers = running().filter(|slot| slot.role == Role::Peer).count();
    if peers > 0 && leaders > 0 {
        return Some("I3: two modes");
    }
    state
        .misplaced
        .then_some("I4: a process on the schema of another model")
}
