//! In which order what runs without the gate makes way. Pure.

use super::report::Report;
use super::workload::{PodFacts, Workload};
use mendix_model::manifest::Kind;
use std::collections::BTreeSet;

/// The restart of one environment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restart {
    /// Its name.
    pub environment: String,
    /// What is deleted, one stage after the other; the next begins when the pods of the last have gone.
    pub stages: Vec<Stage>,
    /// Why it must not be restarted: what is stopped would not start again.
    pub blocked: Vec<String>,
}

/// Pods that are deleted together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stage {
    /// What they are: `workers`.
    pub what: &'static str,
    /// The pods.
    pub pods: Vec<PodReference>,
}

/// One pod, and no later one of its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PodReference {
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
}

/// The restarts that the environments of a namespace need, by name. Workers go first: the leader serves meanwhile, and
/// without it a worker that starts would wait.
pub fn plan(report: &Report, workloads: &[Workload]) -> Vec<Restart> {
    let names: BTreeSet<_> = workloads
        .iter()
        .filter_map(|it| it.environment.as_ref())
        .collect();
    let restarts = names.into_iter().map(|name| {
        let own: Vec<_> = workloads
            .iter()
            .filter(|it| it.environment.as_ref() == Some(name))
            .collect();
        Restart {
            environment: name.clone(),
            stages: stages(&own),
            blocked: blocked(name, &own, report),
        }
    });
    restarts.filter(|restart| !restart.stages.is_empty()).collect()
}

fn stages(workloads: &[&Workload]) -> Vec<Stage> {
    let of = |what, follows: bool| Stage {
        what,
        pods: workloads
            .iter()
            .flat_map(|workload| workload.unguarded().map(move |pod| (*workload, pod)))
            .filter(|(workload, pod)| is_follower(workload, pod) == follows)
            .map(|(_, pod)| PodReference {
                name: pod.name.clone(),
                uid: pod.uid.clone(),
            })
            .collect(),
    };
    let mut stages = vec![of("workers", true), of("leaders and peers", false)];
    stages.retain(|stage| !stage.pods.is_empty());
    stages
}

fn is_follower(workload: &Workload, pod: &PodFacts) -> bool {
    match workload.role.as_deref() {
        Some("worker") => true,
        Some("ordinal") => pod.ordinal() != Some(0),
        _ => false,
    }
}

fn blocked(environment: &str, workloads: &[&Workload], report: &Report) -> Vec<String> {
    let held = report
        .workloads
        .iter()
        .filter(|it| it.environment == environment)
        .flat_map(|it| it.held.iter().map(move |cause| format!("{}: {cause}", it.name)));
    let stuck = workloads
        .iter()
        .filter(|it| makes_earlier_pods_again(it))
        .map(|it| {
            format!(
                "{}: its labels are new, and in place of the pods of its earlier template it would make such pods again: \
                 scale it to 0 and back to {}",
                it.title(),
                it.replicas
            )
        });
    let alone = workloads
        .iter()
        .filter(|it| it.kind == Kind::Pod && it.unguarded().next().is_some())
        .map(|it| {
            format!(
                "{}: no Deployment, StatefulSet or DaemonSet makes it again: delete it, and make it anew",
                it.title()
            )
        });
    held.chain(stuck).chain(alone).collect()
}

/// A rollout that got stuck half way: the earlier template has no labels, so its pods are born without the gate.
fn makes_earlier_pods_again(workload: &Workload) -> bool {
    workload.rolls && workload.unguarded().any(|pod| !pod.labelled)
}

#[cfg(test)]
mod tests {
    use super::super::Guard;
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn pod(name: &str) -> PodFacts {
        PodFacts {
            name: name.to_owned(),
            uid: format!("uid-{name}"),
            labelled: true,
            ..PodFacts::default()
        }
    }

    fn workload(name: &str, role: &str, pods: Vec<PodFacts>) -> Workload {
        let index = if role == "leader" { "0" } else { "1" };
        let env = json!([
            {"name": "CF_INSTANCE_INDEX", "value": index},
            {"name": "DATABASE_ENDPOINT", "value": "postgres://db/shop"},
        ]);
        Workload {
            kind: Kind::Deployment,
            name: name.to_owned(),
            environment: Some("shop".to_owned()),
            role: Some(role.to_owned()),
            annotations: BTreeMap::new(),
            spec: serde_json::from_value(json!({"containers": [{"name": "app", "env": env}]})).expect("spec"),
            replicas: 1,
            first: 0,
            rolls: true,
            pods,
        }
    }

    fn planned(workloads: &[Workload]) -> Vec<Restart> {
        plan(&Report::new("prod", Guard::Enabled, workloads), workloads)
    }

    fn names(restart: &Restart) -> Vec<Vec<&str>> {
        restart
            .stages
            .iter()
            .map(|stage| stage.pods.iter().map(|pod| pod.name.as_str()).collect())
            .collect()
    }

    #[test]
    fn workers_go_before_their_leader() {
        let restarts = planned(&[
            workload("leader", "leader", vec![pod("leader-a")]),
            workload("worker", "worker", vec![pod("worker-a"), pod("worker-b")]),
        ]);
        assert_eq!(
            names(&restarts[0]),
            [vec!["worker-a", "worker-b"], vec!["leader-a"]]
        );
        assert!(restarts[0].blocked.is_empty(), "{restarts:?}");
    }

    #[test]
    fn guarded_pods_stay() {
        let opened = PodFacts {
            opened: true,
            ..pod("leader-a")
        };
        let gated = PodFacts {
            gated: true,
            ..pod("worker-a")
        };
        let workloads = [
            workload("leader", "leader", vec![opened]),
            workload("worker", "worker", vec![gated]),
        ];
        assert_eq!(planned(&workloads), []);
    }

    #[test]
    fn the_first_of_a_stateful_set_goes_last() {
        let mut set = workload("shop", "ordinal", vec![pod("shop-0"), pod("shop-1")]);
        set.kind = Kind::StatefulSet;
        assert_eq!(names(&planned(&[set])[0]), [vec!["shop-1"], vec!["shop-0"]]);
    }

    #[test]
    fn what_would_not_start_again_is_not_stopped() {
        let two = [
            workload("one", "leader", vec![pod("one-a")]),
            workload("two", "leader", vec![pod("two-a")]),
        ];
        assert_eq!(planned(&two)[0].blocked.len(), 2);
    }

    #[test]
    fn pods_of_a_template_without_labels_would_come_back() {
        let unlabelled = || PodFacts {
            labelled: false,
            ..pod("leader-a")
        };
        let rolling = workload("leader", "leader", vec![unlabelled()]);
        let mut recreated = rolling.clone();
        recreated.rolls = false;
        assert_eq!(planned(&[rolling])[0].blocked.len(), 1);
        assert!(planned(&[recreated])[0].blocked.is_empty());
    }

    #[test]
    fn a_pod_that_nobody_makes_again_is_left_to_its_owner() {
        let mut lone = workload("lone", "leader", vec![pod("lone")]);
        lone.kind = Kind::Pod;
        lone.rolls = false;
        assert!(planned(&[lone])[0].blocked[0].contains("make it anew"));
    }
}
