//! Every rule by its id, whoever enforces it: what it says, why, and what to do.

use crate::gate::CONDITIONS;
use crate::policies::POLICIES;
use crate::rules::{Check, RULES, Rule, Severity};
use serde::Serialize;
use std::fmt::Write as _;

/// One rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Stable id, such as `MX011`.
    pub id: &'static str,
    /// What holds.
    pub statement: &'static str,
    /// What happens when it does not.
    pub evidence: &'static str,
    /// What to do when it does not.
    pub remedy: &'static str,
    /// Who enforces it, and how it shows.
    pub enforced: Enforced,
}

/// Who enforces a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Enforced {
    /// A pod waits.
    Gate,
    /// A request is refused.
    ApiServer,
    /// An app is refused, or stays as it was.
    Review,
    /// A manifest is refused.
    Manifest,
    /// Something is told to who changes it.
    Warning,
    /// A command is refused.
    Command,
}

impl Enforced {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Gate => "the gate: the pod waits until it is so",
            Self::ApiServer => "the API server, by the chart's policies: the request is refused",
            Self::Review => "plugin, webhook and controller: the app is refused, and what runs stays",
            Self::Manifest => "webhook and kubectl mendix check: the manifest is refused",
            Self::Warning => "webhook and kubectl mendix check: told as a warning",
            Self::Command => {
                "kubectl mendix restart and refresh: the command is refused, and changes nothing"
            }
        }
    }
}

/// All rules, in order of their ids.
pub fn explanations() -> Vec<Explanation> {
    let conditions = CONDITIONS.iter().map(|it| Explanation {
        id: it.id,
        statement: it.statement,
        evidence: it.evidence,
        remedy: it.remedy,
        enforced: Enforced::Gate,
    });
    let policies = POLICIES.iter().map(|it| Explanation {
        id: it.id,
        statement: it.statement,
        evidence: it.evidence,
        remedy: it.remedy,
        enforced: Enforced::ApiServer,
    });
    let rules = RULES.iter().map(|it| Explanation {
        id: it.id,
        statement: it.statement,
        evidence: it.evidence,
        remedy: it.remedy,
        enforced: enforced(it),
    });
    let mut all: Vec<_> = conditions.chain(policies).chain(rules).collect();
    all.sort_unstable_by_key(|it| it.id);
    all
}

fn enforced(rule: &Rule) -> Enforced {
    match (rule.severity, rule.check) {
        (Severity::Warning, _) => Enforced::Warning,
        (Severity::Refusal, Check::Command) => Enforced::Command,
        (Severity::Refusal, Check::App(_) | Check::Elsewhere) => Enforced::Review,
        (Severity::Refusal, _) => Enforced::Manifest,
    }
}

/// The rule with an id, in whatever case it is written.
pub fn explanation(id: &str) -> Option<Explanation> {
    explanations()
        .into_iter()
        .find(|it| it.id.eq_ignore_ascii_case(id))
}

/// `docs/rules.md`, as Markdown.
pub fn document() -> String {
    let mut text = String::from(
        "# Rules\n\nMade by `cargo xtask generate` from the crate mendix-model. Edit that. The same in a terminal: \
         `kubectl mendix explain ID`.\n",
    );
    for rule in explanations() {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {}: {}\n\n{}\n\n- What to do: {}.\n- Enforced by {}.\n",
            rule.id,
            rule.statement.trim_end_matches('.'),
            rule.evidence,
            rule.remedy,
            rule.enforced.words()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_stands_for_one_rule() {
        let ids: Vec<_> = explanations().iter().map(|it| it.id).collect();
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    }

    #[test]
    fn evidence_is_a_sentence_and_a_remedy_is_none() {
        for rule in explanations() {
            assert!(rule.evidence.ends_with('.'), "{}", rule.id);
            assert!(!rule.remedy.ends_with('.'), "{}", rule.id);
        }
    }

    #[test]
    fn an_id_is_found_in_any_case() {
        assert_eq!(explanation("mx011").map(|it| it.id), Some("MX011"));
        assert_eq!(explanation("MX999"), None);
    }
}
