//! `cargo xtask generate [--check]`: files of the repository that are made from code.
//!
//! A check compares contents, not what version control thinks: a file that is missing or left over counts as well.

use crate::cargo::workspace;
use anyhow::{Context, Result, bail};
use mendix_model::crd::fields::TABLES;
use similar::TextDiff;
use std::{
    collections::BTreeMap,
    fmt, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// The command that mends what a check finds.
const REMEDY: &str = "cargo xtask generate";

/// Text by path, relative to the root of the workspace.
type Files = BTreeMap<PathBuf, String>;

/// Something that makes files.
struct Generator {
    /// What it makes, for people.
    name: &'static str,
    /// The only folder that it writes to, relative to the root of the workspace.
    folder: &'static str,
    /// Whether the folder is all its own, so that any other file in there is left over.
    owns_folder: bool,
    /// Makes the files, by their names in the folder.
    make: fn() -> Result<BTreeMap<String, String>>,
}

/// Every generator there is. A new one is a line here.
const GENERATORS: &[Generator] = &[
    Generator {
        name: "custom resource definitions",
        folder: "charts/mendix/files/crds",
        owns_folder: true,
        make: custom_resource_definitions,
    },
    Generator {
        name: "warnings of fields without effect",
        folder: "charts/mendix/files/unused-fields",
        owns_folder: true,
        make: unused_fields,
    },
    Generator {
        name: "list of the invariants",
        folder: "docs",
        owns_folder: false,
        make: invariants,
    },
    Generator {
        name: "list of the rules",
        folder: "docs",
        owns_folder: false,
        make: rules,
    },
    Generator {
        name: "table of the fields",
        folder: "docs",
        owns_folder: false,
        make: fields,
    },
];

/// Writes the files, or checks them.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail, and show the difference, when a file is not as it would be made.
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut changes = Vec::new();
    for generator in GENERATORS {
        let expected =
            expected(generator).with_context(|| format!("failed to make the {}", generator.name))?;
        let mut found = read(workspace(), generator.folder)?;
        found.retain(|path, _| generator.owns_folder || expected.contains_key(path));
        changes.extend(compare(&expected, &found));
    }
    if arguments.check {
        return refuse(&changes);
    }
    for change in &changes {
        write(workspace(), change)?;
        crate::report(&format!("changed {}", change.path.display()));
    }
    Ok(())
}

/// What one file needs.
#[derive(Debug, Eq, PartialEq)]
struct Change {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug, Eq, PartialEq)]
enum Kind {
    /// The file is not there.
    Missing { expected: String },
    /// The file holds something else.
    Different { expected: String, found: String },
    /// Nothing makes this file.
    LeftOver,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            Kind::Missing { .. } => writeln!(formatter, "{path}: is missing"),
            Kind::LeftOver => writeln!(formatter, "{path}: is left over, nothing makes it"),
            Kind::Different { expected, found } => {
                let difference = TextDiff::from_lines(found, expected);
                let names = (format!("{path} (found)"), format!("{path} (generated)"));
                write!(
                    formatter,
                    "{}",
                    difference.unified_diff().header(&names.0, &names.1)
                )
            }
        }
    }
}

fn expected(generator: &Generator) -> Result<Files> {
    let folder = Path::new(generator.folder);
    Ok((generator.make)()?
        .into_iter()
        .map(|(name, text)| (folder.join(name), text))
        .collect())
}

/// What has to change, in the order of the paths.
fn compare(expected: &Files, found: &Files) -> Vec<Change> {
    let wanted = expected.iter().filter_map(|(path, expected)| {
        let kind = match found.get(path) {
            Some(found) if found == expected => return None,
            Some(found) => Kind::Different {
                expected: expected.clone(),
                found: found.clone(),
            },
            None => Kind::Missing {
                expected: expected.clone(),
            },
        };
        Some(Change {
            path: path.clone(),
            kind,
        })
    });
    let left_over = found.keys().filter(|path| !expected.contains_key(*path));
    let left_over = left_over.map(|path| Change {
        path: path.clone(),
        kind: Kind::LeftOver,
    });
    let mut changes: Vec<_> = wanted.chain(left_over).collect();
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes
}

fn refuse(changes: &[Change]) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let shown: String = changes.iter().map(ToString::to_string).collect();
    bail!("generated files differ from what the code makes; run `{REMEDY}` and commit the result:\n{shown}")
}

