//! What a controller does in one round, from [`decide`](crate::gate::decide()) and [`plan`] themselves.

use super::setup::{Foreign, MODELS, Setup, Without};
use super::state::ClaimState;
use super::tables::{Mark, Program, Request, Tables, View};
use crate::crd::claim::{
    ClaimState as Phase, DatabaseClaimSpec, FORMAT_VERSION, ModelSeen, Owner, Schema, SchemaState,
};
use crate::gate::decide::decide_by;
use crate::gate::{Claim, Decision, Pod, Situation, Step};
use crate::rollout::plan;
use std::collections::BTreeSet;

/// Uid of the claim that was read, and of any other.
const THIS_CLAIM: &str = "this";
const ANOTHER_CLAIM: &str = "another";

/// The requests that follow from what was read.
pub(super) fn program(setup: &Setup, tables: &mut Tables, view: &View) -> Program {
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
    if let Some(record) = record {
        program.push(Request::Swap(tables.record_number(same_record(setup, record))));
        return program;
    }
    program.extend(steps.iter().filter_map(|step| request(setup, step)));
    if setup.without == Without::Planner {
        return program;
    }
    let deletions = plan(&situation);
    program.extend(
        deletions
            .iter()
            .map(|deletion| Request::Delete(slot(&deletion.uid))),
    );
    program
}

fn same_record(setup: &Setup, record: DatabaseClaimSpec) -> DatabaseClaimSpec {
    if setup.reductions.forget {
        plain(record)
    } else {
        record
    }
}

/// Two records that only differ in the order of their pods, or in the model that is there for people to read, lead to
/// the same decisions: the conditions ask whether *any* pod of the record is so or so, and none asks for the model.
pub(super) fn plain(mut record: DatabaseClaimSpec) -> DatabaseClaimSpec {
    record.opened.sort_by(|one, other| one.uid.cmp(&other.uid));
    record.model = None;
    record
}

fn slot(uid: &str) -> usize {
    uid.parse().unwrap_or(0)
}

fn request(setup: &Setup, step: &Step) -> Option<Request> {
    Some(match step {
        Step::Open(uid) => Request::Open(slot(uid)),
        Step::Track(_) if setup.without == Without::Finalizer => return None,
        Step::Track(uid) => Request::Track(slot(uid)),
        Step::Release(uid) => Request::Release(slot(uid)),
        Step::Mark(_) if setup.without == Without::Marks => return None,
        Step::Mark(uid) => Request::Mark(slot(uid)),
        Step::Void(uid) => Request::Delete(slot(uid)),
    })
}

fn situation(setup: &Setup, tables: &Tables, view: &View) -> Situation {
    let complete = view.complete && !setup.labels_only;
    let shown = |slot: &usize| complete || !setup.slots[*slot].stranger;
    let pods = (0..setup.slots.len()).filter(shown);
    let wish = setup.wishes()[view.wish];
    Situation {
        owner: owner(),
        mode: wish.mode,
        wanted: wish.model.map(|model| MODELS[usize::from(model)].to_owned()),
        claim: view.record.map(|record| Claim {
            uid: THIS_CLAIM.to_owned(),
            record: read(setup, tables, record),
        }),
        pods: pods
            .filter_map(|slot| Some(marked(setup, tables.pod(view.shown[slot])?, view.marks[slot])))
            .collect(),
        gone: (0..setup.slots.len())
            .filter(|slot| view.gone & (1 << slot) != 0)
            .map(|slot| slot.to_string())
            .collect::<BTreeSet<_>>(),
        complete: complete || setup.without == Without::CompleteList,
        restored: None,
        adopt: None,
    }
}

fn marked(setup: &Setup, pod: &Pod, mark: Mark) -> Pod {
    let mark = match mark {
        Mark::Nobody if setup.without == Without::Marks => Some(THIS_CLAIM),
        Mark::Nobody => None,
        Mark::ThisClaim => Some(THIS_CLAIM),
        Mark::AnotherClaim => Some(ANOTHER_CLAIM),
    };
    Pod {
        mark: mark.map(ToOwned::to_owned),
        ..pod.clone()
    }
}

fn read(setup: &Setup, tables: &Tables, record: u32) -> DatabaseClaimSpec {
    let mut record = tables.record(record).clone();
    match setup.without {
        Without::Owner => record.owner = owner(),
        Without::Form => record.format_version = FORMAT_VERSION,
        _ => {}
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
    match setup.foreign {
        Foreign::Owner => record.owner.environment = "other".to_owned(),
        Foreign::LaterRelease => record.format_version = FORMAT_VERSION + 1,
        Foreign::Nobody | Foreign::Process => {}
    }
    Some((1, tables.record_number(same_record(setup, record))))
}
