//! Going back to what ran before, as long as the database still fits it.

use crate::crd::claim::Schema;
use crate::crd::environment::Undo;
use crate::crd::rollout::{Rollout, RolloutOutcome};
use std::fmt;

/// Why nothing is undone, and what to do instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// No rollout of another model is remembered.
    Nothing,
    /// There is no rollout of this number.
    Unknown(i64),
    /// It had the model that is to run now.
    SameModel(i64),
    /// Its image was never known.
    NoImage(i64),
    /// The schema may be that of this later model.
    SchemaMoved(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => {
                formatter.write_str("no earlier model is remembered: deploy the one that is to run")
            }
            Self::Unknown(number) => write!(
                formatter,
                "rollout {number} is not remembered: kubectl mendix history"
            ),
            Self::SameModel(number) => write!(
                formatter,
                "rollout {number} had the model that is to run now; its settings stand in the MendixApp: change them there"
            ),
            Self::NoImage(number) => write!(
                formatter,
                "the image of rollout {number} is not remembered: deploy it"
            ),
            Self::SchemaMoved(model) => write!(
                formatter,
                "the database may have the schema of model {model} by now, and an earlier model drops what it does not \
                 know of (MX009): mend what failed and deploy that, or restore the backup of the database and say \
                 --restored"
            ),
        }
    }
}

/// The rollout to go back to: the one of this number, or the last one that succeeded with another model. Pure.
///
/// # Errors
/// There is none.
pub fn target(rollouts: &[Rollout], number: Option<i64>) -> Result<&Rollout, Refusal> {
    let present = rollouts.last().ok_or(Refusal::Nothing)?;
    let Some(number) = number else {
        let earlier = rollouts
            .iter()
            .rev()
            .filter(|it| it.wanted.model != present.wanted.model);
        let mut succeeded = earlier.filter(|it| it.outcome == RolloutOutcome::Succeeded);
        return succeeded.next().ok_or(Refusal::Nothing);
    };
    let named = rollouts.iter().find(|it| it.number == number);
    let named = named.ok_or(Refusal::Unknown(number))?;
    if named.wanted.model == present.wanted.model {
        return Err(Refusal::SameModel(number));
    }
    Ok(named)
}

/// What is declared to go back to `to`, where the database allows it. The gate asks the same of each pod (MX009), so a
/// declaration that is outdated by the time it is read harms nothing. Pure.
///
/// `from` is the model that the app asks for: once it asks for another one, the declaration is over.
///
/// # Errors
/// The schema may be that of a later model, and nobody says that the database was restored.
pub fn undo(
    id: String,
    from: &str,
    to: &Rollout,
    schema: Option<&Schema>,
    restored: bool,
) -> Result<Undo, Refusal> {
    if let Some(schema) = schema.filter(|schema| !restored && schema.model != to.wanted.model) {
        return Err(Refusal::SchemaMoved(schema.model.clone()));
    }
    Ok(Undo {
        id,
        from: from.to_owned(),
        model: to.wanted.model.clone(),
        image: to.wanted.image.clone().ok_or(Refusal::NoImage(to.number))?,
        command: to.wanted.command.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::claim::SchemaState;
    use crate::crd::rollout::Wanted;
    use crate::rollout::history::{Seen, Stage, remember};
    use jiff::Timestamp;
    use rstest::rstest;

    /// Rollouts of these models, the last one of them failed.
    fn rollouts(models: &[(&str, &str)]) -> Vec<Rollout> {
        models
            .iter()
            .enumerate()
            .fold(Vec::new(), |known, (index, (model, settings))| {
                let seen = Seen {
                    wanted: Wanted {
                        model: (*model).to_owned(),
                        image: Some(format!("shop@{model}")),
                        command: Some(vec!["start".to_owned()]),
                        settings: (*settings).to_owned(),
                        by: None,
                    },
                    stage: if index + 1 == models.len() {
                        Stage::Failed("it ended".to_owned())
                    } else {
                        Stage::Done
                    },
                    serves: false,
                };
                remember(&known, &seen, Timestamp::UNIX_EPOCH)
            })
    }

    fn schema(model: &str) -> Schema {
        Schema {
            model: model.to_owned(),
            state: SchemaState::Maybe,
        }
    }

    #[rstest]
    #[case::last_of_another_model(None, Ok(2))]
    #[case::named(Some(1), Ok(1))]
    #[case::the_present_model(Some(3), Err(Refusal::SameModel(3)))]
    #[case::unknown(Some(9), Err(Refusal::Unknown(9)))]
    fn one_goes_back_to_another_model(#[case] number: Option<i64>, #[case] expected: Result<i64, Refusal>) {
        let all = rollouts(&[("a", "1"), ("b", "1"), ("c", "1"), ("c", "2")]);
        assert_eq!(target(&all, number).map(|it| it.number), expected);
    }

    #[test]
    fn without_another_model_there_is_nothing_to_go_back_to() {
        let all = rollouts(&[("a", "1"), ("a", "2")]);
        assert_eq!(target(&all, None), Err(Refusal::Nothing));
        assert_eq!(target(&[], None), Err(Refusal::Nothing));
    }

    #[test]
    fn a_model_that_failed_is_none_to_go_back_to() {
        let mut all = rollouts(&[("a", "1"), ("b", "1"), ("c", "1")]);
        all[1].outcome = RolloutOutcome::Failed;
        assert_eq!(target(&all, None).map(|it| it.number), Ok(1));
    }

    #[rstest]
    #[case::nothing_of_the_later_model_ever_started("a", false, true)]
    #[case::it_may_have_changed_the_schema("b", false, false)]
    #[case::the_database_was_restored("b", true, true)]
    fn the_schema_decides(#[case] of: &str, #[case] restored: bool, #[case] allowed: bool) {
        let all = rollouts(&[("a", "1"), ("b", "1")]);
        let made = undo("1".to_owned(), "b", &all[0], Some(&schema(of)), restored);
        if allowed {
            let made = made.expect("allowed");
            assert_eq!(
                (made.from.as_str(), made.model.as_str(), made.image.as_str()),
                ("b", "a", "shop@a")
            );
        } else {
            let refusal = made.expect_err("refused").to_string();
            assert!(
                refusal.contains("model b") && refusal.contains("MX009"),
                "{refusal}"
            );
        }
    }
}
