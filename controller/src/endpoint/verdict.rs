//! What those who serve a route say of it. Pure.

use super::kinds::Told;
use mendix_model::conditions::Progress;

/// The word of one, or of all together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is served, under this host where they say one.
    Accepted(Option<String>),
    /// It is not, for this reason.
    Refused(String),
    /// Nobody has looked at it as it is now.
    Waiting,
}

/// One who serves it is enough.
pub(crate) fn of(all: impl Iterator<Item = Verdict>) -> Verdict {
    all.fold(Verdict::Waiting, |found, next| match (&found, &next) {
        (Verdict::Accepted(_), _) | (_, Verdict::Waiting) | (Verdict::Refused(_), Verdict::Refused(_)) => {
            found
        }
        _ => next,
    })
}

impl Verdict {
    /// How far the route is, with a sentence for each way in which it is not done.
    pub(crate) fn progress(&self, waiting: String, refused: impl FnOnce(&str) -> String) -> Progress {
        match self {
            Self::Accepted(_) => Progress::Ready,
            Self::Refused(words) => Progress::stalled("RouteRefused", refused(words)),
            Self::Waiting => Progress::working("Route", waiting),
        }
    }
}

impl Told {
    /// The words of a condition: the sentence, or else the reason.
    pub(crate) fn words(&self) -> String {
        match (self.message.as_str(), self.reason.as_str()) {
            ("", "") => "no reason given".to_owned(),
            ("", reason) => reason.to_owned(),
            (message, "") => message.to_owned(),
            (message, reason) => format!("{message} ({reason})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn refused(word: &str) -> Verdict {
        Verdict::Refused(word.to_owned())
    }

    #[rstest]
    #[case::nobody(vec![], Verdict::Waiting)]
    #[case::not_yet(vec![Verdict::Waiting], Verdict::Waiting)]
    #[case::the_first_reason(vec![refused("a"), Verdict::Waiting, refused("b")], refused("a"))]
    #[case::one_is_enough(vec![refused("a"), Verdict::Accepted(None)], Verdict::Accepted(None))]
    #[case::in_any_order(vec![Verdict::Accepted(None), refused("a")], Verdict::Accepted(None))]
    fn one_who_serves_it_is_enough(#[case] all: Vec<Verdict>, #[case] expected: Verdict) {
        assert_eq!(of(all.into_iter()), expected);
    }
}
