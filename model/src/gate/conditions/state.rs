//! The claim is held: neither contested, nor suspended, nor free.

use super::{Case, Condition};
use crate::crd::claim::ClaimState;

pub(super) const CONDITION: Condition = Condition {
    id: "MX002",
    invariants: &["I1", "I2", "I3"],
    statement: "The claim is held: neither contested, nor suspended, nor free.",
    evidence: "While it is not settled whose the database is, or what runs on it, each further pod can only make it \
               worse.",
    remedy: "see kubectl mendix status for the cause, and end it; where the database is to be this environment's, run \
             kubectl mendix adopt",
    lasting: true,
    check,
};

fn check(case: &Case) -> Option<String> {
    let why = match case.record.state {
        ClaimState::Held | ClaimState::Adopting => return None,
        ClaimState::Free => "the environment that owned the database has gone",
        ClaimState::Contested => {
            "somebody else is on the database, or was when a guard last looked (condition DatabaseLease)"
        }
        ClaimState::Suspended => "the claim of the database comes from another cluster or from a backup",
    };
    Some(why.to_owned())
}
