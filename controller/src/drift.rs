//! Whether an object must be written: keeps a steady state free of writes and a fight with others slow.
//!
//! What we want and what the server holds cannot be compared directly: the server normalises quantities, fills in
//! defaults, and admission may change fields on their way in. So we remember what the server made of our last
//! write. Nothing is lost with a restart: the first reconcile writes again, which changes nothing on the server.

use jiff::Timestamp;
use serde_json::Value;
use std::{collections::HashMap, sync::Mutex, time::Duration};

/// Corrections in a row are forgotten after this long without one.
const QUIET_SECONDS: i64 = 600;
const LONGEST_SECONDS: i64 = 300;

/// Our last write of one object.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    desired: String,
    /// Our fields as the server stored them.
    stored: String,
    corrections: u32,
    last_correction: Timestamp,
}

/// What is to be done with an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    /// It is as we left it.
    Skip,
    /// It is new, or we want something else, or somebody changed our fields.
    Write,
    /// Somebody keeps changing our fields: correct them again after this time.
    Wait(Duration),
}

/// The last write of every object.
#[derive(Debug, Default)]
pub(crate) struct Drift {
    written: Mutex<HashMap<String, Written>>,
}

impl Drift {
    /// Decides about the object `key`.
    pub(crate) fn decide(&self, key: &str, desired: &Value, current: &Value, now: Timestamp) -> Decision {
        let Ok(written) = self.written.lock() else {
            return Decision::Write;
        };
        decide(written.get(key), desired, current, now)
    }

    /// Remembers what the server made of a write.
    pub(crate) fn remember(&self, key: &str, desired: &Value, stored: &Value, now: Timestamp) {
        if let Ok(mut written) = self.written.lock() {
            let next = after_write(written.get(key), desired, stored, now);
            written.insert(key.to_owned(), next);
        }
    }

    /// Forgets an object that is gone.
    pub(crate) fn forget(&self, key: &str) {
        if let Ok(mut written) = self.written.lock() {
            written.remove(key);
        }
    }
}

fn decide(written: Option<&Written>, desired: &Value, current: &Value, now: Timestamp) -> Decision {
    let Some(written) = written.filter(|written| written.desired == crate::hash::of(desired)) else {
        return Decision::Write;
    };
    if written.stored == crate::hash::of(&projection(desired, current)) {
        return Decision::Skip;
    }
    let since = now.as_second() - written.last_correction.as_second();
    let wait = waiting_seconds(written.corrections) - since;
    match u64::try_from(wait) {
        Ok(seconds) if seconds > 0 && since < QUIET_SECONDS => Decision::Wait(Duration::from_secs(seconds)),
        _ => Decision::Write,
    }
}

/// The first two corrections come at once: people make mistakes; programs repeat them.
fn waiting_seconds(corrections: u32) -> i64 {
    if corrections < 2 {
        return 0;
    }
    2_i64
        .checked_pow(corrections)
        .unwrap_or(LONGEST_SECONDS)
        .min(LONGEST_SECONDS)
}

fn after_write(before: Option<&Written>, desired: &Value, stored: &Value, now: Timestamp) -> Written {
    let hash = crate::hash::of(desired);
    let repeated = before.filter(|before| before.desired == hash);
    let corrections = repeated.map_or(0, |before| {
        let quiet = now.as_second() - before.last_correction.as_second() >= QUIET_SECONDS;
        if quiet {
            1
        } else {
            before.corrections.saturating_add(1)
        }
    });
    Written {
        desired: hash,
        stored: crate::hash::of(&projection(desired, stored)),
        corrections,
        last_correction: now,
    }
}

/// The fields of `whole` that `desired` speaks of.
fn projection(desired: &Value, whole: &Value) -> Value {
    match (desired, whole) {
        (Value::Object(desired), Value::Object(whole)) => desired
            .iter()
            .map(|(key, wanted)| {
                let found = whole.get(key).unwrap_or(&Value::Null);
                // One field as a whole: a label that somebody adds to it leads all traffic astray.
                let atomic = key == "selector";
                let ours = if atomic {
                    found.clone()
                } else {
                    projection(wanted, found)
                };
                (key.clone(), ours)
            })
            .collect(),
        (Value::Array(desired), Value::Array(whole)) => desired
            .iter()
            .enumerate()
            .map(|(index, wanted)| projection(wanted, whole.get(index).unwrap_or(&Value::Null)))
            .collect(),
        (_, whole) => whole.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("time")
    }

    #[test]
    fn what_the_server_normalised_is_left_alone() {
        let desired = json!({"spec": {"cpu": "1000m", "list": [{"a": 1}]}});
        let stored = json!({"spec": {"cpu": "1", "list": [{"a": 1, "b": 2}], "more": true}, "status": {}});
        let written = after_write(None, &desired, &stored, at(0));
        assert_eq!(decide(Some(&written), &desired, &stored, at(1)), Decision::Skip);
    }

    #[test]
    fn fields_of_others_are_not_looked_at() {
        let desired = json!({"spec": {"replicas": 1}});
        let written = after_write(None, &desired, &desired, at(0));
        let current = json!({"spec": {"replicas": 1, "paused": true}, "metadata": {"labels": {"x": "y"}}});
        assert_eq!(decide(Some(&written), &desired, &current, at(1)), Decision::Skip);
    }

    #[test]
    fn a_hand_edit_of_our_field_is_corrected_at_once() {
        let desired = json!({"spec": {"replicas": 1}});
        let written = after_write(None, &desired, &desired, at(0));
        let edited = json!({"spec": {"replicas": 2}});
        assert_eq!(decide(Some(&written), &desired, &edited, at(1)), Decision::Write);
    }

    #[test]
    fn a_selector_is_ours_as_a_whole() {
        let desired = json!({"spec": {"selector": {"app": "shop"}}});
        let written = after_write(None, &desired, &desired, at(0));
        let edited = json!({"spec": {"selector": {"app": "shop", "by": "hand"}}});
        assert_eq!(decide(Some(&written), &desired, &edited, at(1)), Decision::Write);
    }

    #[test]
    fn another_wish_is_written_at_once() {
        let written = after_write(None, &json!({"a": 1}), &json!({"a": 1}), at(0));
        assert_eq!(
            decide(Some(&written), &json!({"a": 2}), &json!({"a": 1}), at(0)),
            Decision::Write
        );
    }

    #[test]
    fn a_fight_slows_down_and_is_forgotten_when_it_ends() {
        let desired = json!({"a": 1});
        let other = json!({"a": 2});
        let mut written = after_write(None, &desired, &desired, at(0));
        for _ in 0..4 {
            written = after_write(Some(&written), &desired, &desired, at(0));
        }
        assert_eq!(
            decide(Some(&written), &desired, &other, at(1)),
            Decision::Wait(Duration::from_secs(15))
        );
        assert_eq!(decide(Some(&written), &desired, &other, at(16)), Decision::Write);
        let later = after_write(Some(&written), &desired, &desired, at(1000));
        assert_eq!(later.corrections, 1);
    }
}
