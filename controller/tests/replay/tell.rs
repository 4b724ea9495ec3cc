//! Tells what happens, a line each, as it is compared with what happened when the story was last looked at.

use crate::cluster::name;
use crate::moment::{Deployment, Held, Moment, Written};
use crate::server::Server;
use crate::world::{Phase, Process};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The tale so far.
#[derive(Clone)]
pub(crate) struct Tale {
    begin: Timestamp,
    lines: Vec<String>,
    phases: BTreeMap<String, Phase>,
    deployments: BTreeMap<String, Deployment>,
    /// Inputs of templates, so that they can be told by a number.
    inputs: Vec<String>,
    held: Vec<Held>,
    said: String,
}

impl Tale {
    pub(crate) const fn new(begin: Timestamp) -> Self {
        Self {
            begin,
            lines: Vec::new(),
            phases: BTreeMap::new(),
            deployments: BTreeMap::new(),
            inputs: Vec::new(),
            held: Vec::new(),
            said: String::new(),
        }
    }

    /// All lines.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// A sentence of the story.
    pub(crate) fn quote(&mut self, now: Timestamp, sentence: &str) {
        self.line(now, "", &format!("> {sentence}"));
    }

    fn line(&mut self, now: Timestamp, who: &str, what: &str) {
        let seconds = now.duration_since(self.begin).as_secs();
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let mut line = String::new();
        let _ = write!(line, "{hours}:{minutes:02}:{seconds:02}  {who:<10}  {what}");
        self.lines.push(line);
    }

    /// What differs from the moment before.
    pub(crate) fn tell(&mut self, server: &Server, moment: &Moment) {
        for written in &moment.written {
            self.tell_write(moment.at, written);
        }
        let processes: Vec<Process> = server.state().world.processes.values().cloned().collect();
        for process in processes.iter().filter(|it| !it.pulls_only()) {
            self.tell_process(moment.at, process);
        }
        for held in &moment.held {
            if !self.held.contains(held) {
                self.line(
                    moment.at,
                    "gate",
                    &format!("{} waits: {} {}", held.pod, held.rule, held.message),
                );
            }
        }
        self.held.clone_from(&moment.held);
        let said = status(server);
        if self.said != said {
            self.line(moment.at, "status", &said);
            self.said = said;
        }
    }

    fn tell_write(&mut self, now: Timestamp, written: &Written) {
        match written {
            Written::Deployment(deployment) => self.tell_deployment(now, deployment),
            Written::Opened(pod) => self.line(now, "controller", &format!("opens the gate of {pod}")),
            Written::Pull(what) => self.line(now, "controller", &format!("pulls {what}")),
            Written::Others(path) => self.line(now, "controller", &format!("writes {path}")),
            Written::Own => {}
        }
    }

    fn tell_deployment(&mut self, now: Timestamp, deployment: &Deployment) {
        let before = self
            .deployments
            .insert(deployment.name.clone(), deployment.clone());
        if before.as_ref() == Some(deployment) {
            return;
        }
        if !self.inputs.contains(&deployment.input) {
            self.inputs.push(deployment.input.clone());
        }
        let number = self
            .inputs
            .iter()
            .position(|it| *it == deployment.input)
            .unwrap_or_default();
        let Deployment {
            name,
            model,
            replicas,
            ..
        } = deployment;
        let what = format!("asks {name} for {replicas} of model {model}, template {number}");
        self.line(now, "controller", &what);
    }

    fn tell_process(&mut self, now: Timestamp, process: &Process) {
        let before = self.phases.insert(process.pod.clone(), process.phase.clone());
        if before.as_ref() == Some(&process.phase) {
            return;
        }
        let does = match &process.phase {
            Phase::Pulling => "pulls its image".to_owned(),
            Phase::NoImage(why) => format!("cannot pull its image: {why}"),
            Phase::Starting => "starts".to_owned(),
            Phase::Synchronising => "works on the schema".to_owned(),
            Phase::Ready => "serves".to_owned(),
            Phase::Crashed => format!("crashes: {}", process.said.as_deref().unwrap_or_default()),
            Phase::Stopping => "is asked to end".to_owned(),
            Phase::Ended => "has ended".to_owned(),
        };
        let what = format!(
            "{}, {} of model {}, {does}",
            process.pod, process.role, process.model
        );
        self.line(now, &format!("node {}", process.node), &what);
    }

    /// What is remembered of rollouts, in the end.
    pub(crate) fn conclude(&mut self, server: &Server) {
        let state = server.state();
        let environment =
            &state.objects["/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments/shop"];
        for rollout in environment["status"]["rollouts"].as_array().into_iter().flatten() {
            let word = |field: &str| rollout[field].as_str().unwrap_or_default().to_owned();
            let line = format!(
                "rollout {}: {}, model {}, {}, down for {} s",
                rollout["number"],
                word("change"),
                word("model"),
                word("outcome"),
                rollout["downtimeMilliseconds"].as_i64().unwrap_or_default() / 1000,
            );
            self.lines.push(line);
        }
    }
}

/// What stands in the status of the app.
fn status(server: &Server) -> String {
    let state = server.state();
    let apps = state.below("/apis/privatecloud.mendix.com/v1alpha1/namespaces/prod/mendixapps");
    let told = apps.map(|app| {
        let word = |field: &str| app["status"][field].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}", name(app), word("state"), word("mendixAppState"))
    });
    told.collect::<Vec<_>>().join("; ")
}
