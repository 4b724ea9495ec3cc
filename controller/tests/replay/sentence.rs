//! The sentences that stories are made of. What each does is in `play`. Pure.

use jiff::SignedDuration;

/// One sentence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sentence {
    App {
        pods: usize,
        nodes: Vec<String>,
    },
    Takes(What, SignedDuration),
    LeaderEnds {
        model: String,
        words: String,
    },
    WorkTakes {
        model: String,
        time: SignedDuration,
    },
    WorkFails {
        model: String,
        words: String,
    },
    CannotPull {
        node: String,
        model: String,
        words: String,
    },
    CanPull {
        node: String,
    },
    NodeLost(String),
    NodeBack(String),
    /// Its machine is off, and somebody says so.
    NodeOff(String),
    ServerAway(SignedDuration),
    ServerOutdated(SignedDuration),
    ControllerAway(SignedDuration),
    Deploys(String),
    SetsConstant(String),
    SetsReplicas(usize),
    GoesBack {
        restored: bool,
    },
    GoesBackInVain(String),
    Pass(SignedDuration),
    Until(Fact),
    Fact(Fact),
    /// Said of the whole story: it ends in the same way whatever write the controller dies after.
    WhateverWrite,
}

/// What takes time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Build,
    Pull,
    Start,
    End,
    EndOfWorker,
}

/// What can be so or not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// So many processes of a role and model serve, and there are no others of the role.
    Serve {
        number: usize,
        role: String,
        model: String,
    },
    /// A process does this: `starts`, `ends`, `works on the schema`.
    Does {
        role: String,
        model: String,
        what: String,
    },
    NobodyRuns(String),
    /// The app is as it is wanted.
    AllIsWell,
    SomebodyServedAllTheTime,
    StatusSays(String),
    /// A pod is held by this rule.
    Held(String),
}

/// The sentence of a line; nothing for a line that says nothing.
///
/// # Errors
/// It is none that is known.
pub(crate) fn sentence(line: &str) -> Result<Option<Sentence>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (head, words) = line.split_once(": ").unwrap_or((line, ""));
    let head: Vec<&str> = head.split_whitespace().collect();
    let found = setting(&head, words).or_else(|| happening(&head, words));
    let found = found
        .or_else(|| until(&head, words))
        .or_else(|| fact(&head, words).map(Sentence::Fact));
    found
        .map(Some)
        .ok_or_else(|| format!("no story has such a sentence: {line}"))
}

/// What is so from the beginning.
fn setting(head: &[&str], words: &str) -> Option<Sentence> {
    Some(match head {
        [
            "an",
            "app",
            "of",
            pods,
            "pod" | "pods",
            "on",
            "node" | "nodes",
            nodes @ ..,
        ] => Sentence::App {
            pods: pods.parse().ok()?,
            nodes: owned(nodes),
        },
        ["a", what, "takes", time] => Sentence::Takes(simple(what)?, span(time)?),
        ["an", "end", "takes", time] => Sentence::Takes(What::End, span(time)?),
        ["the", "end", "of", "a", "worker", "takes", time] => Sentence::Takes(What::EndOfWorker, span(time)?),
        ["the", "leader", "of", "model", model, "ends", "with"] => Sentence::LeaderEnds {
            model: (*model).to_owned(),
            words: words.to_owned(),
        },
        ["the", "schema", "of", "model", model, "takes", time] => Sentence::WorkTakes {
            model: (*model).to_owned(),
            time: span(time)?,
        },
        ["the", "schema", "of", "model", model, "fails", "with"] => Sentence::WorkFails {
            model: (*model).to_owned(),
            words: words.to_owned(),
        },
        ["node", node, "cannot", "pull", "model", model] => Sentence::CannotPull {
            node: (*node).to_owned(),
            model: (*model).to_owned(),
            words: words.to_owned(),
        },
        ["whatever", "write", "the", "controller", "is", "killed", "after"] => Sentence::WhateverWrite,
        _ => return None,
    })
}

fn simple(what: &str) -> Option<What> {
    Some(match what {
        "build" => What::Build,
        "pull" => What::Pull,
        "start" => What::Start,
        _ => return None,
    })
}

/// What people, programs and machines do.
fn happening(head: &[&str], words: &str) -> Option<Sentence> {
    Some(match head {
        ["somebody", "deploys", "model", model] => Sentence::Deploys((*model).to_owned()),
        ["somebody", "sets", "the", "constant", "to", value] => Sentence::SetsConstant((*value).to_owned()),
        ["somebody", "sets", "the", "replicas", "to", number]
        | ["the", "autoscaler", "sets", "the", "replicas", "to", number] => {
            Sentence::SetsReplicas(number.parse().ok()?)
        }
        ["somebody", "goes", "back"] => Sentence::GoesBack { restored: false },
        ["somebody", "restores", "the", "backup", "and", "goes", "back"] => {
            Sentence::GoesBack { restored: true }
        }
        ["somebody", "goes", "back,", "which", "is", "refused"] => Sentence::GoesBackInVain(words.to_owned()),
        ["node", node, "can", "pull", "again"] => Sentence::CanPull {
            node: (*node).to_owned(),
        },
        ["node", node, "is", "lost"] => Sentence::NodeLost((*node).to_owned()),
        ["node", node, "comes", "back"] => Sentence::NodeBack((*node).to_owned()),
        ["node", node, "is", "off,", "and", "somebody", "says", "so"] => {
            Sentence::NodeOff((*node).to_owned())
        }
        ["the", "API", "server", "is", "away", "for", time] => Sentence::ServerAway(span(time)?),
        ["reads", "are", "outdated", "for", time] => Sentence::ServerOutdated(span(time)?),
        ["the", "controller", "is", "killed,", "and", "back", "after", time] => {
            Sentence::ControllerAway(span(time)?)
        }
        [time, "pass"] => Sentence::Pass(span(time)?),
        _ => return None,
    })
}

fn until(head: &[&str], words: &str) -> Option<Sentence> {
    let (first, rest) = head.split_first()?;
    (*first == "until").then_some(Sentence::Until(fact(rest, words)?))
}

fn fact(head: &[&str], words: &str) -> Option<Fact> {
    Some(match head {
        [number, role, "of", "model", model, "serve" | "serves"] => Fact::Serve {
            number: number.parse().ok()?,
            role: one(role).to_owned(),
            model: (*model).to_owned(),
        },
        ["the" | "a", role, "of", "model", model, what @ ..] if !what.is_empty() => Fact::Does {
            role: (*role).to_owned(),
            model: (*model).to_owned(),
            what: what.join(" "),
        },
        ["no", role, "runs"] => Fact::NobodyRuns((*role).to_owned()),
        ["all", "is", "well"] => Fact::AllIsWell,
        ["somebody", "served", "all", "the", "time"] => Fact::SomebodyServedAllTheTime,
        ["the", "status", "says"] => Fact::StatusSays(words.to_owned()),
        ["a", "pod", "is", "held", "by", rule] => Fact::Held((*rule).to_owned()),
        _ => return None,
    })
}

fn one(role: &str) -> &str {
    role.strip_suffix('s').unwrap_or(role)
}

fn span(text: &str) -> Option<SignedDuration> {
    text.parse().ok()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
