//! Standard conditions, in the manner of kstatus: `Ready` always, `Reconciling` and `Stalled` only while true; and
//! [`Fact`]s beside them, which say nothing of how far an object is.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The object does what its spec says.
pub const READY: &str = "Ready";
/// Work goes on; waiting helps.
pub const RECONCILING: &str = "Reconciling";
/// Work has stopped; somebody must do something.
pub const STALLED: &str = "Stalled";

/// Whether the processes of an app have their rows in the database (docs/lease.md).
pub const DATABASE_LEASE: &str = "DatabaseLease";

/// What else is known of an object: a condition of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    /// Type of the condition; none of the standard ones.
    pub type_: String,
    /// Whether it is so, where that is known.
    pub is: Option<bool>,
    /// One word.
    pub reason: String,
    /// A sentence for people. It must not change while nothing does: each change is written.
    pub message: String,
}

/// What a reconcile found out, for conditions, status words and events alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// Done.
    Ready,
    /// Going on: a reason in one word, a sentence for people.
    Working { reason: &'static str, message: String },
    /// Stopped until somebody acts: a reason in one word, a sentence with cause and remedy.
    Stalled { reason: &'static str, message: String },
}

impl Progress {
    /// Work that goes on.
    pub fn working(reason: &'static str, message: impl Into<String>) -> Self {
        Self::Working {
            reason,
            message: message.into(),
        }
    }

    /// Work that stopped.
    pub fn stalled(reason: &'static str, message: impl Into<String>) -> Self {
        Self::Stalled {
            reason,
            message: message.into(),
        }
    }

    /// `Ready`, or the sentence. This is what the known status strings show.
    pub fn word(&self) -> String {
        match self {
            Self::Ready => READY.to_owned(),
            Self::Working { message, .. } | Self::Stalled { message, .. } => message.clone(),
        }
    }
}

/// The conditions that say `progress`, keeping the transition times of those that did not change.
pub fn conditions(
    old: &[Condition],
    progress: &Progress,
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    let set = |type_: &str, status: bool, reason: &str, message: &str| {
        let status = if status { "True" } else { "False" };
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            observed_generation: generation,
            last_transition_time: Time(transition_time(old, type_, status).unwrap_or(now)),
        }
    };
    match progress {
        Progress::Ready => vec![set(READY, true, "Ready", "")],
        Progress::Working { reason, message } => {
            vec![
                set(READY, false, reason, message),
                set(RECONCILING, true, reason, message),
            ]
        }
        Progress::Stalled { reason, message } => {
            vec![
                set(READY, false, reason, message),
                set(STALLED, true, reason, message),
            ]
        }
    }
}

/// The conditions that say `facts`, keeping the transition times of those that did not change.
pub fn of_facts(
    old: &[Condition],
    facts: &[Fact],
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    let of_fact = |fact: &Fact| {
        let status = match fact.is {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        Condition {
            type_: fact.type_.clone(),
            status: status.to_owned(),
            reason: fact.reason.clone(),
            message: fact.message.clone(),
            observed_generation: generation,
            last_transition_time: Time(transition_time(old, &fact.type_, status).unwrap_or(now)),
        }
    };
    facts.iter().map(of_fact).collect()
}

/// Reads facts back.
pub fn facts(conditions: &[Condition]) -> Vec<Fact> {
    let standard = |condition: &&Condition| [READY, RECONCILING, STALLED].contains(&condition.type_.as_str());
    let others = conditions.iter().filter(|condition| !standard(condition));
    others
        .map(|condition| Fact {
            type_: condition.type_.clone(),
            is: match condition.status.as_str() {
                "True" => Some(true),
                "False" => Some(false),
                _ => None,
            },
            reason: condition.reason.clone(),
            message: condition.message.clone(),
        })
        .collect()
}

fn transition_time(old: &[Condition], type_: &str, status: &str) -> Option<Timestamp> {
    let same = old
        .iter()
        .find(|condition| condition.type_ == type_ && condition.status == status)?;
    Some(same.last_transition_time.0)
}

/// Reads conditions back: how far an object of ours is, for the present generation only.
///
/// A status that speaks of an older generation says nothing of the spec as it is now.
pub fn progress(conditions: &[Condition], generation: Option<i64>) -> Progress {
    let current = |type_: &str| {
        conditions.iter().find(|condition| {
            condition.type_ == type_
                && condition.status == "True"
                && condition.observed_generation == generation
        })
    };
    if current(READY).is_some() {
        return Progress::Ready;
    }
    match current(STALLED) {
        Some(stalled) => Progress::stalled("Stalled", stalled.message.clone()),
        None => Progress::working(
            "Reconciling",
            current(RECONCILING).map_or_else(
                || "waiting for the controller".to_owned(),
                |it| it.message.clone(),
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("time")
    }

    #[test]
    fn the_transition_time_stays_while_the_status_does() {
        let first = conditions(&[], &Progress::working("A", "a"), Some(1), at(1));
        let second = conditions(&first, &Progress::working("B", "b"), Some(2), at(2));
        assert_eq!(second[0].last_transition_time.0, at(1));
        assert_eq!(
            (second[0].reason.as_str(), second[0].observed_generation),
            ("B", Some(2))
        );
        let third = conditions(&second, &Progress::Ready, Some(2), at(3));
        assert_eq!(third[0].last_transition_time.0, at(3));
    }

    #[test]
    fn ready_objects_carry_nothing_but_ready() {
        let types: Vec<_> = conditions(&[], &Progress::Ready, None, at(1))
            .into_iter()
            .map(|condition| condition.type_)
            .collect();
        assert_eq!(types, [READY]);
    }

    #[test]
    fn a_status_of_an_older_generation_is_not_believed() {
        let old = conditions(&[], &Progress::Ready, Some(1), at(1));
        assert_eq!(progress(&old, Some(1)), Progress::Ready);
        assert!(matches!(progress(&old, Some(2)), Progress::Working { .. }));
    }

    #[test]
    fn facts_are_read_back_among_the_standard_conditions() {
        let fact = |is, message: &str| Fact {
            type_: DATABASE_LEASE.to_owned(),
            is,
            reason: "A".to_owned(),
            message: message.to_owned(),
        };
        for is in [Some(true), Some(false), None] {
            let mut all = conditions(&[], &Progress::working("A", "a"), Some(1), at(1));
            all.extend(of_facts(&[], &[fact(is, "a")], Some(1), at(1)));
            assert_eq!(facts(&all), [fact(is, "a")]);
            let later = of_facts(&all, &[fact(is, "b")], Some(2), at(2));
            assert_eq!(later[0].last_transition_time.0, at(1));
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let stalled = conditions(&[], &Progress::stalled("Refused", "no"), Some(1), at(1));
        assert_eq!(progress(&stalled, Some(1)).word(), "no");
        assert!(matches!(progress(&stalled, Some(1)), Progress::Stalled { .. }));
    }
}
