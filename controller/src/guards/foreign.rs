//! Whether others are on the database of an app, from what its guards have seen. Pure.

use super::is_unguarded;
use super::lease::Answers;
use k8s_openapi::api::core::v1::Pod;
use mendix_model::lease::GuardStatus;
use std::collections::BTreeSet;

/// Who is on the database besides the processes that hold rows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Beside {
    /// Each guard that runs has looked, and nobody is there.
    Nobody,
    /// A guard does not answer, or there is none that could.
    Unknown,
    /// Who, in words that stay the same while nothing changes.
    Others(String),
}

/// Pods of the same app that carry no guard are no others: the gate knows them.
pub(crate) fn foreign(pods: &[Pod], answers: &Answers) -> Beside {
    let seen = || answers.values().flatten().filter_map(of_status);
    let own: BTreeSet<&str> = pods.iter().flat_map(addresses).collect();
    let sessions = seen().flat_map(|foreign| foreign.addresses.iter().map(String::as_str));
    let sessions: BTreeSet<&str> = sessions.filter(|address| !own.contains(address)).collect();
    let runtimes = seen().map(|foreign| foreign.runtimes).max().unwrap_or_default();
    let runtimes = if pods.iter().any(is_unguarded) {
        0
    } else {
        runtimes
    };
    let words = [of_sessions(&sessions), of_runtimes(runtimes)];
    let words: Vec<String> = words.into_iter().flatten().collect();
    match words.is_empty() {
        false => Beside::Others(words.join(", and ")),
        true if answers.is_empty() || answers.values().any(Result::is_err) => Beside::Unknown,
        true => Beside::Nobody,
    }
}

fn of_status(status: &GuardStatus) -> Option<&mendix_model::lease::Foreign> {
    status.lease.foreign.as_ref()
}

fn addresses(pod: &Pod) -> impl Iterator<Item = &str> {
    let all = pod.status.as_ref().and_then(|status| status.pod_ips.as_ref());
    all.into_iter().flatten().map(|it| it.ip.as_str())
}

fn of_sessions(addresses: &BTreeSet<&str>) -> Option<String> {
    let all: Vec<&str> = addresses.iter().copied().collect();
    let from = all.join(", ");
    (!all.is_empty())
        .then(|| format!("sessions of the app's role come from {from}, where none of its pods runs"))
}

fn of_runtimes(runtimes: usize) -> Option<String> {
    (runtimes > 0)
        .then(|| format!("{runtimes} more runtimes than pods of the app write heartbeats into the database"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guards::NoAnswer;
    use mendix_model::lease::{Foreign, LeaseState, LeaseStatus};
    use rstest::rstest;
    use serde_json::json;

    fn pod(name: &str, ip: &str, command: &str) -> Pod {
        let container = json!({"name": "mendix", "command": [command]});
        let status = json!({"phase": "Running", "podIPs": [{"ip": ip}]});
        let pod = json!({"metadata": {"name": name}, "spec": {"containers": [container]}, "status": status});
        serde_json::from_value(pod).expect("a pod")
    }

    fn guarded(name: &str, ip: &str) -> Pod {
        pod(name, ip, "/run/mendix/guard/mendix")
    }

    fn seen(addresses: &[&str], runtimes: usize) -> Answers {
        let addresses = addresses.iter().map(|&it| it.to_owned()).collect();
        let status = LeaseStatus {
            state: LeaseState::Held,
            message: None,
            remaining_seconds: None,
            bound_seconds: None,
            foreign: Some(Foreign { addresses, runtimes }),
        };
        [("shop-0".to_owned(), Ok(GuardStatus::of_lease(status)))].into()
    }

    #[rstest]
    #[case::nobody(&[], 0, None)]
    #[case::session(&["10.9.9.9"], 0, Some("come from 10.9.9.9, where"))]
    #[case::own_pod(&["10.0.0.1"], 0, None)]
    #[case::heartbeat(&[], 1, Some("1 more runtimes"))]
    #[case::both(&["10.9.9.9"], 1, Some("runs, and 1 more"))]
    fn others_are_told(#[case] addresses: &[&str], #[case] runtimes: usize, #[case] expected: Option<&str>) {
        let found = foreign(&[guarded("shop-0", "10.0.0.1")], &seen(addresses, runtimes));
        match expected {
            Some(words) => assert!(
                matches!(&found, Beside::Others(who) if who.contains(words)),
                "{found:?}"
            ),
            None => assert_eq!(found, Beside::Nobody),
        }
    }

    /// It writes heartbeats, and holds no row.
    #[test]
    fn a_pod_of_the_app_without_guard_is_nobody_else() {
        let pods = [
            guarded("shop-0", "10.0.0.1"),
            pod("shop-1", "10.0.0.2", "/startup"),
        ];
        assert_eq!(foreign(&pods, &seen(&["10.0.0.2"], 1)), Beside::Nobody);
    }

    #[rstest]
    #[case::silent([("shop-0".to_owned(), Err(NoAnswer::Late))].into())]
    #[case::not_there(Answers::new())]
    fn where_no_guard_is_heard_somebody_may_be_there(#[case] answers: Answers) {
        assert_eq!(
            foreign(&[guarded("shop-0", "10.0.0.1")], &answers),
            Beside::Unknown
        );
    }
}
