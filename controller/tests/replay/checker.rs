//! What must hold at every moment of whatever is played, as rules over what was seen. Pure.
//!
//! The invariants are asked of processes, not of what the API server says of their pods.

use crate::moment::{Deployment, Moment, Running, Written};
use mendix_model::gate::CONDITIONS;
use std::collections::{BTreeMap, BTreeSet};

type Rule = fn(&[Moment]) -> Vec<String>;

/// All rules, by what they say.
const RULES: &[(&str, Rule)] = &[
    ("I1: a database belongs to one environment", one_owner),
    ("I2: at most one leader runs on a database", one_leader),
    (
        "I3: one model and one way of leading run on a database",
        one_model,
    ),
    ("I4: no model runs on a schema newer than its own", no_return),
    ("no step is undone and done again", nothing_again),
    (
        "what belongs to others is not written, their replicas least of all",
        nothing_of_others,
    ),
    ("nothing is ended that need not be", nothing_in_vain),
    ("who is held is told why, and what to do", held_with_words),
    ("who stands still is told what to do", stalled_with_words),
];

/// Words of a remedy, in a sentence that says why an app stands still.
const REMEDIES: [&str; 5] = [
    "; deploy ",
    "; correct ",
    ": restore ",
    ": write ",
    ": kubectl mendix ",
];

/// Everything that breaks a rule; nothing when all is well.
pub(crate) fn broken(trace: &[Moment]) -> Vec<String> {
    let all = RULES.iter().flat_map(|(says, rule)| {
        let found = rule(trace).into_iter();
        found.map(move |what| format!("{says}: {what}"))
    });
    // What goes on for long is said once.
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What is found at each moment, with its time.
fn at_each(trace: &[Moment], found: impl Fn(&Moment) -> Vec<String>) -> Vec<String> {
    let all = trace.iter().flat_map(|moment| {
        let found = found(moment).into_iter();
        found.map(|what| format!("{} {what}", moment.at))
    });
    all.collect()
}

/// By database, what its processes differ in.
fn on_one_database<'a, T: Ord>(
    moment: &'a Moment,
    of: impl Fn(&'a Running) -> T,
) -> Vec<(&'a str, BTreeSet<T>)> {
    let mut all: BTreeMap<&str, BTreeSet<T>> = BTreeMap::new();
    for process in &moment.processes {
        all.entry(&process.database).or_default().insert(of(process));
    }
    all.into_iter().filter(|(_, found)| found.len() > 1).collect()
}

fn one_owner(trace: &[Moment]) -> Vec<String> {
    at_each(trace, |moment| {
        let shared = on_one_database(moment, |process| &process.environment);
        shared
            .iter()
            .map(|(database, owners)| format!("{database} is used by {owners:?}"))
            .collect()
    })
}

fn one_leader(trace: &[Moment]) -> Vec<String> {
    at_each(trace, |moment| {
        let leaders = Moment {
            processes: moment
                .processes
                .iter()
                .filter(|it| it.role == "leader")
                .cloned()
                .collect(),
            ..moment.clone()
        };
        let several = on_one_database(&leaders, |process| &process.pod);
        several
            .iter()
            .map(|(_, pods)| format!("{pods:?} lead at once"))
            .collect()
    })
}

fn one_model(trace: &[Moment]) -> Vec<String> {
    at_each(trace, |moment| {
        let several = on_one_database(moment, |process| (&process.model, &process.mode));
        several
            .iter()
            .map(|(_, models)| format!("{models:?} run at once"))
            .collect()
    })
}

fn no_return(trace: &[Moment]) -> Vec<String> {
    at_each(trace, |moment| {
        let Some((last, earlier)) = moment.schema.split_last() else {
            return Vec::new();
        };
        let late = moment
            .processes
            .iter()
            .filter(|it| it.model != *last && earlier.contains(&it.model));
        late.map(|it| format!("{} of model {} runs on the schema of {last}", it.pod, it.model))
            .collect()
    })
}

/// Each thing that a Deployment is asked for, since somebody last wanted something else, is asked for once.
fn nothing_again(trace: &[Moment]) -> Vec<String> {
    let mut asked: BTreeMap<&str, Vec<&Deployment>> = BTreeMap::new();
    let mut wishes = 0;
    let mut found = Vec::new();
    for moment in trace {
        if moment.wishes != wishes {
            wishes = moment.wishes;
            asked.clear();
        }
        for written in &moment.written {
            let Written::Deployment(deployment) = written else {
                continue;
            };
            let before = asked.entry(&deployment.name).or_default();
            if before.last() == Some(&deployment) {
                continue;
            }
            if before.contains(&deployment) {
                found.push(format!(
                    "{} {} is asked again for {}",
                    moment.at, deployment.name, deployment.replicas
                ));
            }
            before.push(deployment);
        }
    }
    found
}

fn nothing_of_others(trace: &[Moment]) -> Vec<String> {
    at_each(trace, |moment| {
        let others = moment.written.iter().filter_map(|written| match written {
            Written::Others(path) => Some(format!("{path} was written")),
            _ => None,
        });
        others.collect()
    })
}

fn nothing_in_vain(trace: &[Moment]) -> Vec<String> {
    at_each(trace, |moment| {
        let needed = |it: &&crate::moment::Ending| !it.is_current || it.is_excused || it.present > it.wanted;
        let in_vain = moment.ends.iter().filter(|it| !needed(it));
        in_vain
            .map(|it| format!("{} was as it is to be, and had to end", it.pod))
            .collect()
    })
}

fn held_with_words(trace: &[Moment]) -> Vec<String> {
    at_each(trace, |moment| {
        let wordless = moment.held.iter().filter(|held| {
            let condition = CONDITIONS.iter().find(|condition| condition.id == held.rule);
            !condition.is_some_and(|condition| {
                let reason = held.message.strip_suffix(condition.remedy);
                reason.is_some_and(|reason| !reason.trim_end_matches([';', ' ']).is_empty())
            })
        });
        wordless
            .map(|it| format!("{} is held by {:?}: {:?}", it.pod, it.rule, it.message))
            .collect()
    })
}

fn stalled_with_words(trace: &[Moment]) -> Vec<String> {
    at_each(trace, |moment| {
        let has_remedy = |told: &&String| REMEDIES.iter().any(|words| told.contains(words));
        moment
            .stalled
            .iter()
            .filter(|told| !has_remedy(told))
            .cloned()
            .collect()
    })
}
