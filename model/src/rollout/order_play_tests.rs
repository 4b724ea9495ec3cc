//! A small cluster, in which everything may lag, and the rules that no order of its steps may break.

use super::tests::identity;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Pod {
    template: Template,
    ready: bool,
    ending: bool,
    /// Its node takes no new pods.
    cordoned: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Template {
    identity: Identity,
    input: String,
}

/// What somebody asks of a Deployment's controller.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Asked {
    template: Template,
    replicas: i32,
    /// `RollingUpdate` with one pod less at a time; else `Recreate`.
    rolls: bool,
}

/// A Deployment, and the pods of its `ReplicaSet`s.
#[derive(Clone, Debug)]
struct Deployment {
    asked: Asked,
    /// What its controller has acted on; it lags.
    acted_on: Option<Asked>,
    pods: Vec<Pod>,
}

impl Deployment {
    fn see(&self) -> Seen {
        let observed = self.acted_on.as_ref() == Some(&self.asked);
        let present = self.pods.iter().filter(|pod| !pod.ending);
        let serves = present.clone().any(|pod| pod.ready);
        let Asked {
            template, replicas, ..
        } = self.asked.clone();
        Seen {
            ready: observed && present.clone().all(|pod| pod.template == template) && serves,
            serves,
            rolls: self.asked.rolls,
            identity: template.identity,
            input: template.input,
            replicas,
            observed,
        }
    }

    fn sync(&mut self) {
        self.acted_on = Some(self.asked.clone());
        self.replica_set();
    }

    /// Works towards what the Deployment's controller last asked for.
    fn replica_set(&mut self) {
        let Some(asked) = self.acted_on.clone() else {
            return;
        };
        let replicas = usize::try_from(asked.replicas).expect("not negative");
        self.end_pods(&asked, replicas);
        // Old pods must be gone before new ones come, unless it rolls.
        if asked.rolls || self.pods.iter().all(|pod| pod.template == asked.template) {
            let present = self.pods.iter().filter(|pod| !pod.ending).count();
            for _ in present..replicas {
                self.pods.push(Pod {
                    template: asked.template.clone(),
                    ready: false,
                    ending: false,
                    cordoned: false,
                });
            }
        }
    }

