//! Turns a package into a layer.

use super::{Kind, Package, Tree, accept, contents, fault_of};
use crate::build::BuildError;
use crate::image::{Layer, LayerError, LayerWriter, Owner};
use crate::progress::{Progress, Step};
use std::io::{self, Read};
use zip::read::ZipFileEntry;
use zip::{ZipReadOptions, read::ZipFile};

/// Where base images expect the app. Source: Mendix' public Dockerfiles, `HOME`.
const ROOT: &str = "opt/mendix/app";
/// Folders that the runtime writes to.
const WRITABLE: [&str; 5] = [
    "data",
    "data/database",
    "data/files",
    "data/model-upload",
    "data/tmp",
];
const FOLDER_MODE: u32 = 0o775;
const FILE_MODE: u32 = 0o664;
const PROGRAM_MODE: u32 = 0o775;

impl Package {
    /// Packs all entries in the order of the package, folders before what is in them.
    ///
    /// # Errors
    /// When an entry's content is not what the package says, or the temporary folder is full.
    pub(in crate::build) fn into_layer(mut self, progress: &dyn Progress) -> Result<Layer, BuildError> {
        let mut app = App {
            writer: LayerWriter::new()?,
            tree: Tree::default(),
        };
        app.writer.directory(ROOT, FOLDER_MODE, Owner::default())?;
        let mut done = 0;
        let total = self.bytes;
        let files = self.zip.files().map_err(contents)?;
        while let Some(entry) = files.next() {
            let entry = entry.map_err(contents)?;
            progress.advance(Step::Pack, done, Some(total));
            done += entry.size();
            let (name, kind) = accept(&entry)?;
            app.folders(&name, kind)?;
            if kind == Kind::File {
                let mode = mode(&entry);
                let content = entry.with_reader(files.reader_mut(), ZipReadOptions::default());
                app.file(
                    &name,
                    mode,
                    content.map_err(|error| fault_of(&name, damage(&error)))?,
                )?;
            }
        }
        app.writable_folders()?;
        progress.advance(Step::Pack, total, Some(total));
        Ok(app.writer.finish()?)
    }
}

struct App {
    writer: LayerWriter,
    tree: Tree,
}

impl App {
    fn folders(&mut self, name: &str, kind: Kind) -> Result<(), BuildError> {
        let folders = self.tree.add(name, kind).map_err(|fault| fault_of(name, fault))?;
        for folder in folders {
            self.writer
                .directory(&format!("{ROOT}/{folder}"), FOLDER_MODE, Owner::default())?;
        }
        Ok(())
    }

    fn file(&mut self, name: &str, mode: u32, content: ZipFile<'_, impl Read>) -> Result<(), BuildError> {
        let size = content.size();
        let written = self
            .writer
            .file(&format!("{ROOT}/{name}"), mode, Owner::default(), size, content);
        written.map_err(|error| match error {
            LayerError::Read { ref source, .. } => fault_of(name, damage(source)).into(),
            LayerError::Write(_) => error.into(),
        })
    }

    /// Those that the package does not bring. A package with a file in their place keeps it: the runtime will say so.
    fn writable_folders(&mut self) -> Result<(), BuildError> {
        for folder in WRITABLE {
            for folder in self.tree.add(folder, Kind::Directory).unwrap_or_default() {
                self.writer
                    .directory(&format!("{ROOT}/{folder}"), FOLDER_MODE, Owner::default())?;
            }
        }
        Ok(())
    }
}

/// Group and user have the same rights, since platforms may give each namespace a user of its own.
fn mode(entry: &ZipFileEntry<'_>) -> u32 {
    let executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
    if executable { PROGRAM_MODE } else { FILE_MODE }
}

fn damage(error: &(impl std::error::Error + 'static)) -> String {
    let error: &(dyn std::error::Error + 'static) = error;
    match error.downcast_ref::<io::Error>() {
        Some(error) if error.to_string().contains("checksum") => {
            "is damaged (its checksum is wrong)".to_owned()
        }
        _ => format!("is damaged ({error})"),
    }
}
