//! Any bytes are a package or an error; what is made of a package unpacks to what its entries say.

#![no_main]

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use libfuzzer_sys::fuzz_target;
use mendix_package::{
    Compression, Depth, Event, Index, Kind, LayerIdentity, LayerPack, Limits, PackageError, Reading, Walk, Window,
};
use std::io::Read;

/// Small ones are enough, and large ones would only take time.
fn limits() -> Limits {
    Limits {
        unpacked: 1 << 20,
        ..Limits::default()
    }
}

fuzz_target!(|data: &[u8]| {
    let mut window = Window::new(0, Bytes::copy_from_slice(data));
    let Ok(Reading::Complete(index)) = Index::read(&mut window, &limits()) else {
        return;
    };
    for kind in Kind::ALL {
        let (Ok(full), Ok(digest)) = (
            pack(&index, data, kind, Depth::Full, 64),
            pack(&index, data, kind, Depth::Digest, 7),
        ) else {
            continue;
        };
        assert_eq!((&full.0.digest, full.0.size), (&digest.0.digest, digest.0.size));
        assert!(digest.1.is_empty());
        check(&index, kind, &full.1);
    }
});

fn pack(
    index: &Index,
    data: &[u8],
    kind: Kind,
    depth: Depth,
    piece: usize,
) -> Result<(LayerIdentity, Vec<u8>), PackageError> {
    let entry = |at: usize| &index.entries[at];
    let mut walk = Walk::new(index, |at| entry(at).layer == kind && !entry(at).folder);
    let mut pack = LayerPack::new(index, kind, depth, Compression::Reuse)?;
    let mut written = Vec::new();
    for some in data.chunks(piece) {
        let mut some = Bytes::copy_from_slice(some);
        while let Some(event) = walk.next(&mut some)? {
            match event {
                Event::Start(at) => pack.start(index.name(entry(at)), entry(at))?,
                Event::Data(at, packed) => pack.data(index.name(entry(at)), entry(at), packed)?,
                Event::End(at) => pack.end(index.name(entry(at)), entry(at))?,
            }
            written.extend(pack.take_ready().concat());
        }
    }
    let (identity, rest) = pack.finish()?;
    written.extend(rest.concat());
    Ok((identity, written))
}

fn check(index: &Index, kind: Kind, layer: &[u8]) {
    let mut plain = Vec::new();
    MultiGzDecoder::new(layer).read_to_end(&mut plain).expect("gzip");
    let mut files: Vec<_> = index
        .entries
        .iter()
        .filter(|entry| entry.layer == kind && !entry.folder)
        .collect();
    files.reverse();
    for entry in tar::Archive::new(plain.as_slice()).entries().expect("archive") {
        let mut entry = entry.expect("entry");
        if entry.header().entry_type().is_dir() {
            continue;
        }
        let expected = files.pop().expect("a file of the package");
        let path = entry.path().expect("path").to_string_lossy().into_owned();
        assert_eq!(path, format!("opt/mendix/app/{}", index.name(expected)));
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("content");
        assert_eq!(content.len() as u64, expected.size);
    }
    assert!(files.is_empty(), "files are missing");
}
