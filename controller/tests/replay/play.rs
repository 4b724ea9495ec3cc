//! Plays a story: the real controller, on a server in a map, in a cluster whose clock goes as fast as it can.

use crate::checker::broken;
use crate::cluster;
use crate::kubelet::pull_again;
use crate::moment::{Moment, look};
use crate::rounds::{Watches, context};
use crate::sentence::{Fact, Sentence, What};
use crate::server::Server;
use crate::tell::Tale;
use crate::world::{Node, Phase, World};
use crate::{app_path, edit, people, prepared, status};
use jiff::{SignedDuration, Timestamp};
use mendix_controller::Context;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything is looked at again after this, even where nothing is seen to change.
const RESYNC: SignedDuration = SignedDuration::from_mins(5);
/// Between two tries of a controller that reaches no server.
const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// More rounds than anything takes at one moment.
const MOST_ROUNDS: usize = 100;
/// What has not come about by then never will.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// A story that is being played.
pub(crate) struct Play {
    pub(crate) server: Server,
    pub(crate) tale: Tale,
    pub(crate) trace: Vec<Moment>,
    context: Arc<Context>,
    watches: Watches,
    /// Everything is looked at again from then on.
    resync: Timestamp,
    /// No controller runs until then.
    controller_away: Option<Timestamp>,
    wishes: usize,
    /// Whether somebody has served at each moment since the last wish.
    served: bool,
    leaving: BTreeSet<String>,
}

impl Play {
    pub(crate) fn new() -> Self {
        let server = prepared();
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        server.state().world.now = begin;
        Self::of(server, Tale::new(begin))
    }

    fn of(server: Server, tale: Tale) -> Self {
        let resync = server.state().world.now + RESYNC;
        Self {
            context: context(&server),
            watches: Watches::default(),
            resync,
            server,
            tale,
            trace: Vec::new(),
            controller_away: None,
            wishes: 0,
            served: true,
            leaving: BTreeSet::new(),
        }
    }

    /// The same from here on, with a controller that has just started.
    pub(crate) fn again(&self) -> Self {
        let mut again = Self::of(self.server.copy(), self.tale.clone());
        again.leaving.clone_from(&self.leaving);
        again
    }

    /// Plays a sentence.
    pub(crate) async fn play(&mut self, line: &str, sentence: &Sentence) {
        self.tale.quote(self.at(), line.trim());
        match sentence {
            Sentence::App { pods, nodes } => self.app(*pods, nodes).await,
            Sentence::Pass(time) => self.pass(self.at() + *time).await,
            Sentence::Until(fact) => self.until(line, fact).await,
            Sentence::Fact(fact) => self.must(line, fact),
            Sentence::WhateverWrite => {}
            Sentence::Deploys(_)
            | Sentence::SetsConstant(_)
            | Sentence::SetsReplicas(_)
            | Sentence::GoesBack { .. }
            | Sentence::GoesBackInVain(_) => {
                (self.wishes, self.served) = (self.wishes + 1, true);
                self.want(line, sentence);
                self.settle().await;
            }
            _ => {
                self.set(sentence);
                self.settle().await;
            }
        }
    }

    fn at(&self) -> Timestamp {
        self.server.state().world.now
    }

