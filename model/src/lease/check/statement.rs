//! What statements do to the database, each at once.

use super::setup::{SLOTS, Setup, Without};
use super::state::{Answer, Recorded, RowState, State, Statement};
use crate::crd::common::LeaderSelection;
use crate::names::Role;

/// Carries out a statement of process `at`.
pub(super) fn carry_out(setup: &Setup, state: &mut State, at: usize, statement: Statement) -> Answer {
    let own = usize::from(setup.slots[at].instance);
    match statement {
        Statement::Look => Answer::Read(state.database),
        Statement::Take(version, dead) => Answer::Done(take(setup, state, at, version, dead)),
        Statement::Renew => {
            let mark = state.new_mark(own);
            let row = state.database.rows[own].as_mut().filter(|row| !row.ended);
            Answer::Done(row.map(|row| row.mark = mark).is_some())
        }
        Statement::End => {
            let row = state.database.rows[own].as_mut();
            Answer::Done(row.map(|row| row.ended = true).is_some())
        }
    }
}

/// Removes the dead, each if its mark is that which was seen; then takes over, if all were removed and the record is the
/// one that was seen. Rows of those that said that they ended go as well.
fn take(setup: &Setup, state: &mut State, at: usize, version: Option<u8>, dead: [Option<u8>; SLOTS]) -> bool {
    let mut all = true;
    for (row, mark) in state.database.rows.iter_mut().zip(dead) {
        let Some(mark) = mark else { continue };
        if row.is_some_and(|row| row.mark == mark) || setup.without == Without::Marks {
            *row = None;
        } else {
            all = false;
        }
    }
    let found = state.database.record.map(|record| record.version);
    if !all || (found != version && setup.without != Without::Version) {
        return false;
    }
    let slot = &setup.slots[at];
    let own = usize::from(slot.instance);
    let adopted = state.database.record.is_some_and(|record| record.adopted);
    let record = Recorded {
        owner: slot.owner,
        model: slot.model,
        mode: slot.mode,
        version: state.new_version(setup.without == Without::RandomVersion),
        adopted: adopted || slot.adopts,
    };
    state.database.record = Some(record);
    if slot.role == Role::Leader || slot.mode != LeaderSelection::Assigned {
        state.begun = Some(slot.model);
    }
    let mark = state.new_mark(own);
    for row in &mut state.database.rows {
        *row = row.filter(|row| !row.ended);
    }
    state.database.rows[own] = Some(RowState { mark, ended: false });
    true
}
