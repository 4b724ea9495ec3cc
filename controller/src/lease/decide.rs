//! Whose the Lease is. Pure.

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::LeaseSpec;

/// What is to be done with the Lease.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Decision {
    /// Nobody holds it.
    Acquire,
    /// We hold it.
    Renew,
    /// Somebody else holds it.
    Yield,
}

/// The Lease as it was last seen, and since when it has looked so by our own clock.
///
/// Clocks of two machines may differ, so the times in the Lease are compared with each other only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Observation {
    holder: Option<String>,
    renewed: Option<Timestamp>,
    duration_seconds: i64,
    since: Timestamp,
}

impl Observation {
    /// What is known after another look.
    pub(super) fn next(before: Option<Self>, spec: &LeaseSpec, now: Timestamp) -> Self {
        let renewed = spec.renew_time.as_ref().map(|time| time.0);
        let holder = spec.holder_identity.clone().filter(|holder| !holder.is_empty());
        let same = before.filter(|before| before.renewed == renewed && before.holder == holder);
        Self {
            holder,
            renewed,
            duration_seconds: spec
                .lease_duration_seconds
                .unwrap_or(super::DURATION_SECONDS)
                .into(),
            since: same.map_or(now, |same| same.since),
        }
    }
}

pub(super) fn decide(observation: Option<&Observation>, me: &str, now: Timestamp) -> Decision {
    let Some((seen, holder)) = observation.and_then(|seen| Some((seen, seen.holder.as_deref()?))) else {
        return Decision::Acquire;
    };
    let silent = now.as_second() - seen.since.as_second();
    match holder {
        holder if holder == me => Decision::Renew,
        _ if silent > seen.duration_seconds => Decision::Acquire,
        _ => Decision::Yield,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
    use rstest::rstest;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("time")
    }

    fn held_by(holder: &str, renewed: i64) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            renew_time: Some(MicroTime(at(renewed))),
            lease_duration_seconds: Some(15),
            ..LeaseSpec::default()
        }
    }

    #[rstest]
    #[case::nobody("", 0, Decision::Acquire)]
    #[case::ours("me", 1000, Decision::Renew)]
    #[case::theirs("other", 15, Decision::Yield)]
    #[case::theirs_and_silent("other", 16, Decision::Acquire)]
    fn a_silent_holder_loses_the_lease(
        #[case] holder: &str,
        #[case] silent: i64,
        #[case] expected: Decision,
    ) {
        // The other machine's clock is far off; only our own counts.
        let lease = held_by(holder, 1_000_000);
        let first = Observation::next(None, &lease, at(0));
        let later = Observation::next(Some(first), &lease, at(silent));
        assert_eq!(decide(Some(&later), "me", at(silent)), expected);
    }

    #[test]
    fn every_renewal_starts_the_time_again() {
        let first = Observation::next(None, &held_by("other", 1), at(0));
        let renewed = Observation::next(Some(first), &held_by("other", 2), at(14));
        assert_eq!(decide(Some(&renewed), "me", at(20)), Decision::Yield);
    }
}