    fn world(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.server.state().world);
    }

    async fn app(&mut self, pods: usize, nodes: &[String]) {
        self.world(|world| {
            world.nodes = nodes.iter().map(|name| (name.clone(), Node::default())).collect();
        });
        edit(&self.server, |app| app["spec"]["replicas"] = json!(pods));
        self.settle().await;
        self.until("an app", &Fact::AllIsWell).await;
    }

    fn want(&self, line: &str, sentence: &Sentence) {
        match sentence {
            Sentence::Deploys(model) => people::deploy(&self.server, model),
            Sentence::SetsConstant(value) => people::set_constant(&self.server, value),
            Sentence::SetsReplicas(number) => {
                edit(&self.server, |app| app["spec"]["replicas"] = json!(number));
            }
            Sentence::GoesBack { restored } => {
                let done = people::go_back(&self.server, *restored);
                assert_eq!(done, Ok(()), "{line}\n{}", self.tale.text());
            }
            Sentence::GoesBackInVain(words) => {
                let refused = people::go_back(&self.server, false).expect_err(line);
                assert!(refused.contains(words), "{refused}");
            }
            _ => {}
        }
    }

    /// What becomes of the cluster.
    fn set(&mut self, sentence: &Sentence) {
        let now = self.at();
        match sentence.clone() {
            Sentence::Takes(what, time) => self.world(|world| match what {
                What::Build => world.times.build = time,
                What::Pull => world.times.pull = time,
                What::Start => world.times.start = time,
                What::End => world.times.end = time,
                What::EndOfWorker => world.times.end_of_workers = Some(time),
            }),
            Sentence::LeaderEnds { model, words } => {
                self.world(|world| world.models.entry(model).or_default().ends = Some(words));
            }
            Sentence::WorkTakes { model, time } => {
                self.world(|world| world.models.entry(model).or_default().work = time);
            }
            Sentence::WorkFails { model, words } => {
                self.world(|world| world.models.entry(model).or_default().work_fails = Some(words));
            }
            Sentence::CannotPull { node, model, words } => self.world(|world| {
                world.nodes.entry(node).or_default().refuses.insert(model, words);
            }),
            Sentence::CanPull { node } => {
                self.world(|world| world.nodes.entry(node.clone()).or_default().refuses.clear());
                pull_again(&self.server, &node);
            }
            Sentence::NodeLost(node) => self.world(|world| {
                world.nodes.entry(node).or_default().lost = Some(now);
            }),
            Sentence::NodeBack(node) => self.world(|world| {
                world.nodes.entry(node).or_default().lost = None;
            }),
            Sentence::NodeOff(node) => {
                self.world(|world| world.processes.retain(|_, process| process.node != node));
                people::fence(&self.server, &node);
            }
            Sentence::ServerAway(time) => {
                let until = self.alarm(time);
                self.server.state().away = Some(until);
            }
            Sentence::ServerOutdated(time) => {
                let until = self.alarm(time);
                let mut state = self.server.state();
                state.past = Some((until, state.objects.clone()));
            }
            Sentence::ControllerAway(time) => self.controller_away = Some(self.alarm(time)),
            _ => {}
        }
    }

    fn alarm(&self, time: SignedDuration) -> Timestamp {
        let at = self.at() + time;
        self.world(|world| {
            world.alarms.insert(at);
        });
        at
    }

    /// Lets time pass.
    async fn pass(&mut self, until: Timestamp) {
        while self.at() < until {
            self.forward(until).await;
        }
    }

    /// To the next moment at which something happens.
    async fn forward(&mut self, until: Timestamp) {
        let now = self.at();
        let next = self.server.state().world.next().unwrap_or(until);
        self.world(|world| {
            world.now = next.min(until).min(now + RESYNC);
            let now = world.now;
            world.alarms.retain(|at| *at > now);
        });
        self.settle().await;
    }

    async fn until(&mut self, line: &str, fact: &Fact) {
        let latest = self.at() + LONGEST;
        while !self.holds(fact) {
            assert!(
                self.at() < latest,
                "it never comes to this: {line}\n{}",
                self.tale.text()
            );
            self.forward(latest).await;
        }
    }

    fn must(&self, line: &str, fact: &Fact) {
        assert!(self.holds(fact), "it is not so: {line}\n{}", self.tale.text());
    }

    /// Everything that happens at this moment.
    pub(crate) async fn settle(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let before = self.server.state().version();
            let processes = self.server.state().world.processes.clone();
            let is_killed = self.control().await;
            self.look();
            cluster::step(&self.server);
            self.look();
            let state = self.server.state();
            if !is_killed && state.version() == before && state.world.processes == processes {
                return;
            }
        }
        panic!("no end of changes\n{}", self.tale.text());
    }

    /// Whether the controller was killed at its work, and another one is to begin.
    async fn control(&mut self) -> bool {
        let now = self.at();
        if let Some(until) = self.controller_away {
            if now < until {
                return false;
            }
            self.controller_away = None;
            self.start();
        }
        if now >= self.resync {
            (self.watches, self.resync) = (Watches::default(), now + RESYNC);
        }
        if self.watches.round(&self.server, &self.context).await.is_ok() {
            return false;
        }
        let is_killed = self.server.state().writes_left == Some(0);
        if is_killed {
            self.server.state().writes_left = None;
            self.start();
        } else {
            self.alarm(TRY_AGAIN);
        }
        is_killed
    }

    /// Another controller, which remembers nothing.
    fn start(&mut self) {
        (self.context, self.watches) = (context(&self.server), Watches::default());
    }

    fn look(&mut self) {
        let moment = look(&self.server, self.wishes, &mut self.leaving);
        let mut processes = self
            .server
            .state()
            .world
            .processes
            .values()
            .cloned()
            .collect::<Vec<_>>()
            .into_iter();
        self.served &= processes.any(|it| it.phase == Phase::Ready && !it.pulls_only());
        self.tale.tell(&self.server, &moment);
        if self.trace.last() != Some(&moment) {
            self.trace.push(moment);
        }
    }

    fn holds(&self, fact: &Fact) -> bool {
        let processes = self.server.state().world.processes.clone();
        let of_role = |role: &str| {
            processes
                .values()
                .filter(move |it| it.role == role)
                .collect::<Vec<_>>()
        };
        match fact {
            Fact::Serve { number, role, model } => {
                let serve = of_role(role);
                let is_so = |it: &&crate::world::Process| it.model == *model && it.phase == Phase::Ready;
                serve.len() == *number && serve.iter().all(is_so)
            }
            Fact::Does { role, model, what } => {
                let phase = match what.as_str() {
                    "starts" => Phase::Starting,
                    "works on the schema" => Phase::Synchronising,
                    "ends" => Phase::Stopping,
                    "crashes" => Phase::Crashed,
                    other => panic!("nobody does this: {other}"),
                };
                of_role(role)
                    .iter()
                    .any(|it| it.model == *model && it.phase == phase)
            }
            Fact::NobodyRuns(role) => !of_role(role).iter().any(|it| it.runs()),
            Fact::AllIsWell => self.is_well(),
            Fact::SomebodyServedAllTheTime => self.served,
            Fact::StatusSays(words) => status(&self.server).to_string().contains(words),
            Fact::Held(rule) => self
                .trace
                .last()
                .is_some_and(|it| it.held.iter().any(|held| held.rule == *rule)),
        }
    }

    /// Of the app as it is now.
    fn is_well(&self) -> bool {
        let state = self.server.state();
        let app = &state.objects[&app_path()];
        let is_ready = |it: &serde_json::Value| {
            it["type"] == "Ready"
                && it["status"] == "True"
                && it["observedGeneration"] == app["metadata"]["generation"]
        };
        let conditions = app["status"]["conditions"].as_array();
        conditions.is_some_and(|all| all.iter().any(is_ready))
    }

    /// Nothing more is written where nothing happens, also by a controller that has just started; and the rules held.
    pub(crate) async fn conclude(&mut self) {
        self.tale.conclude(&self.server);
        self.watches = Watches::default();
        let done = self.watches.round(&self.server, &self.context).await;
        let written = std::mem::take(&mut self.server.state().written);
        let written: Vec<_> = written
            .iter()
            .map(|(method, path, _)| format!("{method} {path}"))
            .collect();
        assert!(
            done.is_ok() && written.is_empty(),
            "it goes on writing: {done:?} {written:#?}\n{}",
            self.tale.text()
        );
        let objects = self.server.state().objects.clone();
        self.start();
        self.settle().await;
        let after = self.server.state().objects.clone();
        for (path, object) in &after {
            assert_eq!(
                Some(object),
                objects.get(path),
                "a controller that has just started changes {path}"
            );
        }
        assert_eq!(after.len(), objects.len());
        let found = broken(&self.trace);
        assert!(found.is_empty(), "{found:#?}\n{}", self.tale.text());
    }
}
