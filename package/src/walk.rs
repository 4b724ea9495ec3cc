//! Finds entries in the bytes of a package as these come in. Pure.

use super::index::Index;
use super::{fault_of, header};
use crate::PackageError;
use crate::check::OVERLAPS;
use bytes::{Buf as _, Bytes};

/// Something of an entry, which is named by its place in the index.
#[derive(Debug, Eq, PartialEq)]
pub enum Event {
    /// Its content starts.
    Start(usize),
    /// Some of its packed content.
    Data(usize, Bytes),
    /// Its content is over.
    End(usize),
}

/// Where in the package the walk is.
pub struct Walk<'a> {
    index: &'a Index,
    /// What is wanted, in the order of the bytes.
    wanted: Vec<u32>,
    at: usize,
    position: u64,
    state: State,
}

enum State {
    Between,
    Header(Vec<u8>),
    Content(u64),
}

impl<'a> Walk<'a> {
    /// A walk from the start of the package past the wanted entries.
    pub fn new(index: &'a Index, wanted: impl Fn(usize) -> bool) -> Self {
        let wanted = (0_u32..)
            .zip(&index.entries)
            .filter(|(at, _)| wanted(*at as usize));
        Self {
            index,
            wanted: wanted.map(|(at, _)| at).collect(),
            at: 0,
            position: 0,
            state: State::Between,
        }
    }

    /// Where the next wanted byte is; nothing when there is none left.
    pub fn needed(&self) -> Option<u64> {
        let next = *self.wanted.get(self.at)?;
        Some(match self.state {
            State::Between => self.index.entries[next as usize].header,
            _ => self.position,
        })
    }

    /// Goes on at another place: what lies between is not wanted.
    pub fn skip_to(&mut self, position: u64) {
        self.position = position;
    }

    /// The next event in these bytes, which it takes away; nothing when more bytes are needed.
    ///
    /// # Errors
    /// When an entry's header does not say what the table of contents says.
    pub fn next(&mut self, bytes: &mut Bytes) -> Result<Option<Event>, PackageError> {
        loop {
            let Some(at) = self.wanted.get(self.at).map(|&at| at as usize) else {
                self.advance(bytes, bytes.len());
                return Ok(None);
            };
            let entry = &self.index.entries[at];
            match &mut self.state {
                State::Between => {
                    let gap = usize::try_from(entry.header - self.position).unwrap_or(usize::MAX);
                    self.advance(bytes, gap.min(bytes.len()));
                    if self.position < entry.header {
                        return Ok(None);
                    }
                    self.state = State::Header(Vec::new());
                }
                State::Header(found) => {
                    let whole = header::length(found);
                    // Before it is read: a header that claims more than there is would never be whole.
                    if entry.header + whole as u64 + entry.packed > self.index.limit(at) {
                        return Err(fault_of(self.index.name(entry), OVERLAPS));
                    }
                    let missing = whole - found.len();
                    if missing == 0 {
                        self.check_header(at)?;
                        self.state = State::Content(entry.packed);
                        return Ok(Some(Event::Start(at)));
                    }
                    if bytes.is_empty() {
                        return Ok(None);
                    }
                    let some = bytes.split_to(missing.min(bytes.len()));
                    found.extend_from_slice(&some);
                    self.position += some.len() as u64;
                }
                State::Content(0) => {
                    self.at += 1;
                    self.state = State::Between;
                    return Ok(Some(Event::End(at)));
                }
                State::Content(_) if bytes.is_empty() => return Ok(None),
                State::Content(left) => {
                    let some = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= some as u64;
                    self.position += some as u64;
                    return Ok(Some(Event::Data(at, bytes.split_to(some))));
                }
            }
        }
    }

    fn check_header(&self, at: usize) -> Result<(), PackageError> {
        let State::Header(found) = &self.state else {
            return Ok(());
        };
        let entry = &self.index.entries[at];
        let checked = header::check(found, entry, self.index.raw_name(entry));
        checked.map_err(|fault| fault_of(self.index.name(entry), fault))
    }

    fn advance(&mut self, bytes: &mut Bytes, count: usize) {
        bytes.advance(count);
        self.position += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{package, read_index};
    use proptest::prelude::*;

    /// The packed content of each wanted entry, whatever pieces the bytes come in.
    fn contents(bytes: &[u8], piece: usize, wanted: impl Fn(usize) -> bool) -> Vec<(usize, Vec<u8>)> {
        let index = read_index(bytes);
        let mut walk = Walk::new(&index, wanted);
        let mut found = Vec::new();
        for some in bytes.chunks(piece) {
            let mut some = Bytes::copy_from_slice(some);
            while let Some(event) = walk.next(&mut some).expect("package") {
                match event {
                    Event::Start(at) => found.push((at, Vec::new())),
                    Event::Data(_, data) => found.last_mut().expect("started").1.extend_from_slice(&data),
                    Event::End(at) => assert_eq!(found.last().map(|(last, _)| *last), Some(at)),
                }
            }
        }
        assert_eq!(walk.needed(), None);
        found
    }

    proptest! {
        #[test]
        fn pieces_of_every_size_give_the_same(piece in 1_usize..400) {
            let bytes = package(&[("web/a", &[7; 900]), ("web/b", b""), ("model/c", b"content")]);
            let all = contents(&bytes, bytes.len(), |_| true);
            prop_assert_eq!(all.len(), 4);
            prop_assert_eq!(&contents(&bytes, piece, |_| true), &all);
            prop_assert_eq!(&contents(&bytes, piece, |at| at == 2)[..], &all[2..3]);
        }
    }
}
