//! The files and folders of a package, so that each is written once and folders come first. Pure.

use std::collections::HashMap;

/// What an entry is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A folder with an entry of its own.
    Directory,
    /// A file.
    File,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Node {
    File,
    /// A folder that an entry is in, with no entry of its own so far.
    Implied,
    Directory,
}

/// What was added so far.
#[derive(Default)]
pub(super) struct Tree {
    nodes: HashMap<String, Node>,
}

impl Tree {
    /// Adds an entry; answers the folders that are new by it, outermost first, itself included.
    ///
    /// # Errors
    /// When there is such an entry already, or a file where a folder would have to be.
    pub(super) fn add(&mut self, name: &str, kind: Kind) -> Result<Vec<String>, &'static str> {
        let path = name.trim_end_matches('/');
        let mut folders = self.add_parents(path)?;
        let (node, before) = match kind {
            Kind::Directory => (
                Node::Directory,
                self.nodes.insert(path.to_owned(), Node::Directory),
            ),
            Kind::File => (Node::File, self.nodes.insert(path.to_owned(), Node::File)),
        };
        match (node, before) {
            (Node::Directory, None) => folders.push(path.to_owned()),
            (Node::Directory, Some(Node::Implied)) | (Node::File, None) => {}
            (_, Some(same)) if same == node => return Err("is there twice"),
            _ => return Err("is both a file and a folder"),
        }
        Ok(folders)
    }

    fn add_parents(&mut self, path: &str) -> Result<Vec<String>, &'static str> {
        let mut added = Vec::new();
        for (end, _) in path.match_indices('/') {
            let parent = &path[..end];
            match self.nodes.get(parent) {
                Some(Node::File) => return Err("is in a folder that is also a file"),
                Some(_) => {}
                None => {
                    self.nodes.insert(parent.to_owned(), Node::Implied);
                    added.push(parent.to_owned());
                }
            }
        }
        Ok(added)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_all(names: &[&str]) -> Result<Vec<String>, &'static str> {
        let mut tree = Tree::default();
        let mut folders = Vec::new();
        for name in names {
            let kind = if name.ends_with('/') {
                Kind::Directory
            } else {
                Kind::File
            };
            folders.extend(tree.add(name, kind)?);
        }
        Ok(folders)
    }

    #[test]
    fn every_folder_comes_once_and_before_what_is_in_it() {
        let folders = add_all(&["a/b/c.txt", "a/", "a/b/", "d/", "d/e", "f"]);
        assert_eq!(folders, Ok(["a", "a/b", "d"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn doubles_are_refused() {
        assert_eq!(add_all(&["a", "a"]), Err("is there twice"));
        assert_eq!(add_all(&["a/", "a/"]), Err("is there twice"));
        assert_eq!(add_all(&["a", "a/"]), Err("is both a file and a folder"));
        assert_eq!(add_all(&["a/b", "a"]), Err("is both a file and a folder"));
        assert_eq!(add_all(&["a", "a/b"]), Err("is in a folder that is also a file"));
    }
}
