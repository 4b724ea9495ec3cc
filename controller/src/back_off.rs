//! Waiting times between failed reconciles of one object: 1 s, 2 s, 4 s, … 5 min, and 1 s again after a success.

use std::{collections::HashMap, sync::Mutex, time::Duration};

const LONGEST: Duration = Duration::from_mins(5);

/// Failures in a row, by object.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    failures: Mutex<HashMap<String, u32>>,
}

impl BackOff {
    /// Notes a failure and says how long to wait.
    pub(crate) fn failed(&self, object: &str) -> Duration {
        let Ok(mut failures) = self.failures.lock() else {
            return LONGEST;
        };
        let count = failures.entry(object.to_owned()).or_insert(0);
        let wait = waiting_time(*count);
        *count = count.saturating_add(1);
        wait
    }

    /// Forgets the failures of an object; also how an object that is gone leaves the map.
    pub(crate) fn succeeded(&self, object: &str) {
        if let Ok(mut failures) = self.failures.lock() {
            failures.remove(object);
        }
    }
}

/// Waiting time after `failures` earlier failures in a row.
fn waiting_time(failures: u32) -> Duration {
    2_u64
        .checked_pow(failures)
        .map_or(LONGEST, Duration::from_secs)
        .min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::first(0, 1)]
    #[case::second(1, 2)]
    #[case::eighth(8, 256)]
    #[case::bounded(9, 300)]
    #[case::no_overflow(u32::MAX, 300)]
    fn waiting_times_double_up_to_five_minutes(#[case] failures: u32, #[case] seconds: u64) {
        assert_eq!(waiting_time(failures), Duration::from_secs(seconds));
    }

    #[test]
    fn a_success_resets_that_object_alone() {
        let back_off = BackOff::default();
        for object in ["a", "b"] {
            back_off.failed(object);
            back_off.failed(object);
        }
        back_off.succeeded("a");
        assert_eq!(back_off.failed("a"), Duration::from_secs(1));
        assert_eq!(back_off.failed("b"), Duration::from_secs(4));
    }
}
