//! The conditions under which a pod may start, one a file. A pod starts when none of them holds it.

mod adoption;
mod closed_by_others;
mod contradiction;
mod format;
mod known_database;
mod known_model;
mod mode;
mod no_return;
mod one_leader;
mod one_model;
mod owner;
mod schema;
mod state;
mod wanted;

use super::decide::Hold;
use super::situation::{Pod, Situation};
use crate::crd::claim::DatabaseClaimSpec;

/// A pod at its gate, with the record as it would be before the pod is entered.
pub struct Case<'a> {
    /// Everything that was read.
    pub situation: &'a Situation,
    /// The claim, with what has become true and the pods let in before this one.
    pub record: &'a DatabaseClaimSpec,
    /// The pod.
    pub pod: &'a Pod,
}

/// One condition.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// Stable id, such as `MX001`.
    pub id: &'static str,
    /// Ids of the invariants that it holds up; none when it serves progress only.
    pub invariants: &'static [&'static str],
    /// What must be true.
    pub statement: &'static str,
    /// What happens when it is not.
    pub evidence: &'static str,
    /// What to do when it is not.
    pub remedy: &'static str,
    /// Whether it must still be met when the gate goes, some time after the pod was entered into the claim.
    pub lasting: bool,
    /// What is wrong, in words; nothing when the condition is met.
    pub check: fn(&Case) -> Option<String>,
}

impl Condition {
    /// The reason to hold a pod, if there is one.
    pub(super) fn hold(&self, case: &Case) -> Option<Hold> {
        let what = (self.check)(case)?;
        Some(Hold {
            rule: self.id,
            message: format!("{what}; {}", self.remedy),
        })
    }
}

/// All conditions. The first that is not met gives the reason, so the ones that explain others come first.
pub const CONDITIONS: &[Condition] = &[
    format::CONDITION,
    owner::CONDITION,
    state::CONDITION,
    adoption::CONDITION,
    contradiction::CONDITION,
    known_database::CONDITION,
    known_model::CONDITION,
    mode::CONDITION,
    wanted::CONDITION,
    no_return::CONDITION,
    one_model::CONDITION,
    one_leader::CONDITION,
    schema::CONDITION,
    closed_by_others::CONDITION,
];

#[cfg(test)]
mod tests {
    use super::CONDITIONS;

    #[test]
    fn every_condition_has_an_id_of_its_own_and_words() {
        let mut ids: Vec<_> = CONDITIONS.iter().map(|it| it.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CONDITIONS.len());
        for condition in CONDITIONS {
            assert!(
                ![condition.statement, condition.evidence, condition.remedy].contains(&""),
                "{}",
                condition.id
            );
        }
    }
}
