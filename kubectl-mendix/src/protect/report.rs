//! What `protect` shows. The JSON form is what scripts rely on.

use super::Guard;
use super::candidate;
use super::judge::{Judged, judge};
use super::workload::Workload;
use crate::print::{Layout, Row, columns};
use crate::view::Health;
use mendix_model::manifest::Database;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the guard makes of a namespace.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The namespace.
    pub namespace: String,
    /// `enabled` or `audit`.
    pub guard: &'static str,
    /// Workloads with the environment label.
    pub workloads: Vec<WorkloadReport>,
    /// Workloads that look like apps of Mendix and have no labels.
    pub unlabelled: Vec<Candidate>,
}

/// One labelled workload.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadReport {
    /// `deployment/shop`.
    pub name: String,
    /// Its environment.
    pub environment: String,
    /// Its role, as labelled.
    pub role: Option<String>,
    /// Its database, or where that is named.
    pub database: Option<String>,
    /// Number of its pods.
    pub pods: usize,
    /// Those that run without the gate.
    pub unguarded_pods: Vec<String>,
    /// Why its next pods would be held.
    pub held: Vec<String>,
}

/// One workload without labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// `deployment/shop`.
    pub name: String,
    /// Variables by which it looks like an app of Mendix.
    pub variables: BTreeSet<String>,
    /// Its database, or where that is named.
    pub database: Option<String>,
    /// Labels that its pod template may need.
    pub labels: BTreeMap<String, String>,
    /// What it keeps from working.
    pub held: Vec<String>,
}

impl Report {
    /// The report on the workloads of a namespace.
    pub fn new(namespace: &str, guard: Guard, workloads: &[Workload]) -> Self {
        let judged = judge(workloads, namespace);
        let (labelled, unlabelled): (Vec<_>, Vec<_>) = judged
            .into_iter()
            .partition(|it| it.workload.environment.is_some());
        Self {
            namespace: namespace.to_owned(),
            guard: guard.as_str(),
            workloads: labelled.into_iter().map(WorkloadReport::new).collect(),
            unlabelled: unlabelled.into_iter().map(Candidate::new).collect(),
        }
    }

    /// Whether anything would be held.
    pub fn holds(&self) -> bool {
        let workloads = self.workloads.iter().map(|it| &it.held);
        let candidates = self.unlabelled.iter().map(|it| &it.held);
        workloads.chain(candidates).any(|held| !held.is_empty())
    }

    /// Names of the workloads with labels, as kubectl prints them: `deployment.apps/shop`.
    pub fn names(&self) -> Vec<String> {
        let grouped = |name: &str| match name.strip_prefix("pod/") {
            Some(_) => name.to_owned(),
            None => name.replacen('/', ".apps/", 1),
        };
        self.workloads.iter().map(|it| grouped(&it.name)).collect()
    }

    /// Names of the environments.
    pub fn environments(&self) -> BTreeSet<&str> {
        self.workloads.iter().map(|it| it.environment.as_str()).collect()
    }

    /// For people: one table, labelled workloads first.
    pub fn text(&self, layout: Layout) -> String {
        if self.workloads.is_empty() && self.unlabelled.is_empty() {
            return String::new();
        }
        let labelled = self.workloads.iter().map(WorkloadReport::row);
        let rows = labelled.chain(self.unlabelled.iter().map(Candidate::row));
        let header = ["WORKLOAD", "STATE", "ENVIRONMENT", "ROLE", "DATABASE", "MESSAGE"];
        columns(&header, 1, rows.collect(), layout)
    }
}

impl WorkloadReport {
    fn new(judged: Judged<'_>) -> Self {
        let workload = judged.workload;
        Self {
            name: workload.title(),
            environment: workload.environment.clone().unwrap_or_default(),
            role: workload.role.clone(),
            database: judged.database.text(),
            pods: workload.pods.len(),
            unguarded_pods: workload.unguarded().map(|pod| pod.name.clone()).collect(),
            held: judged.held,
        }
    }