/// The files of a folder; none when there is no such folder.
fn read(root: &Path, folder: &str) -> Result<Files> {
    let failure = || format!("failed to read {folder}");
    let entries = match fs::read_dir(root.join(folder)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Files::new()),
        entries => entries.with_context(failure)?,
    };
    entries
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_file()))
        .map(|entry| {
            let entry = entry.with_context(failure)?;
            let text = fs::read_to_string(entry.path())
                .with_context(|| format!("failed to read {}", entry.path().display()))?;
            Ok((Path::new(folder).join(entry.file_name()), text))
        })
        .collect()
}

fn write(root: &Path, change: &Change) -> Result<()> {
    let path = root.join(&change.path);
    match &change.kind {
        Kind::LeftOver => fs::remove_file(&path),
        Kind::Missing { expected } | Kind::Different { expected, .. } => path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, expected)),
    }
    .with_context(|| format!("failed to write {}", path.display()))
}

#[expect(clippy::unnecessary_wraps, reason = "generators may fail")]
fn invariants() -> Result<BTreeMap<String, String>> {
    Ok(BTreeMap::from([(
        "invariants.md".to_owned(),
        mendix_model::invariants::document(),
    )]))
}

#[expect(clippy::unnecessary_wraps, reason = "generators may fail")]
fn rules() -> Result<BTreeMap<String, String>> {
    Ok(BTreeMap::from([(
        "rules.md".to_owned(),
        mendix_model::explanation::document(),
    )]))
}

#[expect(clippy::unnecessary_wraps, reason = "generators may fail")]
fn fields() -> Result<BTreeMap<String, String>> {
    Ok(BTreeMap::from([(
        "fields.md".to_owned(),
        mendix_model::crd::fields::document(),
    )]))
}

/// The validations of one policy a kind, by the name of its resource; the policy around them is the chart's.
fn unused_fields() -> Result<BTreeMap<String, String>> {
    let made = TABLES.iter().map(|table| {
        let yaml = serde_saphyr::to_string(&table.unused())
            .with_context(|| format!("failed to write the fields of {} as YAML", table.kind))?;
        Ok((format!("{}s.yaml", table.kind.to_lowercase()), from_model(&yaml)))
    });
    made.collect()
}

fn from_model(yaml: &str) -> String {
    format!("# Made by `{REMEDY}` from the crate mendix-model. Edit that.\n{yaml}")
}

/// One file a definition. Annotations and labels for Helm are added by the chart, which alone knows its values.
fn custom_resource_definitions() -> Result<BTreeMap<String, String>> {
    mendix_model::crd::all()
        .iter()
        .map(|definition| {
            let name = &definition.spec.names.plural;
            let yaml = serde_saphyr::to_string(definition)
                .with_context(|| format!("failed to write definition {name} as YAML"))?;
            Ok((format!("{name}.yaml"), from_model(&yaml)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries
            .iter()
            .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn equal_files_need_no_change() {
        let both = files(&[("a", "1\n")]);
        assert_eq!(compare(&both, &both), []);
    }

    #[test]
    fn missing_different_and_left_over_files_are_found() {
        let changes = compare(
            &files(&[("a", "1\n"), ("b", "2\n")]),
            &files(&[("b", "3\n"), ("c", "4\n")]),
        );
        let shown: Vec<_> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(shown[0], "a: is missing\n");
        assert!(shown[1].contains("-3\n+2\n"), "{}", shown[1]);
        assert_eq!(shown[2], "c: is left over, nothing makes it\n");
    }

    #[test]
    fn a_refusal_names_the_command_that_mends() {
        assert!(refuse(&[]).is_ok());
        let error = refuse(&compare(&files(&[("a", "1\n")]), &Files::new()))
            .unwrap_err()
            .to_string();
        assert!(error.contains("run `cargo xtask generate`"), "{error}");
        assert!(error.contains("a: is missing"), "{error}");
    }

    #[test]
    fn writing_the_changes_leaves_none() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("made")).unwrap();
        fs::write(root.path().join("made/old"), "x").unwrap();
        let expected = files(&[("made/new", "1\n")]);
        for change in compare(&expected, &read(root.path(), "made").unwrap()) {
            write(root.path(), &change).unwrap();
        }
        assert_eq!(read(root.path(), "made").unwrap(), expected);
    }

    #[test]
    fn a_folder_that_is_not_there_holds_no_files() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(read(root.path(), "made").unwrap(), Files::new());
    }

    #[test]
    fn definitions_come_back_from_their_files_as_they_went_in() {
        let made = custom_resource_definitions().unwrap();
        for definition in mendix_model::crd::all() {
            let text = &made[&format!("{}.yaml", definition.spec.names.plural)];
            let read: serde_json::Value = serde_saphyr::from_str(text).unwrap();
            assert_eq!(read, serde_json::to_value(&definition).unwrap());
        }
    }
}
