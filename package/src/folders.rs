//! The folders of a package, those included that no entry names. Pure.

use super::index::Index;
use super::kind::Kind;
use std::collections::BTreeSet;

/// Folders that the runtime writes to.
const WRITABLE: [&str; 5] = [
    "data",
    "data/database",
    "data/files",
    "data/model-upload",
    "data/tmp",
];

/// The folders of a layer, outer ones first.
pub(crate) fn of(index: &Index, layer: Kind) -> BTreeSet<&str> {
    let mut folders = BTreeSet::new();
    let add = |folder| {
        folders.insert(folder);
    };
    each(index, |kind| kind == layer, add);
    if layer == Kind::Model {
        // A package with a file in their place keeps it: the runtime will say so.
        folders.extend(WRITABLE.iter().take_while(|folder| !is_file(index, folder)));
    }
    folders
}

/// How many folders there are.
pub(super) fn count(index: &Index) -> usize {
    let mut count = 0;
    each(index, |_| true, |_| count += 1);
    count
}

/// Names with one beginning stand together in the order of names: a folder is new unless the name before is in it.
fn each<'a>(index: &'a Index, wanted: impl Fn(Kind) -> bool, mut found: impl FnMut(&'a str)) {
    let mut previous = "";
    for entry in index.sorted().filter(|entry| wanted(entry.layer)) {
        let name = index.name(entry);
        for (end, _) in name.match_indices('/') {
            if !previous.starts_with(&name[..=end]) {
                found(&name[..end]);
            }
        }
        previous = name;
    }
}

fn is_file(index: &Index, path: &str) -> bool {
    let found = index.first_not(|name| name < path);
    found.is_some_and(|entry| index.name(entry) == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::index;

    fn folders(names: &[&str]) -> Vec<String> {
        let entries: Vec<_> = names.iter().map(|name| (*name, 1, 1)).collect();
        of(&index(&entries), Kind::Web)
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_folder_comes_once_and_before_what_is_in_it() {
        let found = folders(&[
            "web/b/c.txt",
            "web/b-c/d",
            "web/",
            "web/b/",
            "web/b/e/f",
            "web/b.x",
        ]);
        assert_eq!(found, ["web", "web/b", "web/b-c", "web/b/e"]);
    }

    #[test]
    fn the_model_has_the_folders_that_the_runtime_writes_to() {
        let all = of(&index(&[("model/x", 1, 1)]), Kind::Model).len();
        assert_eq!(all, WRITABLE.len() + 1);
        let some = index(&[("data/files", 1, 1)]);
        assert_eq!(
            of(&some, Kind::Model).into_iter().collect::<Vec<_>>(),
            ["data", "data/database"]
        );
    }
}
