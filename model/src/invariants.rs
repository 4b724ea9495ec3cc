//! What is promised, by what it is held, and what is left over. `docs/invariants.md` is made from this.

use crate::gate::CONDITIONS;
use std::fmt::Write as _;

/// Something that is never untrue.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// Stable id, such as `I1`.
    pub id: &'static str,
    /// What holds.
    pub statement: &'static str,
    /// What holds it up, besides the conditions of the gate: level and how.
    pub levels: &'static [(&'static str, &'static str)],
    /// What is not covered, and who has to look after it.
    pub left_over: &'static str,
}

const API_SERVER: (&str, &str) = (
    "L0",
    "the API server lets nobody but the controller open a gate, take off the finalizer, or change labels and images",
);
const WEBHOOK: (&str, &str) = (
    "L1",
    "the webhook refuses, while they are written, workloads that could only be held: a leader that rolls or has several \
     pods, a second one, another environment's database, variables that contradict the role",
);
const RECORD: (&str, &str) = (
    "L2",
    "a pod is entered into the claim of its database before its gate goes, and leaves it on proof that it has ended",
);

const LEASE: (&str, &str) = (
    "L3",
    "a process runs while it renews its row in the database; who starts waits until each row in its way has ended, or has \
     stood still for so long that its process was killed",
);
const OUT_OF_REACH: &str = "Processes without the guard; two that overlap for up to 20 s when a failover of the database \
                            loses its newest rows; what a suspended machine writes between its wake-up and the guard's \
                            first look; statements that the server still executes for a process that was killed; and a \
                            guard that its node has stopped (SIGSTOP) while the runtime runs on";

/// All of them.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I1",
        statement: "a database belongs to one environment",
        levels: &[
            API_SERVER,
            WEBHOOK,
            (
                "L2",
                "the claim's name is the hash of the database's identity, so a second one cannot be made",
            ),
            (
                "L3",
                "the owner stands in the database itself and is read at every start of a container, whatever name the \
                 database is reached by",
            ),
        ],
        left_over: "a database on which no process with the guard has run yet bears no name; and what level L3 does not \
                    reach: other products than PostgreSQL, and pods of plain manifests that do not ask for the guard",
    },
    Invariant {
        id: "I2",
        statement: "at most one leader is started on a database",
        levels: &[API_SERVER, WEBHOOK, RECORD, LEASE],
        left_over: "processes that no pod of the cluster runs; a static pod that starts beside a leader, for no gate is \
                    asked; a copy of a pod that was there before its namespace was guarded, made before it was \
                    adopted; a workload that is made again without the label while its last pod still ends; and what \
                    a person does with kubectl exec",
    },
    Invariant {
        id: "I3",
        statement: "never are two models, or two ways of leading, started on one database at once",
        levels: &[
            API_SERVER,
            RECORD,
            (
                "L2",
                "a pod starts with the digest that was judged, whatever its tag means by then",
            ),
            LEASE,
        ],
        left_over: "as I2",
    },
    Invariant {
        id: "I4",
        statement: "no model starts on a schema newer than its own",
        levels: &[
            RECORD,
            (
                "L2",
                "the claim remembers every model whose leader was opened, in order",
            ),
        ],
        left_over: "models that ran before the environment was guarded, or under a claim that was deleted by hand, are \
                    not known; a model that was never opened on the database counts as newer than all that were, for a \
                    digest does not tell its age; and a database that was restored has to be declared",
    },
    Invariant {
        id: "I5",
        statement: "every worker is told that it is a worker",
        levels: &[
            WEBHOOK,
            (
                "L1",
                "the webhook adds the variable that tells a buildpack its role, where it is missing",
            ),
            (
                "L2",
                "a pod whose variables contradict its role is held; those of our own apps are written by the controller",
            ),
        ],
        left_over: "what an image does with its variables is its own affair",
    },
];

/// The document, as Markdown.
pub fn document() -> String {
    let mut text = String::from(
        "# Invariants\n\nMade by `cargo xtask generate` from the crate mendix-model. Edit that.\n\nLevel L0 is the API \
         server, by policies of the chart. Level L1 is the webhook: early words, on which nothing rests. Level L2 is the \
         gate: the controller, which can let a pod start only while it can reach the API server. Level L3 is the guard \
         with its row in the database (lease.md): always, for the processes that carry it. A level that is not named \
         here is not there yet.\n",
    );
    for invariant in INVARIANTS {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## {}: {}\n\n", invariant.id, invariant.statement);
        for (level, how) in invariant.levels {
            let _ = writeln!(text, "- {level}: {how}.");
        }
        for condition in CONDITIONS
            .iter()
            .filter(|it| it.invariants.contains(&invariant.id))
        {
            let _ = writeln!(text, "- {}: {}", condition.id, condition.statement);
        }
        let _ = write!(text, "\nLeft over: {}.\n", invariant.left_over);
    }
    let _ = write!(text, "\n## What level L3 does not cover\n\n{OUT_OF_REACH}.\n");
    text.push_str(
        "\nWhat each condition rests on and what to do when it is not true: [rules.md](rules.md).\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_holds_up_an_invariant_that_there_is() {
        for condition in CONDITIONS {
            for id in condition.invariants {
                assert!(INVARIANTS.iter().any(|it| it.id == *id), "{}", condition.id);
            }
        }
    }

    #[test]
    fn every_invariant_is_held_up_by_a_condition() {
        for invariant in INVARIANTS {
            assert!(
                CONDITIONS.iter().any(|it| it.invariants.contains(&invariant.id)),
                "{}",
                invariant.id
            );
        }
    }
}
