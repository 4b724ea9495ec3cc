//! How long and how often is waited for servers.

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

/// How long and how often is waited for a server.
#[derive(Clone, Debug)]
pub struct Patience {
    /// How long the server of a package may send nothing before the download is given up.
    pub inactivity: Duration,
    /// How often is tried again what a server broke off or was too busy for.
    pub retries: usize,
    /// Pause before it is tried again; it doubles each time.
    pub pause: Duration,
}

/// Longest pause between two attempts, whatever the server asks for.
const LONGEST: Duration = Duration::from_mins(2);

impl Default for Patience {
    fn default() -> Self {
        Self {
            inactivity: Duration::from_secs(20),
            retries: 5,
            pause: Duration::from_millis(500),
        }
    }
}

impl Patience {
    /// When it is tried again.
    pub(crate) fn schedule(&self) -> ExponentialBuilder {
        let builder = ExponentialBuilder::default()
            .with_min_delay(self.pause)
            .with_max_delay(LONGEST);
        builder.with_max_times(self.retries)
    }

    /// The pauses between attempts; no more attempts when they are used up.
    pub(crate) fn pauses(&self) -> ExponentialBackoff {
        self.schedule().build()
    }
}

/// Whether what failed may be tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Again {
    /// It would fail again.
    Never,
    /// After a pause.
    Later,
    /// After the pause that the server asked for.
    After(Duration),
}

impl Again {
    /// What an HTTP status says about it.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            // Too many requests, and everything that a server that restarts or is overloaded answers.
            429 | 500 | 502..=504 => Self::Later,
            _ => Self::Never,
        }
    }

    /// How long to wait, with one of the pauses where nothing else was asked for; nothing to give up.
    pub(crate) fn pause(self, pauses: &mut impl Iterator<Item = Duration>) -> Option<Duration> {
        let pause = pauses.next()?;
        match self {
            Self::Never => None,
            Self::Later => Some(pause),
            Self::After(asked) => Some(asked.min(LONGEST)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let patience = Patience {
            retries: 3,
            pause: Duration::from_secs(1),
            ..Patience::default()
        };
        let pauses: Vec<_> = patience.pauses().collect();
        assert_eq!(pauses, [1, 2, 4].map(Duration::from_secs));
        let mut pauses = pauses.into_iter();
        let asked = Duration::from_secs(7);
        assert_eq!(Again::Later.pause(&mut pauses), Some(Duration::from_secs(1)));
        assert_eq!(Again::After(asked).pause(&mut pauses), Some(asked));
        assert_eq!(Again::Never.pause(&mut pauses), None);
        assert_eq!(Again::After(asked).pause(&mut pauses), None);
        assert_eq!(
            (Again::of_status(503), Again::of_status(507)),
            (Again::Later, Again::Never)
        );
    }
}
