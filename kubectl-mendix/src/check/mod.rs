//! What `check` is made of: files become documents, documents become workloads and apps, rules become findings.

pub mod json;
pub mod sarif;
pub mod source;
pub mod text;

mod judge;

pub use judge::judge;
pub use source::Document;

use mendix_model::rules::{Severity, Violation};

/// Where a document stands.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// File, `-` for stdin.
    pub file: String,
    /// Its first line, from 1.
    pub line: u64,
    /// Which document of the file, from 1.
    pub document: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{}:{}: document {}",
            self.file, self.line, self.document
        )
    }
}

/// A violation in a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// `Deployment prod/shop`.
    pub object: String,
    /// Of which rule, and what is wrong.
    pub violation: Violation,
}

/// What cannot be judged. Holds no value of the file: that may be a password.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Problem {
    /// Where.
    pub place: String,
    /// Why not.
    pub what: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Checked {
    /// In the order of the files.
    pub findings: Vec<Finding>,
    /// Documents of kinds that rules are about, but of another form.
    pub problems: Vec<Problem>,
    /// Apps, workloads and autoscalers that were judged.
    pub judged: usize,
}

impl Checked {
    /// Whether anything would be refused.
    pub fn refuses(&self) -> bool {
        self.count(Severity::Refusal) > 0
    }

    /// Number of findings.
    pub fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.violation.severity == severity;
        self.findings.iter().filter(of).count()
    }
}
