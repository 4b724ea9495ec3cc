//! Apps and environments as a table.

use super::columns::{Row, columns};
use super::{Layout, Line};
use crate::view::{AppList, AppSummary, EnvironmentSummary, Health};
use jiff::Timestamp;

/// What stands in a line, of an app or of an environment.
struct Entry<'a> {
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
    health: Health,
    state: &'a str,
    leader: Option<&'a str>,
    workers: Option<&'a str>,
    url: Option<&'a str>,
    created: Option<Timestamp>,
    model: Option<&'a str>,
    image: Option<&'a str>,
    message: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn app(app: &'a AppSummary) -> Self {
        Self {
            kind: "app",
            namespace: &app.namespace,
            name: &app.name,
            health: app.health,
            state: &app.state,
            leader: app.leader.as_deref(),
            workers: app.workers.as_deref(),
            url: app.url.as_deref(),
            created: app.created,
            model: app.model.as_deref(),
            image: app.image.as_deref(),
            message: app.message.as_deref(),
        }
    }

    fn environment(environment: &'a EnvironmentSummary) -> Self {
        let claim = environment.claim.as_ref();
        Self {
            kind: "environment",
            namespace: &environment.namespace,
            name: &environment.name,
            health: environment.health,
            state: &environment.state,
            leader: environment.leader.as_deref(),
            workers: environment.workers.as_deref(),
            url: None,
            created: environment.created,
            model: claim.and_then(|claim| claim.model.as_deref()),
            image: None,
            message: environment.message.as_deref(),
        }
    }
}

fn entries(list: &AppList) -> Vec<Entry<'_>> {
    let apps = list.apps.iter().map(Entry::app);
    let environments = list.environments.iter().map(Entry::environment);
    let mut all: Vec<_> = apps.chain(environments).collect();
    all.sort_by_key(|entry| (entry.namespace, entry.name));
    all
}

/// One line each. Their kind is told where there is more than one.
pub(super) fn list(list: &AppList, layout: Layout, now: Timestamp) -> String {
    let kinds = !list.environments.is_empty();
    let mut header = vec!["NAME"];
    header.extend(kinds.then_some("KIND"));
    header.extend(["STATE", "LEADER", "WORKERS", "URL", "AGE"]);
    if layout.wide {
        header.extend(["MODEL", "IMAGE"]);
    }
    header.push("MESSAGE");
    if list.all_namespaces {
        header.insert(0, "NAMESPACE");
    }
    let rows = entries(list).into_iter().map(|entry| {
        let mut cells = cells(&entry, kinds, layout.wide, now);
        if list.all_namespaces {
            cells.insert(0, entry.namespace.to_owned());
        }
        Row {
            cells,
            health: entry.health,
        }
    });
    let state = 1 + usize::from(list.all_namespaces) + usize::from(kinds);
    columns(&header, state, rows.collect(), layout)
}

fn cells(entry: &Entry<'_>, kinds: bool, wide: bool, now: Timestamp) -> Vec<String> {
    let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
    let mut cells = vec![entry.name.to_owned()];
    cells.extend(kinds.then(|| entry.kind.to_owned()));
    cells.extend([
        entry.state.to_owned(),
        text(entry.leader),
        text(entry.workers),
        text(entry.url),
        entry
            .created
            .map_or_else(|| "-".to_owned(), |created| age(created, now)),
    ]);
    if wide {
        cells.extend([text(entry.model), text(entry.image)]);
    }
    cells.push(entry.message.unwrap_or_default().to_owned());
    cells
}

/// The list as data.
pub(super) fn line(list: &AppList) -> Line {
    let child = |entry: Entry<'_>| {
        let name = if list.all_namespaces {
            format!("{}/{}", entry.namespace, entry.name)
        } else {
            entry.name.to_owned()
        };
        Line {
            label: entry.kind,
            name,
            health: entry.health,
            state: entry.state.to_owned(),
            message: entry.message.map(ToOwned::to_owned),
            ..Line::default()
        }
    };
    Line {
        label: "all",
        name: "apps".to_owned(),
        health: list.health(),
        state: list.health().as_str().to_owned(),
        children: entries(list).into_iter().map(child).collect(),
        ..Line::default()
    }
}

/// A time span in its two largest units, as kubectl prints it: 45s, 12m, 5h10m, 3d4h, 40d.
pub(crate) fn age(created: Timestamp, now: Timestamp) -> String {
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
    use crate::view::ClaimView;
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
            all_namespaces: true,
            ..AppList::default()
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
    fn environments_stand_among_the_apps_and_are_told_from_them() {
        let environment = EnvironmentSummary {
            namespace: "prod".to_owned(),
            name: "tills".to_owned(),
            health: Health::Progressing,
            state: "Held".to_owned(),
            leader: Some("0/1".to_owned()),
            claim: Some(ClaimView {
                model: Some("sha256:0f".to_owned()),
                ..ClaimView::default()
            }),
            message: Some("pod tills-0 waits".to_owned()),
            ..EnvironmentSummary::default()
        };
        let mut all = two_apps();
        all.environments.push(environment);
        let layout = Layout {
            wide: true,
            ..Layout::default()
        };
        let now = Timestamp::from_second(3600).expect("time");
        insta::assert_snapshot!(list(&all, layout, now), @"
        NAMESPACE   NAME    KIND          STATE    LEADER   WORKERS   URL                        AGE   MODEL       IMAGE   MESSAGE
        prod        shop    app           Ready    1/1      2/2       https://shop.example.com   1h    -           -
        prod        tills   environment   Held     0/1      -         -                          -     sha256:0f   -       pod tills-0 waits
        test        crm     app           Failed   -        -         -                          -     -           -       failed to download the package: 404 Not Found
        ");
        assert_eq!(line(&all).children[1].label, "environment");
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
