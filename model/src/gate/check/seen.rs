//! The moments that were met.
//!
//! What is still to come, faults and wishes, is kept beside the fingerprint, a bit for each combination. A moment with
//! more to come stands for those with less: whatever can happen in these can happen in it, event by event.

use super::setup::Setup;
use super::state::{Faults, State};
use crate::exploration::{AsItIs, Fingerprint};
use std::collections::HashMap;

/// How much of each kind is to come.
type ToCome = [u8; 5];

pub(super) struct Seen {
    /// The most of each kind.
    most: ToCome,
    /// For each combination, a bit for each that stands for it.
    stands: Vec<u64>,
    met: HashMap<Fingerprint, u64, AsItIs>,
}

impl Seen {
    pub(super) fn new(setup: &Setup) -> Self {
        let all = setup.faults;
        let wishes = u8::try_from(setup.wishes_count()).unwrap_or(u8::MAX);
        let most = [
            all.forced,
            all.collected,
            all.claim_lost,
            all.stale_list,
            wishes - 1,
        ];
        let combinations = combinations(most);
        assert!(
            combinations.len() <= 64,
            "each combination of what is to come has a bit"
        );
        let stands = combinations.iter().enumerate().map(|(own, less)| {
            if !setup.reductions.spend {
                return 1 << own;
            }
            let more = combinations.iter().enumerate();
            let more = more.filter(|(_, more)| more.iter().zip(less).all(|(more, less)| more >= less));
            more.fold(0, |bits, (number, _)| bits | 1 << number)
        });
        Self {
            most,
            stands: stands.collect(),
            met: HashMap::default(),
        }
    }

    /// Enters a moment, unless one that stands for it was met.
    pub(super) fn is_new(&mut self, state: &State) -> bool {
        let number = self.number(state);
        let met = self.met.entry(fingerprint(state)).or_default();
        let new = *met & self.stands[number] == 0;
        if new {
            *met |= 1 << number;
        }
        new
    }

    /// The place of a moment's combination in [`combinations`].
    fn number(&self, state: &State) -> usize {
        let left = state.left;
        let wishes = self.most[4] - state.wish;
        let to_come = [
            left.forced,
            left.collected,
            left.claim_lost,
            left.stale_list,
            wishes,
        ];
        let digits = to_come.iter().zip(self.most);
        digits.fold(0, |number, (digit, most)| {
            number * (usize::from(most) + 1) + usize::from(*digit)
        })
    }
}

/// Every combination, in the order of a number with one digit for each kind.
fn combinations(most: ToCome) -> Vec<ToCome> {
    let mut all = vec![ToCome::default()];
    for (kind, most) in most.into_iter().enumerate() {
        let longer = all.iter().flat_map(|one| {
            (0..=most).map(move |digit| {
                let mut one = *one;
                one[kind] = digit;
                one
            })
        });
        all = longer.collect();
    }
    all
}

/// Of everything but what is to come.
fn fingerprint(state: &State) -> Fingerprint {
    crate::exploration::fingerprint(&State {
        left: Faults::default(),
        wish: 0,
        ..*state
    })
}