    fn row(&self) -> Row {
        let unguarded = match self.unguarded_pods.as_slice() {
            [] => None,
            [only] => Some(format!("pod {only} runs without the gate")),
            [first, ..] => Some(format!(
                "{} of {} pods run without the gate, such as {first}",
                self.unguarded_pods.len(),
                self.pods
            )),
        };
        let (state, health) = match (self.held.is_empty(), &unguarded) {
            (false, _) => ("Held", Health::Stalled),
            (true, Some(_)) => ("Unguarded", Health::Progressing),
            (true, None) => ("Guarded", Health::Ready),
        };
        let messages: Vec<_> = self.held.iter().cloned().chain(unguarded).collect();
        row(
            &self.name,
            (state, health),
            [
                Some(&self.environment),
                self.role.as_ref(),
                self.database.as_ref(),
            ],
            messages.join("; "),
        )
    }
}

impl Candidate {
    fn new(judged: Judged<'_>) -> Self {
        Self {
            name: judged.workload.title(),
            variables: candidate::telling(&judged.variables),
            database: judged.database.text(),
            labels: candidate::labels(judged.workload, &judged.variables),
            // Nothing is held of what has no labels; only what it does to others counts.
            held: match &judged.database {
                Database::Wrong(_) => Vec::new(),
                _ => judged.held,
            },
        }
    }

    fn row(&self) -> Row {
        let variables: Vec<_> = self.variables.iter().map(String::as_str).collect();
        let labels: Vec<_> = self
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let about = match variables.as_slice() {
            [] => String::new(),
            [first, ..] => format!(" with {first}"),
        };
        let mut messages = vec![format!(
            "has no labels; if it is an app of Mendix{about}, its pod template needs {}",
            labels.join(" and ")
        )];
        messages.extend(self.held.iter().cloned());
        row(
            &self.name,
            ("Unlabelled", Health::Progressing),
            [None, None, self.database.as_ref()],
            messages.join("; "),
        )
    }
}

fn row(name: &str, (state, health): (&str, Health), facts: [Option<&String>; 3], message: String) -> Row {
    let mut cells = vec![name.to_owned(), state.to_owned()];
    cells.extend(facts.map(|fact| fact.cloned().unwrap_or_else(|| "-".to_owned())));
    cells.push(message);
    Row { cells, health }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let workload = |name: &str, unguarded: &[&str], held: &[&str]| WorkloadReport {
            name: format!("deployment/{name}"),
            environment: "shop".to_owned(),
            role: Some("leader".to_owned()),
            database: Some("postgresql db.prod:5432 shop".to_owned()),
            pods: 2,
            unguarded_pods: unguarded.iter().map(ToString::to_string).collect(),
            held: held.iter().map(ToString::to_string).collect(),
        };
        Report {
            namespace: "prod".to_owned(),
            guard: "enabled",
            workloads: vec![
                workload("guarded", &[], &[]),
                workload("one", &["one-a"], &[]),
                workload("two", &["two-a", "two-b"], &["one pod leads"]),
            ],
            unlabelled: vec![Candidate {
                name: "deployment/crm".to_owned(),
                variables: BTreeSet::from(["DATABASE_URL".to_owned()]),
                database: None,
                labels: BTreeMap::from([
                    ("kubectl-mendix.io/environment".to_owned(), "crm".to_owned()),
                    ("kubectl-mendix.io/role".to_owned(), "leader".to_owned()),
                ]),
                held: Vec::new(),
            }],
        }
    }

    #[test]
    fn workloads_stand_in_columns() {
        insta::assert_snapshot!(report().text(Layout::default()), @"
        WORKLOAD             STATE        ENVIRONMENT   ROLE     DATABASE                       MESSAGE
        deployment/guarded   Guarded      shop          leader   postgresql db.prod:5432 shop
        deployment/one       Unguarded    shop          leader   postgresql db.prod:5432 shop   pod one-a runs without the gate
        deployment/two       Held         shop          leader   postgresql db.prod:5432 shop   one pod leads; 2 of 2 pods run without the gate, such as two-a
        deployment/crm       Unlabelled   -             -        -                              has no labels; if it is an app of Mendix with DATABASE_URL, its pod template needs kubectl-mendix.io/environment=crm and kubectl-mendix.io/role=leader
        ");
    }

    #[test]
    fn what_is_held_is_known() {
        let mut report = report();
        assert!(report.holds());
        report.workloads.pop();
        assert!(!report.holds());
    }
}
