//! Who is on a database besides the processes that hold rows in it. Pure.
//!
//! Two signs tell: sessions of the app's role from where no guard is, and heartbeats of more runtimes than there are
//! rows. Each runtime keeps a row in `system$xasinstance` and writes its `lastupdate` every
//! `ClusterManagerActionInterval`, by default 300 s (Mendix documentation, "Runtime customization", and schema dumps of
//! apps).

use super::time::Moment;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So long after its last heartbeat a runtime counts, and so does a process after it was last seen: two intervals, and
/// time for a slow one.
const HEARTBEATS: Duration = Duration::from_mins(11);
/// Of a longer pause between two looks it is not known who came and went: all begins anew.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What one look at a database shows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sighting {
    /// Addresses of the sessions of the app's role that do something, or did a moment ago.
    pub active: BTreeSet<String>,
    /// Addresses of the sessions of programs of ours, the guards among them.
    pub ours: BTreeSet<String>,
    /// Rows of `system$xasinstance`: `lastupdate` by `xasid`.
    pub heartbeats: BTreeMap<String, String>,
    /// Instances of the processes that have a row.
    pub instances: BTreeSet<String>,
}

/// Who is there and holds no row.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreign {
    /// Addresses, as the server sees them, of sessions of the app's role.
    #[serde(default)]
    pub addresses: BTreeSet<String>,
    /// So many more runtimes write heartbeats than there are processes with rows.
    #[serde(default)]
    pub runtimes: usize,
}

impl Foreign {
    /// Nobody is there.
    pub fn is_nobody(&self) -> bool {
        self.addresses.is_empty() && self.runtimes == 0
    }
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub struct Strangers {
    last: Option<Moment>,
    addresses: BTreeSet<String>,
    /// By `xasid`: `lastupdate`, and when that was last seen to change.
    heartbeats: BTreeMap<String, (String, Option<Moment>)>,
    /// When a process was last seen.
    instances: BTreeMap<String, Moment>,
}

impl Strangers {
    /// Takes note of a look that was answered at `now`; gives who is told of. An address is told of when two looks in a row
    /// have shown it: what connects for a moment runs no model.
    pub fn see(&mut self, sighting: &Sighting, now: Moment) -> Foreign {
        if self.last.is_some_and(|last| now.since(last) > LONGEST_PAUSE) {
            *self = Self::default();
        }
        let is_first = self.last.replace(now).is_none();
        let before = std::mem::take(&mut self.addresses);
        self.addresses = sighting.active.difference(&sighting.ours).cloned().collect();
        self.see_instances(sighting, now);
        self.see_heartbeats(sighting, now, is_first);
        let recent = |at: &&Moment| now.since(**at) <= HEARTBEATS;
        let beating = self
            .heartbeats
            .values()
            .filter_map(|(_, changed)| changed.as_ref());
        Foreign {
            addresses: self.addresses.intersection(&before).cloned().collect(),
            runtimes: beating
                .filter(recent)
                .count()
                .saturating_sub(self.instances.len()),
        }
    }

    fn see_instances(&mut self, sighting: &Sighting, now: Moment) {
        let seen = sighting.instances.iter().map(|instance| (instance.clone(), now));
        self.instances.extend(seen);
        self.instances.retain(|_, at| now.since(*at) <= HEARTBEATS);
    }

    /// Whether a row of the first look is that of a living runtime is not known until it changes.
    fn see_heartbeats(&mut self, sighting: &Sighting, now: Moment, is_first: bool) {
        let before = std::mem::take(&mut self.heartbeats);
        let beat = |(id, at): (&String, &String)| {
            let changed = match before.get(id) {
                Some((earlier, changed)) if earlier == at => *changed,
                None if is_first => None,
                _ => Some(now),
            };
            (id.clone(), (at.clone(), changed))
        };
        self.heartbeats = sighting.heartbeats.iter().map(beat).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn set(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|&one| one.to_owned()).collect()
    }

    fn second(second: u64) -> Moment {
        Moment(Duration::from_secs(second))
    }

