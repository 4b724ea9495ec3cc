use super::record::Rows;
use super::time::{Moment, Terms};
use std::collections::BTreeMap;

/// What a taker has seen of the others' marks: by instance, the mark and since when it stands still.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Watch(pub(super) BTreeMap<String, (String, Moment)>);

impl Watch {
    /// Takes note of what was read. `answered` is the moment at which the answer was there, and not that at which it was
    /// asked for: a renewal may have come in between, and its holder counts from that one.
    pub fn see(&mut self, rows: &Rows, answered: Moment) {
        let before = std::mem::take(&mut self.0);
        self.0 = rows
            .processes
            .iter()
            .map(|row| {
                let since = before.get(&row.instance).filter(|(mark, _)| *mark == row.mark);
                let since = since.map_or(answered, |(_, since)| *since);
                (row.instance.clone(), (row.mark.clone(), since))
            })
            .collect();
    }

    /// When the process of this row has ended for certain, if it does not renew.
    pub(super) fn ended_at(&self, terms: &Terms, instance: &str) -> Option<Moment> {
        let (_, since) = self.0.get(instance)?;
        Some(since.after(terms.still()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::take::tests::{leader, rows};
    use super::super::time::TERMS;
    use super::*;
    use std::time::Duration;

    fn second(second: u64) -> Moment {
        Moment(Duration::from_secs(second))
    }

    #[test]
    fn a_mark_counts_from_the_first_answer_that_showed_it() {
        let mut watch = Watch::default();
        let mut rows = rows(vec![leader("one", "a")]);
        watch.see(&rows, second(5));
        watch.see(&rows, second(9));
        assert_eq!(watch.ended_at(&TERMS, "one"), Some(second(25)));
        rows.processes[0].mark = "next".to_owned();
        watch.see(&rows, second(12));
        assert_eq!(watch.ended_at(&TERMS, "one"), Some(second(32)));
    }

    #[test]
    fn a_row_that_went_away_and_came_back_counts_anew() {
        let mut watch = Watch::default();
        let rows = rows(vec![leader("one", "a")]);
        watch.see(&rows, second(5));
        watch.see(&Rows::default(), second(6));
        watch.see(&rows, second(7));
        assert_eq!(watch.ended_at(&TERMS, "one"), Some(second(27)));
    }
}
