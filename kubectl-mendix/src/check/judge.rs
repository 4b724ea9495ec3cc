//! Runs the rules over documents, each alone and all together. Pure.

use super::{Checked, Document, Finding, Problem};
use mendix_model::crd::{GROUP, MendixApp};
use mendix_model::manifest::{Scaler, Unreadable, Workload, has_foreign_owner};
use mendix_model::rules::{Case, Violation, review, review_scaler, review_workload};

/// What a rule is about.
enum Subject {
    App(Box<MendixApp>),
    Workload(Workload),
    Scaler(Scaler),
}

/// Judges the documents. `namespace` is that of what names none.
pub fn judge(documents: &[Document], namespace: &str) -> Checked {
    let mut subjects = Vec::new();
    let mut checked = Checked::default();
    for document in documents {
        match subject(document, namespace) {
            Ok(Some(subject)) => subjects.push((document, subject)),
            Ok(None) => {}
            Err(unreadable) => checked.problems.push(problem(document, &unreadable)),
        }
    }
    checked.judged = subjects.len();
    checked.findings = findings(&subjects, namespace);
    checked
}

fn subject(document: &Document, namespace: &str) -> Result<Option<Subject>, Unreadable> {
    let (group, kind, object) = (document.group(), document.text("/kind"), &document.value);
    if (group, kind) == (GROUP, "MendixApp") {
        let app = serde_path_to_error::deserialize(object).map_err(Unreadable::from)?;
        return Ok(Some(Subject::App(Box::new(app))));
    }
    if let Some(scaler) = Scaler::read(group, kind, namespace, object)? {
        return Ok(Some(Subject::Scaler(scaler)));
    }
    let workload = Workload::read(group, kind, namespace, object)?;
    // What an export of a cluster holds of a Deployment's own.
    let workload = workload.filter(|_| !has_foreign_owner(object));
    Ok(workload.map(Subject::Workload))
}

fn problem(document: &Document, unreadable: &Unreadable) -> Problem {
    Problem {
        place: document.place.to_string(),
        what: format!("{}: {unreadable}", document.text("/kind")),
    }
}

fn findings(subjects: &[(&Document, Subject)], namespace: &str) -> Vec<Finding> {
    let workloads: Vec<_> = subjects
        .iter()
        .filter_map(|(_, subject)| match subject {
            Subject::Workload(workload) => Some(workload),
            _ => None,
        })
        .collect();
    let all = subjects.iter().flat_map(|(document, subject)| {
        let violations = violations(subject, &workloads).into_iter();
        violations.map(|violation| Finding {
            place: document.place.clone(),
            object: title(document, namespace),
            violation,
        })
    });
    all.collect()
}

/// Autoscalers are judged by themselves, so they are not looked at again from the workload.
fn violations(subject: &Subject, workloads: &[&Workload]) -> Vec<Violation> {
    match subject {
        Subject::App(app) => review(app),
        Subject::Scaler(scaler) => review_scaler(scaler, workloads),
        Subject::Workload(workload) => review_workload(&Case {
            workload,
            others: workloads,
            holder: None,
        }),
    }
}

fn title(document: &Document, namespace: &str) -> String {
    let own = document.text("/metadata/namespace");
    let namespace = if own.is_empty() { namespace } else { own };
    format!(
        "{} {namespace}/{}",
        document.text("/kind"),
        document.text("/metadata/name")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Place;
    use serde_json::{Value, json};

    fn documents(values: &[Value]) -> Vec<Document> {
        let document = |(index, value): (usize, &Value)| Document {
            place: Place {
                file: "a.yaml".to_owned(),
                line: 1,
                document: index + 1,
            },
            value: value.clone(),
        };
        values.iter().enumerate().map(document).collect()
    }

    fn leader(name: &str) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"strategy": {"type": "Recreate"}, "template": {
                "metadata": {"labels": {
                    "kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "leader",
                }},
                "spec": {"containers": [{"name": "app", "env": [
                    {"name": "CF_INSTANCE_INDEX", "value": "0"},
                    {"name": "DATABASE_ENDPOINT", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}},
                ]}]},
            }},
        })
    }

    fn found(values: &[Value]) -> Vec<(usize, &'static str)> {
        let checked = judge(&documents(values), "prod");
        let of = |it: &Finding| (it.place.document, it.violation.rule);
        checked.findings.iter().map(of).collect()
    }

    #[test]
    fn documents_are_judged_together() {
        assert_eq!(found(&[leader("one")]), []);
        assert_eq!(
            found(&[leader("one"), leader("two")]),
            [(1, "MX033"), (2, "MX033")]
        );
    }

    #[test]
    fn an_autoscaler_at_a_leader_is_found_wherever_it_stands() {
        let scaler = json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "load"},
            "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "one"}},
        });
        assert_eq!(found(&[scaler.clone(), leader("one")]), [(1, "MX032")]);
        assert_eq!(found(&[leader("one"), scaler]), [(2, "MX032")]);
    }

    #[test]
    fn other_kinds_are_passed_over() {
        let checked = judge(
            &documents(&[json!({"kind": "Service"}), json!([]), json!("x")]),
            "prod",
        );
        assert_eq!(checked, Checked::default());
    }

    #[test]
    fn what_has_another_form_is_named_without_its_value() {
        let mut wrong = leader("one");
        wrong["spec"]["replicas"] = json!("hunter2");
        let checked = judge(&documents(&[wrong]), "prod");
        let [only] = &checked.problems[..] else {
            panic!("{checked:?}")
        };
        let text = only.to_string();
        assert!(
            text.starts_with("a.yaml:1: document 1: Deployment: spec.replicas has"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn objects_are_of_the_namespace_that_is_meant() {
        let mut other = leader("two");
        other["metadata"]["namespace"] = json!("test");
        assert_eq!(found(&[leader("one"), other]), []);
    }
}
