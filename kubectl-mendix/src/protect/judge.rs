//! What the gate would hold, as far as manifests tell. Pure.

use super::workload::Workload;
use mendix_model::manifest::{self, Database, Template, Variables, of_app, variables};
use mendix_model::rules::{Case, review_workload};

/// A rollout that goes on with the gate's help is not held.
const HOLDS_NOTHING: &str = "MX030";

/// A workload and what was found out about it.
pub(super) struct Judged<'a> {
    pub(super) workload: &'a Workload,
    pub(super) variables: Variables,
    pub(super) database: Database,
    /// Why its next pods would be held, each with what to do.
    pub(super) held: Vec<String>,
}

/// Judges the workloads of a namespace, each alone and all together.
pub(super) fn judge<'a>(workloads: &'a [Workload], namespace: &str) -> Vec<Judged<'a>> {
    let read: Vec<_> = workloads.iter().map(|it| read(it, namespace)).collect();
    let all: Vec<_> = read.iter().collect();
    let judged = workloads.iter().zip(&read).map(|(workload, read)| Judged {
        workload,
        variables: of_app(Some(&workload.annotations), &workload.spec)
            .map(variables)
            .unwrap_or_default(),
        database: read.database.clone(),
        held: held(read, &all),
    });
    judged.collect()
}

fn read(workload: &Workload, namespace: &str) -> manifest::Workload {
    manifest::workload(&Template {
        kind: workload.kind,
        namespace,
        name: &workload.name,
        environment: workload.environment.as_deref(),
        role: workload.role.as_deref(),
        annotations: Some(&workload.annotations),
        spec: &workload.spec,
        replicas: workload.replicas,
        first: workload.first,
        recreates: !workload.rolls,
    })
}

fn held(workload: &manifest::Workload, all: &[&manifest::Workload]) -> Vec<String> {
    let case = Case {
        workload,
        others: all,
        holder: None,
    };
    let violations = review_workload(&case).into_iter();
    let holding = violations.filter(|it| it.rule != HOLDS_NOTHING);
    holding.map(|it| it.message).collect()
}

#[cfg(test)]
mod tests {
    use super::super::workload::PodFacts;
    use super::*;
    use mendix_model::manifest::Kind;
    use rstest::rstest;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn workload(name: &str, labels: Option<(&str, &str)>, env: &Value) -> Workload {
        Workload {
            kind: Kind::Deployment,
            name: name.to_owned(),
            environment: labels.map(|(environment, _)| environment.to_owned()),
            role: labels.map(|(_, role)| role.to_owned()),
            annotations: BTreeMap::new(),
            spec: serde_json::from_value(json!({"containers": [{"name": "app", "env": env}]})).expect("spec"),
            replicas: 1,
            first: 0,
            rolls: false,
            pods: vec![PodFacts::default()],
        }
    }

    fn buildpack(index: &str, database: &str) -> Value {
        json!([
            {"name": "CF_INSTANCE_INDEX", "value": index},
            {"name": "DATABASE_ENDPOINT", "value": format!("postgres://u:hush@db/{database}")},
        ])
    }

    fn held(workloads: &[Workload]) -> Vec<(String, Vec<String>)> {
        let judged = judge(workloads, "prod");
        judged
            .into_iter()
            .map(|it| (it.workload.name.clone(), it.held))
            .collect()
    }

    fn first(workload: Workload) -> String {
        held(&[workload])[0].1.join("; ")
    }

    #[test]
    fn a_leader_with_a_worker_is_fine() {
        let all = held(&[
            workload("leader", Some(("shop", "leader")), &buildpack("0", "shop")),
            workload("worker", Some(("shop", "worker")), &buildpack("1", "shop")),
        ]);
        assert!(all.iter().all(|(_, held)| held.is_empty()), "{all:?}");
    }

    #[rstest]
    #[case::two_leaders("leader", "0", "shop", "both lead")]
    #[case::worker_that_leads("worker", "0", "shop", "CF_INSTANCE_INDEX")]
    #[case::another_database("worker", "1", "crm", "names another database")]
    #[case::peer_beside_leader("peer", "1", "shop", "CF_INSTANCE_INDEX is for the buildpack")]
    #[case::no_role("chief", "1", "shop", "is not leader, worker, peer or ordinal")]
    fn a_second_workload_may_be_held(
        #[case] role: &str,
        #[case] index: &str,
        #[case] database: &str,
        #[case] expected: &str,
    ) {
        let all = held(&[
            workload("one", Some(("shop", "leader")), &buildpack("0", "shop")),
            workload("two", Some(("shop", role)), &buildpack(index, database)),
        ]);
        let text = all[1].1.join("; ").replace("all lead", "both lead");
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("hush"), "{text}");
    }

    #[test]
    fn one_database_belongs_to_one_environment() {
        let all = held(&[
            workload("shop", Some(("shop", "leader")), &buildpack("0", "shop")),
            workload("copy", Some(("copy", "leader")), &buildpack("0", "shop")),
            workload("old", None, &buildpack("0", "shop")),
        ]);
        insta::assert_yaml_snapshot!(all, @r#"
        - - shop
          - - "environment copy names the same database, which belongs to one environment only: give one of them its own, or take this one over with kubectl mendix adopt"
            - "deployment/old names the same database and has no labels: label it, or end it"
        - - copy
          - - "environment shop names the same database, which belongs to one environment only: give one of them its own, or take this one over with kubectl mendix adopt"
            - "deployment/old names the same database and has no labels: label it, or end it"
        - - old
          - - "deployment/shop names the same database: label this one too, or end it"
        "#);
    }

    #[test]
    fn a_leader_is_one_pod() {
        let mut leader = workload("shop", Some(("shop", "leader")), &buildpack("0", "shop"));
        leader.replicas = 2;
        assert!(first(leader).starts_with("one pod leads, and it is to have 2"));
    }

    #[test]
    fn workers_need_a_leader() {
        let worker = workload("shop", Some(("shop", "worker")), &buildpack("1", "shop"));
        assert!(first(worker).starts_with("nothing leads environment shop"));
    }

    #[test]
    fn a_stateful_set_leads_with_its_first_pod() {
        let env = json!([{"name": "DATABASE_ENDPOINT", "value": "postgres://db/shop"}]);
        let mut set = workload("shop", Some(("shop", "ordinal")), &env);
        assert!(first(set.clone()).contains("for pods of a StatefulSet only"));
        set.kind = Kind::StatefulSet;
        set.replicas = 3;
        assert_eq!(first(set.clone()), "");
        set.first = 1;
        assert!(first(set).contains("starts at another"));
    }

    #[test]
    fn what_the_manifest_does_not_tell_is_left_to_the_gate() {
        let mut imported = workload("shop", Some(("shop", "leader")), &json!([]));
        imported.spec.containers[0].env_from =
            serde_json::from_value(json!([{"configMapRef": {"name": "settings"}}])).expect("import");
        assert_eq!(first(imported), "");
        let nothing = workload("shop", Some(("shop", "leader")), &json!([]));
        assert!(first(nothing).contains("no variable of its pods names a database"));
    }
}
