//! What people are told. None of the sentences holds a secret.

use super::hold::Loss;
use super::take::{Refusal, Wait};
use super::time::TERMS;
use std::fmt;

/// So many processes are named.
const NAMED: usize = 3;

impl fmt::Display for Wait {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leader { model } => {
                write!(
                    out,
                    "the database is not yet led by model {}; waits for its leader",
                    short(model)
                )
            }
            // Without the seconds that are left: who reads this may write it down, and would do so each second.
            Self::Processes { processes, .. } => write!(
                out,
                "{} may still run on the database; starts when it says that it has ended, or has given no sign of life \
                 for {} s",
                named(processes),
                TERMS.still().as_secs()
            ),
        }
    }
}

fn named(processes: &[(String, &'static str, String)]) -> String {
    let each = processes.iter().take(NAMED);
    let each = each.map(|(pod, role, model)| format!("{role} {pod} of model {}", short(model)));
    let named = each.collect::<Vec<_>>().join(", ");
    match processes.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The beginning of a model, which is enough to tell two apart.
fn short(model: &str) -> &str {
    let hash = model.strip_prefix("sha256:").unwrap_or(model);
    hash.get(..12).unwrap_or(hash)
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { owner, elsewhere } => {
                let cluster = if *elsewhere { " of another cluster" } else { "" };
                write!(
                    out,
                    "the database belongs to environment {} in namespace {}{cluster}: it says so itself, whatever name \
                     it is reached by; give this environment a database of its own, or take that one over with: kubectl \
                     mendix adopt",
                    owner.environment, owner.namespace
                )
            }
            Self::Format(format) => write!(
                out,
                "the database was written by a later release (form {format}), and an earlier one does not guess what it \
                 means; upgrade the chart"
            ),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(terms) => write!(
                out,
                "the database did not answer for {} s, and somebody else may be let in; see whether it can be reached \
                 from the node",
                terms.limit.as_secs()
            ),
            Self::TakenOver => out.write_str(
                "the row of this process has gone from the database: another process has taken over, or the newest \
                 rows were lost",
            ),
        }
    }
}
