//! A small cluster, in which everything may lag, and the rule that no order of its steps may break.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn identity(model: &str, mode: LeaderSelection) -> Identity {
    Identity {
        model: model.to_owned(),
        leader_selection: format!("{mode:?}"),
    }
}

fn seen(model: &str, replicas: i32, ready: bool) -> Seen {
    Seen {
        identity: identity(model, LeaderSelection::Assigned),
        replicas,
        observed: true,
        ready,
    }
}

fn situation(leader: Option<Seen>, worker: Option<Seen>, worker_pods: &[&str]) -> Situation {
    Situation {
        wanted: identity("b", LeaderSelection::Assigned),
        mode: LeaderSelection::Assigned,
        replicas: 3,
        in_memory: false,
        leader,
        worker,
        leader_pods: Vec::new(),
        worker_pods: worker_pods
            .iter()
            .map(|model| identity(model, LeaderSelection::Assigned))
            .collect(),
    }
}

const HELD: Option<i32> = None;

#[rstest]
#[case::nothing_there(situation(None, None, &[]), Some(1), Some(0))]
#[case::leader_starts(situation(Some(seen("b", 1, false)), Some(seen("b", 0, false)), &[]), Some(1), Some(0))]
#[case::leader_ready(situation(Some(seen("b", 1, true)), Some(seen("b", 0, false)), &[]), Some(1), Some(2))]
#[case::leader_restarts(situation(Some(seen("b", 1, false)), Some(seen("b", 2, true)), &["b"]), Some(1), Some(2))]
#[case::old_model(situation(Some(seen("a", 1, true)), Some(seen("a", 2, true)), &["a"]), HELD, Some(0))]
#[case::old_workers_end(situation(Some(seen("a", 1, true)), Some(seen("b", 0, false)), &["a"]), HELD, Some(0))]
#[case::old_workers_gone(situation(Some(seen("a", 1, true)), Some(seen("b", 0, false)), &[]), Some(1), Some(0))]
#[case::old_workers_may_return(
    situation(Some(seen("a", 1, true)), Some(Seen { observed: false, ..seen("b", 0, false) }), &[]), HELD, Some(0)
)]
fn leader_and_workers_follow_each_other(
    #[case] situation: Situation,
    #[case] leader: Option<i32>,
    #[case] worker: Option<i32>,
) {
    let scale = |target: &Target| match target {
        Target::Scale(replicas) => Some(*replicas),
        Target::Hold(_) => None,
    };
    let targets = targets(&situation);
    assert_eq!((scale(&targets.leader), scale(&targets.worker)), (leader, worker));
}

#[rstest]
#[case::assigned(LeaderSelection::Assigned, false, 3, (1, 2))]
#[case::one(LeaderSelection::Assigned, false, 1, (1, 0))]
#[case::stopped(LeaderSelection::Assigned, false, 0, (0, 0))]
#[case::in_memory(LeaderSelection::Assigned, true, 3, (1, 0))]
#[case::none(LeaderSelection::None, false, 3, (0, 3))]
fn replicas_are_shared_out(
    #[case] mode: LeaderSelection,
    #[case] in_memory: bool,
    #[case] replicas: i32,
    #[case] expected: (i32, i32),
) {
    let situation = Situation {
        mode,
        replicas,
        in_memory,
        ..situation(None, None, &[])
    };
    assert_eq!(wanted(&situation), expected);
}

#[derive(Clone, Debug)]
struct Pod {
    identity: Identity,
    ready: bool,
    ending: bool,
}

/// A Deployment with strategy `Recreate`, and the pods of its `ReplicaSet`s.
#[derive(Clone, Debug)]
struct Deployment {
    identity: Identity,
    replicas: i32,
    /// What its controller has acted on; it lags.
    acted_on: Option<(Identity, i32)>,
    pods: Vec<Pod>,
}

impl Deployment {
    fn see(&self) -> Seen {
        let (identity, replicas) = (self.identity.clone(), self.replicas);
        let observed = self.acted_on == Some((identity.clone(), replicas));
        let present = self.pods.iter().filter(|pod| !pod.ending);
        Seen {
            ready: observed
                && present.clone().all(|pod| pod.identity == identity)
                && present.clone().any(|pod| pod.ready),
            identity,
            replicas,
            observed,
        }
    }

    fn sync(&mut self) {
        self.acted_on = Some((self.identity.clone(), self.replicas));
        self.replica_set();
    }