    /// Two processes with rows, whose runtimes have beaten so often.
    fn beats(all: &[(&str, &str)]) -> Sighting {
        let owned = |(id, at): &(&str, &str)| ((*id).to_owned(), (*at).to_owned());
        Sighting {
            heartbeats: all.iter().map(owned).collect(),
            instances: set(&["leader", "worker"]),
            ..Sighting::default()
        }
    }

    fn sessions(active: &[&str]) -> Sighting {
        Sighting {
            active: set(active),
            ours: set(&["10.0.0.1", "10.0.0.2"]),
            ..Sighting::default()
        }
    }

    #[rstest]
    #[case::stays(&["10.0.0.1", "10.9.9.9"], &["10.0.0.2", "10.9.9.9"], &["10.9.9.9"])]
    #[case::went(&["10.9.9.9"], &["10.0.0.1"], &[])]
    #[case::just_came(&["10.0.0.1"], &["10.9.9.9"], &[])]
    #[case::with_a_guard(&["10.0.0.1"], &["10.0.0.1"], &[])]
    fn an_address_without_guard_is_told_when_it_stays(
        #[case] first: &[&str],
        #[case] second_look: &[&str],
        #[case] expected: &[&str],
    ) {
        let mut strangers = Strangers::default();
        assert!(strangers.see(&sessions(first), second(0)).is_nobody());
        let foreign = strangers.see(&sessions(second_look), second(10));
        assert_eq!(foreign.addresses, set(expected));
    }

    #[test]
    fn rows_of_the_dead_beat_no_more() {
        let mut strangers = Strangers::default();
        let left_over = [("a", "1"), ("b", "1"), ("old", "1"), ("older", "1")];
        assert!(strangers.see(&beats(&left_over), second(0)).is_nobody());
        let later = [("a", "2"), ("b", "2"), ("old", "1"), ("older", "1")];
        assert!(strangers.see(&beats(&later), second(10)).is_nobody());
    }

    #[rstest]
    #[case::one_that_was_there("other", "2")]
    #[case::one_that_came("new", "1")]
    fn a_runtime_without_row_is_told(#[case] id: &str, #[case] at: &str) {
        let mut strangers = Strangers::default();
        let first = [("a", "1"), ("b", "1"), ("other", "1")];
        assert!(strangers.see(&beats(&first), second(0)).is_nobody());
        let later = [("a", "2"), ("b", "2"), (id, at)];
        assert_eq!(strangers.see(&beats(&later), second(10)).runtimes, 1);
    }

    /// The runtime before a restart has beaten, and so has the one after it: both had rows.
    #[test]
    fn a_restart_is_nobody_else() {
        let mut strangers = Strangers::default();
        strangers.see(&beats(&[("a", "1"), ("b", "1")]), second(0));
        strangers.see(&beats(&[("a", "2"), ("b", "2")]), second(10));
        let mut restarted = beats(&[("a", "2"), ("b", "2"), ("c", "1")]);
        restarted.instances = set(&["leader", "next"]);
        assert!(strangers.see(&restarted, second(20)).is_nobody());
    }

    #[test]
    fn whoever_has_ended_is_forgotten() {
        let mut strangers = Strangers::default();
        let with = |at| beats(&[("a", at), ("b", at), ("other", at)]);
        strangers.see(&with("1"), second(0));
        assert_eq!(strangers.see(&with("2"), second(10)).runtimes, 1);
        let mut foreign = Foreign::default();
        for look in 2..70 {
            let at = format!("{look}");
            let now = beats(&[("a", &at), ("b", &at), ("other", "2")]);
            foreign = strangers.see(&now, second(10 * look));
        }
        assert!(foreign.is_nobody(), "{foreign:?}");
    }

    #[test]
    fn after_a_long_pause_all_begins_anew() {
        let mut strangers = Strangers::default();
        strangers.see(&sessions(&["10.9.9.9"]), second(0));
        assert!(strangers.see(&sessions(&["10.9.9.9"]), second(100)).is_nobody());
    }
}
