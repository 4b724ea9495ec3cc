//! Rollouts as a table.

use super::columns::{Row, columns};
use super::{Layout, age, tree};
use crate::view::Health;
use jiff::Timestamp;
use mendix_model::crd::rollout::{Change, Rollout, RolloutOutcome};

/// One line each, the oldest first.
pub(crate) fn history(rollouts: &[Rollout], layout: Layout, now: Timestamp) -> String {
    let mut header = vec![
        "NUMBER", "OUTCOME", "CHANGE", "MODEL", "BY", "AGE", "TOOK", "DOWNTIME",
    ];
    header.extend(layout.wide.then_some("IMAGE"));
    header.push("MESSAGE");
    let rows = rollouts.iter().map(|rollout| Row {
        cells: cells(rollout, layout.wide, now),
        health: health(rollout.outcome),
    });
    columns(&header, 1, rows.collect(), layout)
}

fn cells(rollout: &Rollout, wide: bool, now: Timestamp) -> Vec<String> {
    let wanted = &rollout.wanted;
    let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
    let model = if wide {
        wanted.model.clone()
    } else {
        tree::short(&wanted.model).to_owned()
    };
    let ended = rollout.ended_at.as_ref().map_or(now, |ended| ended.0);
    let mut cells = vec![
        rollout.number.to_string(),
        format!("{:?}", rollout.outcome),
        change(rollout.change).to_owned(),
        model,
        text(wanted.by.as_deref()),
        age(rollout.started_at.0, now),
        age(rollout.started_at.0, ended),
        downtime(rollout, now),
    ];
    cells.extend(wide.then(|| text(wanted.image.as_deref())));
    cells.push(rollout.message.clone().unwrap_or_default());
    cells
}

const fn change(change: Change) -> &'static str {
    match change {
        Change::First => "first",
        Change::Model => "model",
        Change::Return => "return",
        Change::Settings => "settings",
    }
}

/// Nothing served before the first one. Time that still runs is counted to now.
fn downtime(rollout: &Rollout, now: Timestamp) -> String {
    if rollout.change == Change::First {
        return "-".to_owned();
    }
    let running = rollout
        .down_since
        .as_ref()
        .map_or(0, |since| now.duration_since(since.0).as_millis());
    let all = i128::from(rollout.downtime_milliseconds) + running.max(0);
    format!("{}.{}s", all / 1000, all % 1000 / 100)
}

const fn health(outcome: RolloutOutcome) -> Health {
    match outcome {
        RolloutOutcome::Succeeded => Health::Ready,
        RolloutOutcome::Running => Health::Progressing,
        RolloutOutcome::Failed => Health::Stalled,
        RolloutOutcome::Superseded => Health::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rollouts_stand_in_columns() {
        let rollouts: Vec<Rollout> = serde_json::from_value(json!([
            { "number": 1, "change": "first", "model": "0123456789abcdef", "settings": "s", "by": "helm",
              "startedAt": "2026-01-01T00:00:00.000000Z", "endedAt": "2026-01-01T00:00:20.000000Z", "outcome": "succeeded" },
            { "number": 2, "change": "model", "model": "sha256:fedcba9876543210", "settings": "s",
              "startedAt": "2026-01-01T01:00:00.000000Z", "downtimeMilliseconds": 1700,
              "downSince": "2026-01-01T01:00:08.000000Z", "outcome": "failed",
              "endedAt": "2026-01-01T01:00:09.000000Z", "message": "pod shop-0: a constant is missing" },
        ]))
        .expect("rollouts");
        let now = "2026-01-01T01:00:10Z".parse().expect("a time");
        insta::assert_snapshot!(history(&rollouts, Layout::default(), now), @"
        NUMBER   OUTCOME     CHANGE   MODEL          BY     AGE   TOOK   DOWNTIME   MESSAGE
        1        Succeeded   first    0123456789ab   helm   1h    20s    -
        2        Failed      model    fedcba987654   -      10s   9s     3.7s       pod shop-0: a constant is missing
        ");
    }
}