    /// Works towards what the Deployment's controller last asked for; old pods must be gone before new ones come.
    fn replica_set(&mut self) {
        let Some((identity, replicas)) = self.acted_on.clone() else {
            return;
        };
        let replicas = usize::try_from(replicas).expect("not negative");
        let mut kept = 0;
        for pod in self.pods.iter_mut().filter(|pod| !pod.ending) {
            kept += usize::from(pod.identity == identity);
            pod.ending = pod.identity != identity || kept > replicas;
        }
        if self.pods.iter().all(|pod| pod.identity == identity) {
            let present = self.pods.iter().filter(|pod| !pod.ending).count();
            for _ in present..replicas {
                self.pods.push(Pod {
                    identity: identity.clone(),
                    ready: false,
                    ending: false,
                });
            }
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Cluster {
    leader: Option<Deployment>,
    worker: Option<Deployment>,
}

#[derive(Clone, Debug)]
enum Step {
    Reconcile,
    Sync(bool),
    ReplicaSet(bool),
    PodReady(bool),
    PodGone(bool),
    PodEvicted(bool),
    Want(usize, bool, i32),
}

impl Cluster {
    fn of(&mut self, leader: bool) -> Option<&mut Deployment> {
        if leader {
            self.leader.as_mut()
        } else {
            self.worker.as_mut()
        }
    }

    fn pods(deployment: Option<&Deployment>) -> Vec<Identity> {
        deployment
            .into_iter()
            .flat_map(|it| it.pods.iter().map(|pod| pod.identity.clone()))
            .collect()
    }

    fn reconcile(&mut self, (wanted, mode, replicas): &(Identity, LeaderSelection, i32)) {
        let targets = targets(&Situation {
            wanted: wanted.clone(),
            mode: *mode,
            replicas: *replicas,
            in_memory: false,
            leader: self.leader.as_ref().map(Deployment::see),
            worker: self.worker.as_ref().map(Deployment::see),
            leader_pods: Self::pods(self.leader.as_ref()),
            worker_pods: Self::pods(self.worker.as_ref()),
        });
        for (target, deployment) in [
            (targets.worker, &mut self.worker),
            (targets.leader, &mut self.leader),
        ] {
            if let Target::Scale(replicas) = target {
                let pods = deployment.take().map(|it| (it.pods, it.acted_on));
                let (pods, acted_on) = pods.unwrap_or_default();
                *deployment = Some(Deployment {
                    identity: wanted.clone(),
                    replicas,
                    acted_on,
                    pods,
                });
            }
        }
    }

    fn take(&mut self, step: &Step, want: &mut (Identity, LeaderSelection, i32)) {
        match *step {
            Step::Reconcile => self.reconcile(want),
            Step::Want(model, assigned, replicas) => {
                let mode = if assigned {
                    LeaderSelection::Assigned
                } else {
                    LeaderSelection::None
                };
                *want = (identity(["a", "b", "c"][model], mode), mode, replicas);
            }
            Step::Sync(leader) => self.of(leader).into_iter().for_each(Deployment::sync),
            Step::ReplicaSet(leader) => self.of(leader).into_iter().for_each(Deployment::replica_set),
            Step::PodReady(leader) => {
                let pod = self
                    .of(leader)
                    .and_then(|it| it.pods.iter_mut().find(|pod| !pod.ready && !pod.ending));
                if let Some(pod) = pod {
                    pod.ready = true;
                }
            }
            Step::PodGone(leader) => self
                .of(leader)
                .into_iter()
                .for_each(|it| it.pods.retain(|pod| !pod.ending)),
            Step::PodEvicted(leader) => {
                self.of(leader)
                    .into_iter()
                    .filter_map(|it| it.pods.first_mut())
                    .for_each(|pod| pod.ending = true);
            }
        }
    }

    /// I3: never two models or two modes at once.
    fn check(&self) {
        let all: std::collections::BTreeSet<_> =
            [Self::pods(self.leader.as_ref()), Self::pods(self.worker.as_ref())]
                .concat()
                .into_iter()
                .collect();
        assert!(all.len() <= 1, "{all:?} at once");
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Reconcile),
        2 => any::<bool>().prop_map(Step::Sync),
        1 => any::<bool>().prop_map(Step::ReplicaSet),
        2 => any::<bool>().prop_map(Step::PodReady),
        2 => any::<bool>().prop_map(Step::PodGone),
        1 => any::<bool>().prop_map(Step::PodEvicted),
        1 => (0..3_usize, any::<bool>(), 0..4).prop_map(|(model, assigned, replicas)| Step::Want(model, assigned, replicas)),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn two_models_never_meet_and_the_end_is_what_was_wanted(steps in steps()) {
        let mut cluster = Cluster::default();
        let mut want = (identity("a", LeaderSelection::Assigned), LeaderSelection::Assigned, 3);
        for step in &steps {
            cluster.take(step, &mut want);
            cluster.check();
        }
        for _ in 0..20 {
            for role in [true, false] {
                for step in [Step::Reconcile, Step::Sync(role), Step::PodReady(role), Step::PodReady(role), Step::PodReady(role), Step::PodGone(role)] {
                    cluster.take(&step, &mut want);
                    cluster.check();
                }
            }
        }
        let leaders = i32::from(want.1 == LeaderSelection::Assigned && want.2 > 0);
        prop_assert_eq!(cluster.leader.map(|it| it.pods.len()), Some(usize::try_from(leaders).expect("small")));
        prop_assert_eq!(cluster.worker.map(|it| it.pods.len()), Some(usize::try_from(want.2 - leaders).expect("small")));
    }
}
