//! One layer of a package: folders and files as a tar archive in gzip members. Pure: bytes in, bytes out.

use crate::tar_header::{END, padding};
use crate::{
    Content, Entry, Index, Kind, Members, Method, Output, PackageError, TarHeaders, fault_of, folders, hex,
};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// Where base images expect the app. Source: Mendix' public Dockerfiles, `HOME`.
const ROOT: &str = "opt/mendix/app";
const FOLDER_MODE: u32 = 0o775;
const FILE_MODE: u32 = 0o664;
const PROGRAM_MODE: u32 = 0o775;
/// Files up to this size are joined with their neighbours: each member costs a reader its start, and small ones win
/// nothing by being copied.
const SMALL: u64 = 16 << 10;

/// What a manifest and a configuration say about a layer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LayerIdentity {
    /// Digest of the compressed bytes: `sha256:…`.
    pub digest: String,
    /// Digest of the tar inside: `sha256:…`.
    pub diff_id: String,
    /// Compressed bytes.
    pub size: u64,
}

/// How much is done with the content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
    /// Digest alone: only what is joined is unpacked.
    Digest,
    /// All: content is unpacked and checked, and the layer's bytes are made.
    Full,
}

/// A layer in the making.
pub struct LayerPack {
    depth: Depth,
    headers: TarHeaders,
    members: Members,
    content: Content,
    diff_id: Sha256,
    way: Way,
}

/// How the content of the current file goes into the layer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Join,
    Copy,
    Store,
}

impl LayerPack {
    /// Starts a layer with its folders.
    pub fn new(index: &Index, kind: Kind, depth: Depth) -> Result<Self, PackageError> {
        let output = match depth {
            Depth::Digest => Output::DigestOnly,
            Depth::Full => Output::Bytes,
        };
        let mut pack = Self {
            depth,
            headers: TarHeaders::default(),
            members: Members::new(output),
            content: Content::default(),
            diff_id: Sha256::new(),
            way: Way::Join,
        };
        pack.folder(ROOT)?;
        for folder in folders::of(index, kind) {
            pack.folder(&format!("{ROOT}/{folder}"))?;
        }
        Ok(pack)
    }

    fn folder(&mut self, path: &str) -> Result<(), PackageError> {
        let header = self
            .headers
            .folder(path, FOLDER_MODE)
            .map_err(|error| impossible(path, &error))?;
        self.join(&header);
        Ok(())
    }

    /// Starts a file.
    pub fn start(&mut self, name: &str, entry: &Entry) -> Result<(), PackageError> {
        // Group and user have the same rights, since platforms may give each namespace a user of its own.
        let mode = if entry.program { PROGRAM_MODE } else { FILE_MODE };
        let header = self.headers.file(&format!("{ROOT}/{name}"), mode, entry.size);
        self.join(&header.map_err(|error| impossible(name, &error))?);
        self.content.start();
        self.way = way(entry);
        match self.way {
            Way::Join => {}
            Way::Copy => self.members.start_copy(),
            Way::Store => self.members.start_stored(entry.size),
        }
        Ok(())
    }

    /// Adds packed content of the file.
    pub fn data(&mut self, name: &str, entry: &Entry, packed: Bytes) -> Result<(), PackageError> {
        if self.is_unpacked() {
            let (diff_id, members) = (&mut self.diff_id, &mut self.members);
            let join = self.way == Way::Join;
            let taken = self.content.take(entry, &packed, |plain| {
                diff_id.update(plain);
                if join {
                    members.join(plain);
                }
            });
            taken.map_err(|fault| fault_of(name, fault))?;
        }
        match self.way {
            Way::Join => {}
            Way::Copy => self.members.copy(packed),
            Way::Store => self.members.store(packed),
        }
        Ok(())
    }

    /// Ends the file.
    pub fn end(&mut self, name: &str, entry: &Entry) -> Result<(), PackageError> {
        if self.is_unpacked() {
            self.content.end(entry).map_err(|fault| fault_of(name, fault))?;
        }
        if self.way != Way::Join {
            self.members.end_copy(entry.crc, entry.size);
        }
        self.join(padding(entry.size));
        Ok(())
    }

    /// Bytes of the layer that are ready.
    pub fn take_ready(&mut self) -> Vec<Bytes> {
        self.members.take_ready()
    }

    /// Ends the layer. Its sum of unpacked bytes means something only if all were unpacked.
    pub fn finish(&mut self) -> LayerIdentity {
        self.join(END);
        let (digest, size) = self.members.end();
        LayerIdentity {
            digest: format!("sha256:{digest}"),
            diff_id: format!("sha256:{}", hex(&std::mem::take(&mut self.diff_id).finalize())),
            size,
        }
    }

    fn is_unpacked(&self) -> bool {
        self.way == Way::Join || self.depth == Depth::Full
    }

    fn join(&mut self, plain: &[u8]) {
        self.diff_id.update(plain);
        self.members.join(plain);
    }
}

fn impossible(name: &str, error: &std::io::Error) -> PackageError {
    fault_of(name, format!("cannot stand in a layer ({error})"))
}

fn way(entry: &Entry) -> Way {
    match entry.method {
        _ if entry.size <= SMALL => Way::Join,
        Method::Deflated => Way::Copy,
        Method::Stored => Way::Store,
    }
}
