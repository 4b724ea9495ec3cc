//! One layer of a package: folders and files as a tar archive in gzip members. Pure: bytes in, bytes out.

use crate::tar_header::{END, padding};
use crate::{
    Compression, Content, Entry, Index, Kind, Members, Method, Output, PackageError, Recompressed,
    TarHeaders, fault_of, folders, hex,
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
    /// How they are compressed.
    pub compression: Compression,
    /// What tells the content, however it is compressed: the digest that the layer would have with copied content, which
    /// is known before anything is unpacked.
    pub content: String,
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
    compression: Compression,
    headers: TarHeaders,
    members: Members,
    /// What is sent instead of the members, where content is not copied.
    recompressed: Option<Recompressed>,
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
    pub fn new(
        index: &Index,
        kind: Kind,
        depth: Depth,
        compression: Compression,
    ) -> Result<Self, PackageError> {
        let recompressed = match depth {
            Depth::Digest => None,
            Depth::Full => Recompressed::new(compression).map_err(|error| impossible(ROOT, &error))?,
        };
        let output = match (depth, &recompressed) {
            (Depth::Full, None) => Output::Bytes,
            _ => Output::DigestOnly,
        };
        let mut pack = Self {
            depth,
            compression,
            headers: TarHeaders::default(),
            members: Members::new(output),
            recompressed,
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
        self.join(path, &header)
    }

    /// Starts a file.
    pub fn start(&mut self, name: &str, entry: &Entry) -> Result<(), PackageError> {
        // Group and user have the same rights, since platforms may give each namespace a user of its own.
        let mode = if entry.program { PROGRAM_MODE } else { FILE_MODE };
        let header = self.headers.file(&format!("{ROOT}/{name}"), mode, entry.size);
        self.join(name, &header.map_err(|error| impossible(name, &error))?)?;
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
            let (recompressed, mut failed) = (&mut self.recompressed, Ok(()));
            let join = self.way == Way::Join;
            let taken = self.content.take(entry, &packed, |plain| {
                diff_id.update(plain);
                if join {
                    members.join(plain);
                }
                if let (Some(recompressed), Ok(())) = (recompressed.as_mut(), &failed) {
                    failed = recompressed.add(plain);
                }
            });
            taken.map_err(|fault| fault_of(name, fault))?;
            failed.map_err(|error| impossible(name, &error))?;
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
        self.join(name, padding(entry.size))
    }

    /// Bytes of the layer that are ready.
    pub fn take_ready(&mut self) -> Vec<Bytes> {
        match &mut self.recompressed {
            Some(recompressed) => recompressed.take_ready(),
            None => self.members.take_ready(),
        }
    }

    /// Ends the layer; answers what it is and the rest of its bytes. Its sum of unpacked bytes means something only if
    /// all were unpacked.
    pub fn finish(mut self) -> Result<(LayerIdentity, Vec<Bytes>), PackageError> {
        self.join(ROOT, END)?;
        let (content, size) = self.members.end();
        let (rest, digest, size) = match self.recompressed {
            Some(recompressed) => recompressed.end().map_err(|error| impossible(ROOT, &error))?,
            None => (self.members.take_ready(), content.clone(), size),
        };
        let identity = LayerIdentity {
            digest: format!("sha256:{digest}"),
            diff_id: format!("sha256:{}", hex(&self.diff_id.finalize())),
            size,
            compression: self.compression,
            content: format!("sha256:{content}"),
        };
        Ok((identity, rest))
    }

    fn is_unpacked(&self) -> bool {
        self.way == Way::Join || self.depth == Depth::Full
    }

    /// Adds what stands between contents.
    fn join(&mut self, name: &str, plain: &[u8]) -> Result<(), PackageError> {
        self.diff_id.update(plain);
        self.members.join(plain);
        match &mut self.recompressed {
            Some(recompressed) => recompressed.add(plain).map_err(|error| impossible(name, &error)),
            None => Ok(()),
        }
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
