//! One app as a tree: app → storage, build, endpoint, runtime → pods.

use super::Layout;
use super::columns::{Row, columns};
use crate::view::{AppView, Health, PartView, PodView};

/// One line of the tree.
#[derive(Clone, Debug, PartialEq)]
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
    /// What stands below it.
    pub children: Vec<Self>,
}

/// The tree as text.
pub(super) fn tree(view: &AppView, layout: Layout) -> String {
    let mut rows = Vec::new();
    push(&lines(view, layout.wide), "", "", &mut rows);
    columns(&["NAME", "STATE", "DETAILS"], 1, rows, layout)
}

fn push(line: &Line, lead: &str, below: &str, rows: &mut Vec<Row>) {
    let details = line
        .facts
        .iter()
        .chain(&line.message)
        .cloned()
        .collect::<Vec<_>>();
    rows.push(Row {
        cells: vec![
            format!("{lead}{} {}", line.label, line.name),
            line.state.clone(),
            details.join(", "),
        ],
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
        message: summary.message.clone(),
        children: parts(view, wide),
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
    let pods = runtime.details.pods.iter().map(|pod| self::pod(pod, wide));
    children.push(line("runtime", runtime, numbers, pods));
    children
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

/// Enough of a model to tell it from others.
fn short(model: &str) -> &str {
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
    }
}

fn pod(pod: &PodView, wide: bool) -> Line {
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
        children: Vec::new(),
    }
}

fn facts<const N: usize>(facts: [(&str, &Option<String>); N]) -> Vec<String> {
    facts
        .into_iter()
        .filter_map(|(word, value)| Some(format!("{word}{}", value.as_ref()?)))
        .collect()
}
