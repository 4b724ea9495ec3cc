//! What the gate would hold, as far as manifests tell. Pure.

use super::container::{Variables, is_telling, of_app, variables};
use super::database::{Database, database};
use super::workload::{Kind, Workload};
use mendix_model::crd::claim::Role;
use mendix_model::database::role::{contradiction, declared};
use mendix_model::names;

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
    let mut all: Vec<_> = workloads.iter().map(|it| alone(it, namespace)).collect();
    let together: Vec<_> = all
        .iter()
        .map(|it| {
            let mut held = in_environment(it, &all);
            held.extend(on_database(it, &all));
            held
        })
        .collect();
    for (judged, held) in all.iter_mut().zip(together) {
        judged.held.extend(held);
    }
    all
}

fn alone<'a>(workload: &'a Workload, namespace: &str) -> Judged<'a> {
    let container = match of_app(&workload.annotations, &workload.spec) {
        Ok(container) => container,
        Err(problem) => {
            return Judged {
                workload,
                variables: Variables::default(),
                database: Database::Wrong(problem.clone()),
                held: vec![problem],
            };
        }
    };
    let variables = variables(container);
    let database = database(&variables, namespace);
    let mut held = Vec::new();
    if let Database::Wrong(problem) = &database {
        held.push(problem.clone());
    }
    if workload.environment.is_some() {
        held.extend(of_role(
            workload,
            container.env.as_deref().unwrap_or_default(),
            &variables,
        ));
    }
    Judged {
        workload,
        variables,
        database,
        held,
    }
}

/// What contradicts the role that the template declares.
fn of_role(
    workload: &Workload,
    env: &[k8s_openapi::api::core::v1::EnvVar],
    variables: &Variables,
) -> Option<String> {
    let roles = match roles(workload) {
        Ok(roles) => roles,
        Err(problem) => return Some(problem),
    };
    // What kind of image it is stands among variables that the manifest does not tell.
    let mut names = variables.literal.keys().chain(variables.elsewhere.keys());
    if !variables.imports.is_empty() && !names.any(|name| is_telling(name)) {
        return None;
    }
    let declared = declared([], env);
    let mut found = roles
        .into_iter()
        .filter_map(|(role, ordinal)| contradiction(role, &declared, ordinal));
    found.next().or_else(|| too_many(workload))
}

/// Roles that pods of the workload have, each with the number that its process sees.
fn roles(workload: &Workload) -> Result<Vec<(Role, Option<u32>)>, String> {
    let spec = &workload.spec;
    let own_host = spec.host_network != Some(true) && spec.set_hostname_as_fqdn != Some(true);
    let numbered = workload.kind == Kind::StatefulSet && own_host;
    let first = numbered.then_some(workload.first);
    let second = numbered.then_some(workload.first + 1);
    match workload.role.as_deref() {
        Some("leader") => Ok(vec![(Role::Leader, first)]),
        Some("worker") => Ok(vec![(Role::Worker, first)]),
        Some("peer") => Ok(vec![(Role::Peer, first)]),
        Some("ordinal") if first == Some(0) => Ok(vec![(Role::Leader, first), (Role::Worker, second)]),
        Some("ordinal") if numbered => {
            Err("role ordinal lets pod number 0 lead, and its StatefulSet starts at another: set ordinals.start to 0".to_owned())
        }
        Some("ordinal") => Err("role ordinal is for pods of a StatefulSet only: set role leader or worker".to_owned()),
        _ => Err(format!(
            "label {} is not leader, worker, peer or ordinal: set one",
            names::ROLE_LABEL
        )),
    }
}

fn too_many(workload: &Workload) -> Option<String> {
    let too_many = workload.role.as_deref() == Some("leader") && workload.replicas > 1;
    too_many.then(|| {
        format!(
            "one pod leads, and it is to have {}: set replicas to 1, or role ordinal where it is a StatefulSet",
            workload.replicas
        )
    })
}

/// What workloads of one environment do to each other.
fn in_environment(it: &Judged<'_>, all: &[Judged<'_>]) -> Vec<String> {
    let Some(name) = &it.workload.environment else {
        return Vec::new();
    };
    let same: Vec<_> = all
        .iter()
        .filter(|other| other.workload.environment.as_ref() == Some(name))
        .collect();
    let leading: Vec<_> = same
        .iter()
        .filter(|other| leads(other.workload))
        .map(|other| other.workload.title())
        .collect();
    let with_role = |role: &str| {
        same.iter()
            .any(|other| other.workload.role.as_deref() == Some(role))
    };
    let mut held = Vec::new();
    if leads(it.workload) && leading.len() > 1 {
        held.push(format!(
            "{} all lead environment {name}: make all but one workers",
            leading.join(" and ")
        ));
    }
    if leading.is_empty() && it.workload.role.as_deref() == Some("worker") && !with_role("peer") {
        held.push(format!(
            "nothing leads environment {name}, and its workers wait for a leader: label one"
        ));
    }
    if with_role("peer") && (with_role("worker") || !leading.is_empty()) {
        held.push(format!(
            "environment {name} has peers, which choose their leader, beside pods that are told who leads: take one kind"
        ));
    }
    if let Some(other) = same.iter().find(|other| other.database.differs(&it.database)) {
        held.push(format!(
            "{} of the same environment names another database: correct it, or name another environment",
            other.workload.title()
        ));
    }
    held
}

fn leads(workload: &Workload) -> bool {
    matches!(workload.role.as_deref(), Some("leader" | "ordinal"))
}

/// Another environment, or an app without labels, on the same database.
fn on_database(it: &Judged<'_>, all: &[Judged<'_>]) -> Option<String> {
    let environment = &it.workload.environment;
    // Two candidates on one database are most likely one app.
    let foreign = |other: &&Judged<'_>| {
        other.workload.environment != *environment && other.database.is_same(&it.database)
    };
    let other = all.iter().find(foreign)?;
    Some(match (environment, &other.workload.environment) {
        (Some(_), Some(theirs)) => format!(
            "environment {theirs} names the same database, which belongs to one environment only: give one of them its own"
        ),
        (Some(_), None) => format!(
            "{} names the same database and has no labels: label it, or end it",
            other.workload.title()
        ),
        (None, _) => format!(
            "{} names the same database: label this one too, or end it",
            other.workload.title()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::workload::PodFacts;
    use super::*;
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
          - - "environment copy names the same database, which belongs to one environment only: give one of them its own"
        - - copy
          - - "environment shop names the same database, which belongs to one environment only: give one of them its own"
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
