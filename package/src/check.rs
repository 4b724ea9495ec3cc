//! What no single entry shows: doubles, overlaps, bombs. Pure.

use super::entry::Entry;
use super::index::Index;
use super::{fault_of, folders};
use crate::{Limits, PackageError};

pub(crate) const OVERLAPS: &str = "overlaps with what comes after it in the package";
/// Shortest header that an entry has before its content.
const HEADER: u64 = 30;

pub(super) fn check(index: Index, limits: &Limits) -> Result<Index, PackageError> {
    check_names(&index)?;
    check_places(&index)?;
    check_sizes(&index, limits)?;
    let total = index.entries.len() + folders::count(&index);
    if total as u64 > limits.entries {
        return Err(PackageError::Entries {
            limit: limits.entries,
        });
    }
    Ok(index)
}

/// No name twice, and no file where a folder has to be.
fn check_names(index: &Index) -> Result<(), PackageError> {
    let mut previous = "";
    for entry in index.sorted() {
        let name = index.name(entry);
        if name == previous {
            return Err(fault_of(name, "is there twice"));
        }
        previous = name;
        if let Some(inside) = within(index, entry) {
            let fault = if inside.len() == name.len() + 1 {
                "is both a file and a folder"
            } else {
                "is in a folder that is also a file"
            };
            return Err(fault_of(inside, fault));
        }
    }
    Ok(())
}

/// An entry that lies in this one, although this is a file.
fn within<'a>(index: &'a Index, entry: &Entry) -> Option<&'a str> {
    if entry.folder {
        return None;
    }
    let folder = || index.name(entry).bytes().chain([b'/']);
    let first = index.first_not(|name| name.bytes().lt(folder()))?;
    let name = index.name(first);
    name.bytes()
        .zip(folder())
        .all(|(found, wanted)| found == wanted)
        .then_some(name)
        .filter(|name| name.len() > index.name(entry).len())
}

/// Each entry ends before the next one starts.
fn check_places(index: &Index) -> Result<(), PackageError> {
    for (at, entry) in index.entries.iter().enumerate() {
        let shortest = HEADER + index.raw_name(entry).len() as u64;
        let end = entry
            .header
            .checked_add(shortest)
            .and_then(|end| end.checked_add(entry.packed));
        if end.is_none_or(|end| end > index.limit(at)) {
            return Err(fault_of(index.name(entry), OVERLAPS));
        }
    }
    Ok(())
}

fn check_sizes(index: &Index, limits: &Limits) -> Result<(), PackageError> {
    let (mut packed, mut unpacked) = (0_u64, 0_u64);
    for entry in &index.entries {
        packed = packed.saturating_add(entry.packed);
        unpacked = unpacked.saturating_add(entry.size);
        if limits.is_bomb(entry.packed, entry.size) {
            let fault = format!("unpacks to more than {} times its size", limits.ratio);
            return Err(fault_of(index.name(entry), fault));
        }
    }
    if unpacked > limits.unpacked || limits.is_bomb(packed, unpacked) {
        return Err(PackageError::Bomb {
            unpacked,
            limit: limits.unpacked,
            ratio: limits.ratio,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::index;
    use rstest::rstest;

    fn refused(entries: &[(&str, u64, u64)]) -> String {
        check(index(entries), &Limits::default())
            .expect_err("refused")
            .to_string()
    }

    fn names(names: &[&str]) -> Vec<(String, u64, u64)> {
        names.iter().map(|name| ((*name).to_owned(), 1, 1)).collect()
    }

    #[rstest]
    #[case(&["a", "a"], "entry \"a\" is there twice")]
    #[case(&["a/", "a/"], "entry \"a/\" is there twice")]
    #[case(&["a", "a/"], "entry \"a/\" is both a file and a folder")]
    #[case(&["a/b", "a"], "entry \"a/b\" is in a folder that is also a file")]
    #[case(&["a/b/c", "a-b", "a"], "entry \"a/b/c\" is in a folder that is also a file")]
    fn doubles_are_refused(#[case] found: &[&str], #[case] part: &str) {
        let found = names(found);
        let found: Vec<_> = found
            .iter()
            .map(|(name, packed, size)| (name.as_str(), *packed, *size))
            .collect();
        let text = refused(&found);
        assert!(text.contains(part), "{text}");
    }

    #[test]
    fn names_that_only_look_alike_are_accepted() {
        let good = [
            ("a", 1, 1),
            ("a-b", 1, 1),
            ("a.b/c", 1, 1),
            ("ab/", 0, 0),
            ("ab/c", 1, 1),
        ];
        assert!(check(index(&good), &Limits::default()).is_ok());
    }

    #[test]
    fn overlaps_are_refused() {
        let mut found = index(&[("a", 10, 10), ("b", 10, 10)]);
        found.entries[0].packed += 1;
        let text = check(found, &Limits::default()).expect_err("refused").to_string();
        assert!(text.contains("entry \"a\" overlaps"), "{text}");
        let mut found = index(&[("a", 10, 10)]);
        found.entries[0].packed = u64::MAX;
        assert!(check(found, &Limits::default()).is_err());
    }

    #[test]
    fn bombs_are_refused() {
        let text = refused(&[("a", 1 << 10, 1 << 30)]);
        assert!(
            text.contains("entry \"a\" unpacks to more than 250 times its size"),
            "{text}"
        );
        let parts: Vec<(String, u64, u64)> = (0..40).map(|at| (at.to_string(), 10, 10 << 20)).collect();
        let parts: Vec<_> = parts
            .iter()
            .map(|(name, packed, size)| (name.as_str(), *packed, *size))
            .collect();
        let text = refused(&parts);
        assert!(text.contains("unpacks to 419430400 bytes"), "{text}");
        let few = Limits {
            entries: 2,
            ..Limits::default()
        };
        let text = check(index(&[("a/b/c", 1, 1)]), &few)
            .expect_err("refused")
            .to_string();
        assert!(text.contains("more than 2 files and folders"), "{text}");
    }
}
