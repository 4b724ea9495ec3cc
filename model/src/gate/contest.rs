//! Whether a claim is contested: others are on its database, as the guards have seen (docs/lease.md). Nothing new opens
//! then; what runs goes on, and so does taking note of what ends.

use crate::crd::claim::{ClaimState, DatabaseClaimSpec};

/// The record once it is known whether others are on the database; nothing when it stays as it is. A claim in another
/// state opens nothing, or finds out first what is there.
pub fn contest(record: &DatabaseClaimSpec, others: bool) -> Option<DatabaseClaimSpec> {
    let state = match (record.state, others) {
        (ClaimState::Held, true) => ClaimState::Contested,
        (ClaimState::Contested, false) => ClaimState::Held,
        _ => return None,
    };
    Some(DatabaseClaimSpec {
        state,
        ..record.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::claim::Owner;
    use crate::crd::common::LeaderSelection;
    use ClaimState::{Adopting, Contested, Free, Held, Suspended};
    use rstest::rstest;

    #[rstest]
    #[case::somebody_came(Held, true, Some(Contested))]
    #[case::somebody_went(Contested, false, Some(Held))]
    #[case::nobody(Held, false, None)]
    #[case::still(Contested, true, None)]
    #[case::adopting(Adopting, true, None)]
    #[case::free(Free, false, None)]
    #[case::suspended(Suspended, false, None)]
    fn only_a_held_claim_is_contested(
        #[case] state: ClaimState,
        #[case] others: bool,
        #[case] expected: Option<ClaimState>,
    ) {
        let born = DatabaseClaimSpec::born(Owner::default(), LeaderSelection::Assigned);
        let record = DatabaseClaimSpec { state, ..born };
        assert_eq!(contest(&record, others).map(|next| next.state), expected);
    }
}
