//! What the guards say of their leases, as a condition (docs/lease.md). Pure.

use super::answer::NoAnswer;
use super::foreign::{Beside, foreign};
use super::{container, is_unguarded};
use crate::metadata::is_leaving;
use crate::pod_state::is_ready;
use crate::read;
use crate::report::shortened;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::conditions::{DATABASE_LEASE, Fact};
use mendix_model::lease::{GuardStatus, LeaseState, REFUSED};
use mendix_model::names::INJECT_GUARD_ANNOTATION;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// Answers by name of the pod. A pod that was not asked is not in it.
pub type Answers = BTreeMap<String, Result<GuardStatus, NoAnswer>>;

/// Nobody watches what a guard waits for.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Statuses are read by people.
const LONGEST_SENTENCE: usize = 1000;

/// What is known of one pod. What a person must know of first comes first.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Word {
    /// Others are on the database.
    Foreign(String),
    /// It may not run on the database.
    Refused(String),
    /// It was killed.
    Lost(String),
    /// It is not started yet.
    Waiting(String),
    /// It runs without a row.
    Absent(String),
    /// It serves, and its guard is not heard.
    Silent(String),
    /// It runs; the largest bound first.
    Held(Reverse<Option<u64>>),
    /// It does not serve yet, and its guard is not heard yet.
    Starting(String),
}

/// The condition; nothing while no pod runs.
pub(crate) fn fact(pods: &[Pod], answers: &Answers) -> Option<Fact> {
    let words = pods
        .iter()
        .filter_map(|pod| Some((word(pod, answers)?, pod.name_any())));
    let others = match foreign(pods, answers) {
        Beside::Others(who) => Some((Word::Foreign(who), String::new())),
        Beside::Nobody | Beside::Unknown => None,
    };
    // By word, then by name: a list of pods comes in no promised order, and the same state must give the same sentence.
    let (word, pod) = words.chain(others).min()?;
    let (is, reason) = match &word {
        Word::Foreign(_) => (Some(false), "Foreign"),
        Word::Refused(_) => (Some(false), "Refused"),
        Word::Lost(_) => (Some(false), "Lost"),
        Word::Waiting(_) => (Some(false), "Waiting"),
        Word::Absent(_) => (Some(false), "Absent"),
        Word::Silent(_) | Word::Starting(_) => (None, "NoAnswer"),
        Word::Held(_) => (Some(true), "Held"),
    };
    Some(Fact {
        type_: DATABASE_LEASE.to_owned(),
        is,
        reason: reason.to_owned(),
        message: shortened(&sentence(&word, &pod), LONGEST_SENTENCE),
    })
}

/// Whom a pod waits for before it starts its runtime.
pub(crate) fn waits_for(pod: &Pod, answers: &Answers) -> Option<String> {
    match word(pod, answers)? {
        Word::Waiting(why) => Some(format!(
            "waits for its turn on the database: {}",
            shortened(&why, LONGEST_SENTENCE)
        )),
        _ => None,
    }
}

/// What a leader does to the database before it serves.
pub(crate) fn synchronises(pod: &Pod, answers: &Answers) -> Option<String> {
    let status = answers.get(&pod.name_any())?.as_ref().ok()?;
    status.synchronises().filter(|_| !is_leaving(pod))
}

/// When to ask again although no pod changes; nothing where every guard has said its last word.
pub(crate) fn look_again(pods: &[Pod], answers: &Answers) -> Option<Duration> {
    let starts = |pod: &Pod| matches!(answers.get(&pod.name_any()), Some(Ok(status)) if status.starts());
    let wait = |pod: &Pod| match word(pod, answers)? {
        _ if starts(pod) => Some(LOOK_AGAIN),
        // The guard listens a moment after its container runs.
        Word::Waiting(_) | Word::Starting(_) => Some(LOOK_AGAIN),
        Word::Silent(_) => Some(read::UNWATCHED),
        _ => None,
    };
    pods.iter().filter_map(wait).min()
}

fn word(pod: &Pod, answers: &Answers) -> Option<Word> {
    if is_leaving(pod) {
        return None;
    }
    if is_unguarded(pod) {
        return Some(Word::Absent(format!(
            "it carries no guard; annotation {INJECT_GUARD_ANNOTATION} of its template asks for one"
        )));
    }
    if let Some(why) = refused(pod) {
        return Some(Word::Refused(why));
    }
    let status = match answers.get(&pod.name_any())? {
        Ok(status) => &status.lease,
        Err(why) if is_ready(pod) => return Some(Word::Silent(format!("{why}; {}", why.remedy()))),
        Err(why) => return Some(Word::Starting(why.to_string())),
    };
    let why = status.message.clone().unwrap_or_default();
    match status.state {
        LeaseState::Waiting => Some(Word::Waiting(why)),
        LeaseState::Absent => Some(Word::Absent(why)),
        LeaseState::Refused => Some(Word::Refused(why)),
        LeaseState::Held => Some(Word::Held(Reverse(status.bound_seconds))),
        LeaseState::Lost => Some(Word::Lost(why)),
        // What comes after is said by the next container.
        LeaseState::Ended => None,
    }
}

/// Why the last container was refused, until the next one runs: it ends too soon to be asked.
fn refused(pod: &Pod) -> Option<String> {
    let container = container(pod)?;
    let now = container.state.as_ref()?;
    let before = container.last_state.as_ref();
    let ended = match &now.waiting {
        Some(_) => before.and_then(|state| state.terminated.as_ref()),
        None => now.terminated.as_ref(),
    };
    let message = ended?.message.as_deref()?;
    Some(message.trim().strip_prefix(REFUSED)?.to_owned())
}

fn sentence(word: &Word, pod: &str) -> String {
    match word {
        Word::Foreign(who) => format!(
            "{who}; end what runs there, or, where it is no app, give it a role of its own: nothing new is started meanwhile"
        ),
        Word::Refused(why) | Word::Lost(why) | Word::Waiting(why) => format!("pod {pod}: {why}"),
        Word::Absent(why) => {
            format!("pod {pod} keeps no row in its database, so levels L0 to L2 hold and no more: {why}")
        }
        Word::Silent(why) => format!("the guard of pod {pod} is not heard: {why}"),
        Word::Starting(why) => format!("the guard of pod {pod} is not heard yet: {why}"),
        Word::Held(Reverse(Some(bound))) => format!(
            "each process of the app has its row in the database; should a failover lose the newest rows, two may run \
             that must not for at most {bound} s"
        ),
        Word::Held(Reverse(None)) => "each process of the app has its row in the database".to_owned(),
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
