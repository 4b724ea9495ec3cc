//! Files and the documents in them.

use super::{Place, Problem};
use crate::deploy::document::read;
use crate::failure::Failure;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Endings of files with manifests.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// One object as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Where.
    pub place: Place,
    /// The whole of it.
    pub value: Value,
}

impl Document {
    /// A text in it; empty when there is none.
    pub fn text(&self, pointer: &str) -> &str {
        let text = self.value.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default()
    }

    /// Group, without the version.
    pub fn group(&self) -> &str {
        let version = self.text("/apiVersion");
        version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// The files that are meant: those named, and those with manifests in the folders named, in order.
///
/// # Errors
/// A folder cannot be listed.
pub fn files(named: &[PathBuf], recursive: bool) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            files.extend(inside(path, recursive)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Folders that a link leads to are not entered: one may lead back.
fn inside(folder: &Path, recursive: bool) -> Result<BTreeSet<PathBuf>, Failure> {
    let failed = |error| Failure::new(format!("failed to list {}: {error}", folder.display()));
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            if recursive {
                files.extend(inside(&path, recursive)?);
            }
        } else if is_manifest(&path) {
            files.insert(path);
        }
    }
    Ok(files)
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|it| it.to_str());
    ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

/// All documents of all files, and what cannot be read.
pub fn documents(files: &[PathBuf]) -> (Vec<Document>, Vec<Problem>) {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        match read(file) {
            Ok(text) => match parse(&text, file) {
                Ok(found) => documents.extend(found),
                Err(problem) => problems.push(problem),
            },
            Err(failure) => problems.push(Problem {
                place: file.display().to_string(),
                what: failure.message,
            }),
        }
    }
    (documents, problems)
}

/// Items of lists are documents of their own, as kubectl takes them.
fn parse(text: &str, file: &Path) -> Result<Vec<Document>, Problem> {
    // Without the excerpt that the library would add: lines of the file may hold passwords.
    let options = serde_saphyr::options! { with_snippet: false };
    let parsed: Result<Vec<Spanned<Value>>, _> = serde_saphyr::from_multiple_with_options(text, options);
    let parsed = parsed.map_err(|error| Problem {
        place: file.display().to_string(),
        what: format!("is no YAML: {error}"),
    })?;
    let documents = parsed.into_iter().enumerate().flat_map(|(index, parsed)| {
        let place = Place {
            file: file.display().to_string(),
            line: parsed.defined.line().max(1),
            document: index + 1,
        };
        items(parsed.value).into_iter().map(move |value| Document {
            place: place.clone(),
            value,
        })
    });
    Ok(documents.filter(|it| !it.value.is_null()).collect())
}

/// What a list holds, and of anything else itself.
fn items(mut value: Value) -> Vec<Value> {
    let kind = value.get("kind").and_then(Value::as_str);
    if !kind.is_some_and(|kind| kind.ends_with("List")) {
        return vec![value];
    }
    match value.get_mut("items").map(Value::take) {
        Some(Value::Array(list)) => list.into_iter().flat_map(items).collect(),
        _ => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<(u64, usize, String)> {
        let documents = parse(text, Path::new("a.yaml")).expect("documents");
        let place = |it: &Document| (it.place.line, it.place.document, it.text("/kind").to_owned());
        documents.iter().map(place).collect()
    }

    #[test]
    fn documents_know_their_place() {
        let text = "# of two\nkind: A\n---\n# the second\nkind: B\n";
        assert_eq!(places(text), [(2, 1, "A".to_owned()), (5, 2, "B".to_owned())]);
    }

    #[test]
    fn items_of_lists_are_documents() {
        let text = "{\"kind\": \"List\", \"items\": [{\"kind\": \"A\"}, {\"kind\": \"BList\", \"items\": [{\"kind\": \"B\"}]}]}";
        let kinds: Vec<_> = places(text).into_iter().map(|(_, _, kind)| kind).collect();
        assert_eq!(kinds, ["A", "B"]);
    }

    #[test]
    fn what_is_no_yaml_is_told_without_its_lines() {
        let problem = parse("a: [hunter2\nb: }", Path::new("a.yaml")).expect_err("no yaml");
        let text = problem.to_string();
        assert!(
            text.starts_with("a.yaml: is no YAML: ") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[test]
    fn folders_are_entered_when_asked() {
        let folder = tempfile::tempdir().expect("folder");
        fs::create_dir(folder.path().join("sub")).expect("folder");
        for name in ["b.yaml", "a.json", "notes.txt", "sub/c.yml"] {
            fs::write(folder.path().join(name), "").expect("file");
        }
        let names = |recursive| {
            let found = files(&[folder.path().to_path_buf()], recursive).expect("files");
            let name = |path: &PathBuf| path.file_name().map(|it| it.to_string_lossy().into_owned());
            found.iter().filter_map(name).collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["a.json", "b.yaml"]);
        assert_eq!(names(true), ["a.json", "b.yaml", "c.yml"]);
    }
}
