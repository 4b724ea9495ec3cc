//! The lease on a database as a line.

use super::Line;
use crate::view::{Health, LeaseView};

/// Said to whoever wants to know all, and to everybody where less holds than is promised. Whom a process waits for, and
/// why it was refused, its pod says.
pub(super) fn line(lease: &LeaseView, name: &str, owner: Health, wide: bool) -> Option<Line> {
    let is_told = match lease.state.as_str() {
        "Absent" => true,
        // A process that starts is heard a moment later.
        "NoAnswer" => owner == Health::Ready,
        _ => false,
    };
    (wide || is_told).then(|| Line {
        label: "lease",
        name: name.to_owned(),
        health: health(&lease.state),
        state: lease.state.clone(),
        message: Some(lease.message.clone()),
        ..Line::default()
    })
}

fn health(state: &str) -> Health {
    match state {
        "Held" => Health::Ready,
        "Waiting" => Health::Progressing,
        "Refused" | "Lost" => Health::Stalled,
        _ => Health::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::healthy("Held", Health::Ready, false)]
    #[case::told_by_the_pod("Waiting", Health::Progressing, false)]
    #[case::without_rows("Absent", Health::Ready, true)]
    #[case::not_let_through("NoAnswer", Health::Ready, true)]
    #[case::starting("NoAnswer", Health::Progressing, false)]
    fn it_is_told_where_it_says_something(#[case] state: &str, #[case] owner: Health, #[case] told: bool) {
        let lease = LeaseView {
            state: state.to_owned(),
            message: "why".to_owned(),
        };
        assert_eq!(line(&lease, "shop", owner, false).is_some(), told);
        let all = line(&lease, "shop", owner, true).expect("to whoever wants to know all");
        assert_eq!((all.state.as_str(), all.message.as_deref()), (state, Some("why")));
    }
}
