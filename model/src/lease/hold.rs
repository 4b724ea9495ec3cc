//! What a holder must do.

use super::time::{Moment, Terms};

/// What a holder knows of its lease.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lease {
    /// When the last statement was **sent** that was **answered**: a taker may have seen its mark from then on, so the
    /// time of the answer would count too long.
    pub answered: Moment,
    /// When the last statement was sent, answered or not.
    pub tried: Moment,
    /// A renewal found no row.
    pub taken_over: bool,
}

impl Lease {
    /// The lease of a process whose first statement was sent at `sent`, and answered.
    pub const fn begun(sent: Moment) -> Self {
        Self {
            answered: sent,
            tried: sent,
            taken_over: false,
        }
    }

    /// A renewal is sent.
    #[must_use]
    pub const fn tried(self, sent: Moment) -> Self {
        Self { tried: sent, ..self }
    }

    /// The renewal that was sent at `sent` was answered; `renewed`: it found the row.
    #[must_use]
    pub fn answered(self, sent: Moment, renewed: bool) -> Self {
        Self {
            answered: if renewed {
                self.answered.max(sent)
            } else {
                self.answered
            },
            taken_over: self.taken_over || !renewed,
            ..self
        }
    }
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Duty {
    /// Renew.
    Renew,
    /// Nothing before this moment.
    Rest(Moment),
    /// The child is killed at once: a signal that asks has no bound.
    Kill(Loss),
}

/// Why a lease is lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Loss {
    /// No renewal was answered for so long.
    Expired(Terms),
    /// The row has gone: somebody else took over.
    TakenOver,
}

/// Decides what a holder must do. A child is started only while this says no kill.
pub fn duty(terms: &Terms, lease: &Lease, now: Moment) -> Duty {
    if lease.taken_over {
        Duty::Kill(Loss::TakenOver)
    } else if now.since(lease.answered) >= terms.limit {
        Duty::Kill(Loss::Expired(*terms))
    } else if now.since(lease.tried) >= terms.interval {
        Duty::Renew
    } else {
        let next = lease.tried.after(terms.interval);
        Duty::Rest(next.min(lease.answered.after(terms.limit)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::time::TERMS;
    use super::*;
    use rstest::rstest;
    use std::time::Duration;

    fn second(second: u64) -> Moment {
        Moment(Duration::from_secs(second))
    }

    fn lease(answered: u64, tried: u64) -> Lease {
        Lease::begun(second(answered)).tried(second(tried))
    }

    #[rstest]
    #[case::fresh(lease(10, 10), 11, Duty::Rest(second(12)))]
    #[case::due(lease(10, 10), 12, Duty::Renew)]
    #[case::just_tried(lease(10, 24), 24, Duty::Rest(second(25)))]
    #[case::last_moment(lease(10, 22), 24, Duty::Renew)]
    #[case::over(lease(10, 24), 25, Duty::Kill(Loss::Expired(TERMS)))]
    #[case::long_over(lease(10, 10), 3600, Duty::Kill(Loss::Expired(TERMS)))]
    fn a_holder_renews_until_its_time_is_over(
        #[case] lease: Lease,
        #[case] now: u64,
        #[case] expected: Duty,
    ) {
        assert_eq!(duty(&TERMS, &lease, second(now)), expected);
    }

    #[test]
    fn a_row_that_has_gone_ends_it_at_once_and_for_good() {
        let lost = lease(10, 12).answered(second(12), false);
        assert_eq!(duty(&TERMS, &lost, second(12)), Duty::Kill(Loss::TakenOver));
        let late = lost.answered(second(13), true);
        assert_eq!(duty(&TERMS, &late, second(13)), Duty::Kill(Loss::TakenOver));
    }

    #[test]
    fn an_answer_counts_from_when_it_was_asked_for() {
        let renewed = lease(10, 12).answered(second(12), true);
        assert_eq!(renewed.answered, second(12));
        // One that comes late, after a later one.
        assert_eq!(renewed.answered(second(11), true).answered, second(12));
    }
}