    fn end_pods(&mut self, asked: &Asked, replicas: usize) {
        let ready = self.pods.iter().filter(|pod| pod.ready && !pod.ending).count();
        let mut spare = if asked.rolls {
            (ready + 1).saturating_sub(replicas)
        } else {
            self.pods.len()
        };
        let mut kept = 0;
        for pod in self.pods.iter_mut().filter(|pod| !pod.ending) {
            let is_old = pod.template != asked.template;
            pod.ending = if is_old {
                spare > 0 || !pod.ready
            } else {
                kept >= replicas
            };
            spare -= usize::from(is_old && pod.ready && pod.ending);
            kept += usize::from(!is_old);
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
    /// Whoever drains a node asks again and again for the eviction of its pods; their budget wants one ready pod to stay.
    Cordon,
    Drain,
    Want(usize, bool, i32),
    Settings(u8),
}

/// What somebody wants of the app.
#[derive(Clone, Debug)]
struct Want {
    model: &'static str,
    mode: LeaderSelection,
    replicas: i32,
    input: u8,
}

fn first(replicas: i32) -> Want {
    Want {
        model: "a",
        mode: LeaderSelection::Assigned,
        replicas,
        input: 0,
    }
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
            .flat_map(|it| it.pods.iter().map(|pod| pod.template.identity.clone()))
            .collect()
    }

    fn reconcile(&mut self, want: &Want) {
        let situation = Situation {
            wanted: identity(want.model, want.mode),
            inputs: Inputs {
                leader: want.input.to_string(),
                worker: want.input.to_string(),
            },
            mode: want.mode,
            replicas: want.replicas,
            in_memory: false,
            may_surge: true,
            drained: self.all().any(|pod| pod.cordoned),
            leader: self.leader.as_ref().map(Deployment::see),
            worker: self.worker.as_ref().map(Deployment::see),
            leader_pods: Self::pods(self.leader.as_ref()),
            worker_pods: Self::pods(self.worker.as_ref()),
        };
        let targets = targets(&situation);
        let template = Template {
            identity: situation.wanted.clone(),
            input: want.input.to_string(),
        };
        for (target, deployment, rolls) in [
            (targets.worker, &mut self.worker, rolls(&situation)),
            (targets.leader, &mut self.leader, false),
        ] {
            if let Target::Scale(replicas) = target {
                let before = deployment.take().map(|it| (it.pods, it.acted_on));
                let (pods, acted_on) = before.unwrap_or_default();
                let asked = Asked {
                    template: template.clone(),
                    replicas,
                    rolls,
                };
                *deployment = Some(Deployment {
                    asked,
                    acted_on,
                    pods,
                });
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &Pod> {
        let all = [&self.leader, &self.worker].into_iter().flatten();
        all.flat_map(|it| &it.pods)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Pod> {
        let all = [&mut self.leader, &mut self.worker].into_iter().flatten();
        all.flat_map(|it| &mut it.pods)
    }

    fn serving(&self) -> usize {
        self.all().filter(|pod| pod.ready && !pod.ending).count()
    }

    fn serves(&self) -> bool {
        self.serving() > 0
    }

    fn shrinks(&self) -> bool {
        let all = [&self.leader, &self.worker].into_iter().flatten();
        all.into_iter().any(|it| {
            let present = it.pods.iter().filter(|pod| !pod.ending).count();
            usize::try_from(it.asked.replicas).is_ok_and(|asked| asked < present)
        })
    }

    fn drain(&mut self) {
        let more_than_one = self.serving() > 1;
        let mut evicted = self.all_mut().filter(|pod| pod.cordoned && !pod.ending);
        if let Some(pod) = evicted.find(|pod| more_than_one || !pod.ready) {
            pod.ending = true;
        }
    }

    fn take(&mut self, step: &Step, want: &mut Want) {
        match *step {
            Step::Reconcile => self.reconcile(want),
            Step::Settings(input) => want.input = input,
            Step::Want(model, assigned, replicas) => {
                let mode = if assigned {
                    LeaderSelection::Assigned
                } else {
                    LeaderSelection::None
                };
                (want.model, want.mode, want.replicas) = (["a", "b", "c"][model], mode, replicas);
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
            // Not in the moment in which a pod is asked to go and is still there: it counts as ready to whoever evicts the
            // other one, and nobody can take back what its Deployment was asked for.
            Step::Cordon if self.shrinks() => {}
            Step::Cordon => self.all_mut().for_each(|pod| pod.cordoned = true),
            Step::Drain => self.drain(),
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

/// Everybody does their work, sooner or later.
fn work() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Reconcile),
        2 => any::<bool>().prop_map(Step::Sync),
        1 => any::<bool>().prop_map(Step::ReplicaSet),
        2 => any::<bool>().prop_map(Step::PodReady),
        2 => any::<bool>().prop_map(Step::PodGone),
    ]
}

/// Nothing of it is a fault: settings change.
fn settings_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        11 => work(),
        1 => (0..3_u8).prop_map(Step::Settings),
    ]
}

/// Nor is this: nodes are drained.
fn drain_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        11 => work(),
        1 => Just(Step::Cordon),
        2 => Just(Step::Drain),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => settings_step(),
        1 => drain_step(),
        1 => any::<bool>().prop_map(Step::PodEvicted),
        1 => (0..3_usize, any::<bool>(), 0..4).prop_map(|(model, assigned, replicas)| Step::Want(model, assigned, replicas)),
    ]
}

/// Lets everything come to an end, and looks at each step.
fn settle(cluster: &mut Cluster, want: &mut Want, mut look: impl FnMut(&Cluster)) {
    for _ in 0..20 {
        for role in [true, false] {
            let ready = [Step::PodReady(role), Step::PodReady(role), Step::PodReady(role)];
            let steps = [Step::Reconcile, Step::Sync(role), Step::Drain].into_iter();
            for step in steps.chain(ready).chain([Step::PodGone(role)]) {
                cluster.take(&step, want);
                look(cluster);
            }
        }
    }
}

proptest! {
    #[test]
    fn two_models_never_meet_and_the_end_is_what_was_wanted(steps in vec(step(), 1..120)) {
        let (mut cluster, mut want) = (Cluster::default(), first(3));
        for step in &steps {
            cluster.take(step, &mut want);
            cluster.check();
        }
        settle(&mut cluster, &mut want, Cluster::check);
        let leaders = i32::from(want.mode == LeaderSelection::Assigned && want.replicas > 0);
        prop_assert_eq!(cluster.leader.map(|it| it.pods.len()), Some(usize::try_from(leaders).expect("small")));
        prop_assert_eq!(
            cluster.worker.map(|it| it.pods.len()),
            Some(usize::try_from(want.replicas - leaders).expect("small"))
        );
    }

    #[test]
    fn somebody_serves_while_settings_change(replicas in 1..4, steps in vec(settings_step(), 1..120)) {
        let (cluster, want) = somebody_serves(replicas, &steps);
        let inputs: Vec<_> = cluster.all().map(|pod| pod.template.input.clone()).collect();
        prop_assert_eq!(inputs, vec![want.input.to_string(); usize::try_from(replicas).expect("small")]);
    }

    /// Not at the same time: once a Deployment is asked to replace its pod, its controller does so at any time, whatever
    /// was evicted meanwhile.
    #[test]
    fn somebody_serves_while_nodes_are_drained(replicas in 1..4, steps in vec(drain_step(), 1..120)) {
        let (cluster, _) = somebody_serves(replicas, &steps);
        prop_assert!(cluster.all().all(|pod| !pod.cordoned), "a drain hangs: {:#?}", cluster);
        prop_assert_eq!(cluster.all().count(), usize::try_from(replicas).expect("small"));
    }
}

/// Plays the steps, lets everything come to an end, and sees that somebody serves at each of them.
fn somebody_serves(replicas: i32, steps: &[Step]) -> (Cluster, Want) {
    let (mut cluster, mut want) = (Cluster::default(), first(replicas));
    settle(&mut cluster, &mut want, |_| {});
    let serves = |cluster: &Cluster| assert!(cluster.serves(), "{cluster:#?}");
    for step in steps {
        cluster.take(step, &mut want);
        serves(&cluster);
    }
    settle(&mut cluster, &mut want, serves);
    (cluster, want)
}
