//! Packages made for tests.

use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Metadata of a small app.
pub const METADATA: &str = r#"{"RuntimeVersion": "10.24.0.73019", "JavaVersion": 21, "ModelVersion": "1.2.3.4", "ProjectName": "shop"}"#;

/// Files stored and deflated in turn, after the metadata.
pub fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    package_with(METADATA, files)
}

/// A package with other metadata.
pub fn package_with(metadata: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let all = std::iter::once(("model/metadata.json", metadata.as_bytes())).chain(files.iter().copied());
    for (index, (name, bytes)) in all.enumerate() {
        let method = if index % 2 == 0 {
            CompressionMethod::Deflated
        } else {
            CompressionMethod::Stored
        };
        writer
            .start_file(name, SimpleFileOptions::default().compression_method(method))
            .expect("entry");
        writer.write_all(bytes).expect("content");
    }
    writer.finish().expect("package").into_inner()
}

/// A package of a small app in a file.
pub fn write_package(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("shop.mda");
    let noise: Vec<u8> = (0..300_000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let bytes = package(&[
        ("model/model.mdp", &noise),
        ("web/index.html", b"<html>"),
        ("web/é.txt", b"e"),
    ]);
    std::fs::write(&path, bytes).expect("package");
    path
}

/// A package with one entry renamed in its bytes, to what no honest writer would write.
pub fn renamed(from: &str, to: &str, others: &[(&str, &[u8])]) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "names of one length keep the offsets");
    let mut files = vec![(from, &b"content"[..])];
    files.extend(others);
    replace(package(&files), from.as_bytes(), to.as_bytes())
}

/// Replaces every occurrence of some bytes by others of the same length.
pub fn replace(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let places: Vec<usize> = (0..=bytes.len() - from.len())
        .filter(|&at| bytes[at..].starts_with(from))
        .collect();
    assert!(!places.is_empty(), "there is nothing to replace");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// A package with a symbolic link in it.
pub fn with_link() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file("model/metadata.json", SimpleFileOptions::default())
        .expect("entry");
    writer.write_all(METADATA.as_bytes()).expect("content");
    writer
        .add_symlink("web/link", "/etc/passwd", SimpleFileOptions::default())
        .expect("link");
    writer.finish().expect("package").into_inner()
}

/// A zip file that is no package.
pub fn without_metadata() -> Vec<u8> {
    replace(package(&[]), b"model/metadata.json", b"model/metadata.jsox")
}
