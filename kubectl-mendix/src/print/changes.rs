//! What changed between two looks, a line a thing: for logs, where nothing can be redrawn.

use super::tree::Line;
use crate::view::Health;
use std::collections::BTreeMap;

/// Remembers what was said last of each thing.
#[derive(Debug, Default)]
pub struct Changes {
    last: BTreeMap<String, String>,
}

impl Changes {
    /// The lines for what is new or different in `tree`, top down.
    pub fn between(&mut self, tree: &Line) -> Vec<String> {
        let mut now = Vec::new();
        flatten(tree, &mut now);
        let gone: Vec<_> = self
            .last
            .keys()
            .filter(|key| !now.iter().any(|(name, _)| name == *key))
            .cloned()
            .collect();
        let mut changed: Vec<_> = now
            .iter()
            .filter(|(name, text)| self.last.get(name) != Some(text))
            .map(|(name, text)| format!("{name}: {text}"))
            .collect();
        changed.extend(gone.into_iter().map(|name| format!("{name}: gone")));
        self.last = now.into_iter().collect();
        changed
    }
}

fn flatten(line: &Line, all: &mut Vec<(String, String)>) {
    let message = line
        .message
        .as_ref()
        .map(|message| format!(", {message}"))
        .unwrap_or_default();
    let command = line.command.as_ref();
    let command = command
        .map(|command| format!("; remedy: {command}"))
        .unwrap_or_default();
    // What does not exist yet is no news.
    if line.health != Health::Absent {
        let text = format!("{}{message}{command}", line.state);
        all.push((format!("{} {}", line.label, line.name), text));
    }
    for child in &line.children {
        flatten(child, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, state: &str, children: Vec<Line>) -> Line {
        Line {
            label: "pod",
            name: name.to_owned(),
            health: Health::Ready,
            state: state.to_owned(),
            children,
            ..Line::default()
        }
    }

    #[test]
    fn only_what_changed_is_said() {
        let mut changes = Changes::default();
        let first = line("a", "Pending", vec![line("b", "Ready", vec![])]);
        assert_eq!(changes.between(&first), ["pod a: Pending", "pod b: Ready"]);
        assert!(changes.between(&first).is_empty());
        let second = line("a", "Ready", vec![]);
        assert_eq!(changes.between(&second), ["pod a: Ready", "pod b: gone"]);
    }

    #[test]
    fn the_command_that_helps_stands_on_the_same_line() {
        let waiting = Line {
            message: Some("MX001 not yours".to_owned()),
            command: Some("kubectl mendix adopt a".to_owned()),
            ..line("a", "Gated", vec![])
        };
        assert_eq!(
            Changes::default().between(&waiting),
            ["pod a: Gated, MX001 not yours; remedy: kubectl mendix adopt a"]
        );
    }
}
