//! Apps as a table.

use super::columns::{Row, columns};
use super::{Layout, Line};
use crate::view::{AppList, AppSummary};
use jiff::Timestamp;

/// One line an app.
pub(super) fn list(list: &AppList, layout: Layout, now: Timestamp) -> String {
    let all_namespaces = list.all_namespaces;
    let mut header = vec!["NAME", "STATE", "LEADER", "WORKERS", "URL", "AGE"];
    if layout.wide {
        header.extend(["MODEL", "IMAGE"]);
    }
    header.push("MESSAGE");
    if all_namespaces {
        header.insert(0, "NAMESPACE");
    }
    let row = |app: &AppSummary| {
        let mut cells = cells(app, layout.wide, now);
        if all_namespaces {
            cells.insert(0, app.namespace.clone());
        }
        Row {
            cells,
            health: app.health,
        }
    };
    let state = 1 + usize::from(all_namespaces);
    columns(&header, state, list.apps.iter().map(row).collect(), layout)
}

fn cells(app: &AppSummary, wide: bool, now: Timestamp) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let mut cells = vec![
        app.name.clone(),
        app.state.clone(),
        text(&app.leader),
        text(&app.workers),
        text(&app.url),
        app.created
            .map_or_else(|| "-".to_owned(), |created| age(created, now)),
    ];
    if wide {
        cells.extend([text(&app.model), text(&app.image)]);
    }
    cells.push(app.message.clone().unwrap_or_default());
    cells
}

/// The list as data.
pub(super) fn line(list: &AppList) -> Line {
    let child = |app: &AppSummary| {
        let name = if list.all_namespaces {
            format!("{}/{}", app.namespace, app.name)
        } else {
            app.name.clone()
        };
        Line {
            label: "app",
            name,
            health: app.health,
            state: app.state.clone(),
            facts: Vec::new(),
            message: app.message.clone(),
            children: Vec::new(),
        }
    };
    Line {
        label: "all",
        name: "apps".to_owned(),
        health: list.health(),
        state: list.health().as_str().to_owned(),
        facts: Vec::new(),
        message: None,
        children: list.apps.iter().map(child).collect(),
    }
}

/// A time span in its two largest units, as kubectl prints it: 45s, 12m, 5h10m, 3d4h, 40d.
fn age(created: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(created).as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (10.., ..) => format!("{days}d"),
        (1.., ..) => pair(days, "d", hours % 24, "h"),
        (_, 1.., _) => pair(hours, "h", minutes % 60, "m"),
        (_, _, 2..) => format!("{minutes}m"),
        _ => format!("{seconds}s"),
    }
}

fn pair(first: i64, unit: &str, second: i64, smaller: &str) -> String {
    if second == 0 {
        format!("{first}{unit}")
    } else {
        format!("{first}{unit}{second}{smaller}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Health;
    use jiff::SignedDuration;
    use rstest::rstest;

    #[rstest]
    #[case::seconds(119, "119s")]
    #[case::minutes(720, "12m")]
    #[case::hours(18_600, "5h10m")]
    #[case::whole_days(172_800, "2d")]
    #[case::days(273_600, "3d4h")]
    #[case::many_days(3_456_000, "40d")]
    #[case::clocks_apart(-5, "0s")]
    fn ages_are_short(#[case] seconds: i64, #[case] expected: &str) {
        let created = Timestamp::UNIX_EPOCH;
        let now = created
            .saturating_add(SignedDuration::from_secs(seconds))
            .expect("time");
        assert_eq!(age(created, now), expected);
    }

    fn two_apps() -> AppList {
        let shop = AppSummary {
            namespace: "prod".to_owned(),
            name: "shop".to_owned(),
            health: Health::Ready,
            state: "Ready".to_owned(),
            url: Some("https://shop.example.com".to_owned()),
            leader: Some("1/1".to_owned()),
            workers: Some("2/2".to_owned()),
            created: Some(Timestamp::UNIX_EPOCH),
            ..AppSummary::default()
        };
        let crm = AppSummary {
            namespace: "test".to_owned(),
            name: "crm".to_owned(),
            health: Health::Stalled,
            state: "Failed".to_owned(),
            message: Some("failed to download the package: 404 Not Found".to_owned()),
            ..AppSummary::default()
        };
        AppList {
            apps: vec![shop, crm],
            problems: Vec::new(),
            all_namespaces: true,
        }
    }

    #[test]
    fn apps_stand_in_columns() {
        let now = Timestamp::from_second(3600).expect("time");
        insta::assert_snapshot!(list(&two_apps(), Layout::default(), now), @"
        NAMESPACE   NAME   STATE    LEADER   WORKERS   URL                        AGE   MESSAGE
        prod        shop   Ready    1/1      2/2       https://shop.example.com   1h
        test        crm    Failed   -        -         -                          -     failed to download the package: 404 Not Found
        ");
    }

    #[test]
    fn colours_are_there_when_asked_for() {
        let layout = Layout {
            colour: true,
            ..Layout::default()
        };
        let text = list(&two_apps(), layout, Timestamp::UNIX_EPOCH);
        assert!(text.contains("\u{1b}[38;5;10mReady"), "{text:?}");
        assert!(!list(&two_apps(), Layout::default(), Timestamp::UNIX_EPOCH).contains('\u{1b}'));
    }
}
