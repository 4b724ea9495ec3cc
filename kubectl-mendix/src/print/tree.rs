//! One app as a tree: app → storage, build, endpoint, claim, lease, runtime → pods.

use super::columns::{Row, columns};
use super::{Layout, environment, lease};
use crate::view::{AppView, Health, PartView, PodView};

/// One line of the tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// What kind of thing it is: `database`, `build`, `leader`.
    pub label: &'static str,
    /// Name of the object.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// The controller's word, or Kubernetes'.
    pub state: String,
    /// What is to be known of it.
    pub facts: Vec<String>,
    /// Why it is not ready.
    pub message: Option<String>,
    /// The command that helps.
    pub command: Option<String>,
    /// What stands below it.
    pub children: Vec<Self>,
}

/// The tree as text.
pub(super) fn tree(top: &Line, layout: Layout) -> String {
    let mut rows = Vec::new();
    push(top, "", "", &mut rows);
    columns(&["NAME", "STATE", "DETAILS"], 1, rows, layout)
}

fn push(line: &Line, lead: &str, below: &str, rows: &mut Vec<Row>) {
    let details = line
        .facts
        .iter()
        .chain(&line.message)
        .cloned()
        .collect::<Vec<_>>();
    let name = format!("{lead}{} {}", line.label, line.name);
    let details = details.join(", ");
    let (name, details) = match &line.command {
        // On a line of its own, to be copied; the branches of the tree go on beside it.
        Some(command) => (
            format!("{name}\n{below}"),
            format!("{details}\nremedy: {command}"),
        ),
        None => (name, details),
    };
    rows.push(Row {
        cells: vec![name, line.state.clone(), details],
        health: line.health,
    });
    let last = line.children.len().saturating_sub(1);
    for (index, child) in line.children.iter().enumerate() {
        let (branch, rest) = if index == last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        push(
            child,
            &format!("{below}{branch}"),
            &format!("{below}{rest}"),
            rows,
        );
    }
}

/// The tree as data.
pub(super) fn lines(view: &AppView, wide: bool) -> Line {
    let summary = &view.summary;
    let mut facts = facts([("", &summary.url)]);
    if wide {
        facts.extend(self::facts([("source ", &summary.source)]));
    }
    Line {
        label: "app",
        name: summary.name.clone(),
        health: summary.health,
        state: summary.state.clone(),
        facts,
        message: without_repetition(summary.message.as_deref(), &view.runtime.details.pods),
        children: parts(view, wide),
        ..Line::default()
    }
}

fn parts(view: &AppView, wide: bool) -> Vec<Line> {
    let stores = [("database", &view.database), ("files", &view.files)];
    let mut children: Vec<_> = stores
        .into_iter()
        .filter_map(|(label, part)| {
            let part = part.as_ref()?;
            let details = &part.details;
            let facts = facts([("plan ", &details.plan), ("secret ", &details.secret)]);
            Some(line(
                label,
                part,
                facts,
                details.task_pod.iter().map(|pod| self::pod(pod, wide)),
            ))
        })
        .collect();
    children.push(build(view, wide));
    let endpoint = &view.endpoint;
    children.push(line(
        "endpoint",
        endpoint,
        facts([("", &endpoint.details.url)]),
        [],
    ));
    let runtime = &view.runtime;
    let numbers = facts([
        ("leader ", &runtime.details.leader),
        ("workers ", &runtime.details.workers),
    ]);
    children.extend(claim(view, wide));
    let lease = runtime.details.lease.as_ref();
    children.extend(lease.and_then(|lease| lease::line(lease, &runtime.name, runtime.health, wide)));
    let pods = &runtime.details.pods;
    children.push(Line {
        message: without_repetition(runtime.message.as_deref(), pods),
        ..line(
            "runtime",
            runtime,
            numbers,
            pods.iter().map(|pod| self::pod(pod, wide)),
        )
    });
    children
}

/// Said to whoever wants to know all, and to everybody when something is wrong with it.
fn claim(view: &AppView, wide: bool) -> Option<Line> {
    let claim = view.claim.as_ref()?;
    (wide || claim.health != Health::Ready).then(|| environment::claim(claim, wide))
}

/// A sentence without what a pod below says itself: the reason why it waits goes up through every status.
pub(super) fn without_repetition(message: Option<&str>, pods: &[PodView]) -> Option<String> {
    let mut message = message?.to_owned();
    for held in pods.iter().filter_map(|pod| pod.held.as_ref()) {
        message = message.replace(&format!(" {}", held.message), "");
    }
    Some(message)
}

fn build(view: &AppView, wide: bool) -> Line {
    let part = &view.build;
    let details = &part.details;
    let model = details
        .model
        .as_deref()
        .map(|model| if wide { model } else { short(model) }.to_owned());
    let mut facts = facts([("model ", &model), ("version ", &details.model_version)]);
    if wide {
        facts.extend(self::facts([
            ("runtime ", &details.runtime_version),
            ("image ", &details.image),
        ]));
    }
    line(
        "build",
        part,
        facts,
        details.task_pod.iter().map(|pod| self::pod(pod, wide)),
    )
}

/// Enough of a model to tell it from others. Models of plain manifests are digests.
pub(super) fn short(model: &str) -> &str {
    let model = model.strip_prefix("sha256:").unwrap_or(model);
    model.get(..12).unwrap_or(model)
}

fn line<T>(
    label: &'static str,
    part: &PartView<T>,
    facts: Vec<String>,
    children: impl IntoIterator<Item = Line>,
) -> Line {
    Line {
        label,
        name: part.name.clone(),
        health: part.health,
        state: part.state.clone(),
        facts,
        message: part.message.clone(),
        children: children.into_iter().collect(),
        ..Line::default()
    }
}

pub(super) fn pod(pod: &PodView, wide: bool) -> Line {
    let mut facts = Vec::new();
    facts.extend(pod.role.clone());
    if pod.restarts > 0 {
        facts.push(format!("{} restarts", pod.restarts));
    }
    if wide {
        facts.extend(self::facts([("model ", &pod.model), ("node ", &pod.node)]));
    }
    Line {
        label: "pod",
        name: pod.name.clone(),
        health: pod.health,
        state: pod.state.clone(),
        facts,
        message: pod.message.clone(),
        command: pod.held.as_ref().and_then(|held| held.command.clone()),
        children: Vec::new(),
    }
}

pub(super) fn facts<const N: usize>(facts: [(&str, &Option<String>); N]) -> Vec<String> {
    facts
        .into_iter()
        .filter_map(|(word, value)| Some(format!("{word}{}", value.as_ref()?)))
        .collect()
}
