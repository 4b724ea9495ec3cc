//! Layers as other programs read them: Python's gzip and tarfile, and Go's, which containerd and crane use.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_tasks::build::{Compression, Options, build_from_file};
use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use support::base::{onto_base, push_base};
use support::registry::{TestRegistry, start};
use support::unpack::{Unpacked, layers_on, packed_layers};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers");

/// A command that lists a layer, where its language is installed.
fn readers(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let python = folder.join("python");
    let script = format!("#!/bin/sh\nexec python3 {PROGRAMS}/read.py \"$1\"\n");
    if run("python3", &["--version"]) {
        std::fs::write(&python, script).expect("script");
        run("chmod", &["+x", &python.display().to_string()]);
        found.push(python);
    }
    let go = folder.join("go");
    let source = format!("{PROGRAMS}/read.go");
    if run("go", &["version"]) {
        assert!(
            run("go", &["build", "-o", &go.display().to_string(), &source]),
            "the Go program builds"
        );
        found.push(go);
    }
    println!("readers: {found:?}");
    found
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .status()
        .is_ok_and(|status| status.success())
}

fn listed(reader: &Path, layer: &Path) -> BTreeSet<String> {
    let output = Command::new(reader).arg(layer).output().expect("reader");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {text}", reader.display());
    let listed = String::from_utf8(output.stdout).expect("text");
    listed.lines().map(str::to_owned).collect()
}

fn line(path: &str, entry: &Unpacked) -> String {
    let kind = if entry.directory { "folder" } else { "file" };
    let sum = support::sha256_hex(&entry.bytes);
    format!(
        "{kind} {:o} {}:{} {sum} {path}",
        entry.mode, entry.owner.0, entry.owner.1
    )
}

/// Entries of all kinds: stored and deflated, empty, small, as large as a block and larger, with names of all kinds, with
/// sizes behind the content, with sizes in the field for large files.
fn write_all_kinds(path: &Path) {
    let mut writer = ZipWriter::new_stream(std::fs::File::create(path).expect("package"));
    let noise: Vec<u8> = (0..300_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let text = b"a line that comes again\n".repeat(40_000);
    let deep = format!("web/{}/deep.js", "folder".repeat(30));
    for (method, name) in [
        (CompressionMethod::Deflated, "deflated"),
        (CompressionMethod::Stored, "stored"),
    ] {
        for large in [false, true] {
            let options = SimpleFileOptions::default()
                .compression_method(method)
                .large_file(large);
            for (kind, bytes) in [
                ("empty", &[][..]),
                ("small", b"x"),
                ("limit", &noise[..16 << 10]),
                ("block", &noise[..65_535]),
                ("noise", &noise),
                ("text", &text),
            ] {
                writer
                    .start_file(format!("web/{name}/{large}/{kind}"), options)
                    .expect("entry");
                writer.write_all(bytes).expect("content");
            }
        }
    }
    let options = SimpleFileOptions::default();
    for (name, bytes) in [
        ("model/metadata.json", support::package::METADATA.as_bytes()),
        ("model/résumé ü.txt", b"legacy or not"),
        (&deep, &text),
    ] {
        writer.start_file(name, options).expect("entry");
        writer.write_all(bytes).expect("content");
    }
    writer
        .start_file("model/run.sh", options.unix_permissions(0o755))
        .expect("entry");
    writer.add_directory("web/nothing/", options).expect("folder");
    writer.finish().expect("package");
}

async fn build(registry: &TestRegistry, package: &Path, compression: Compression) -> Reference {
    push_base(registry, Vec::new()).await;
    let target = onto_base(&registry.host);
    let options = Options {
        compression,
        ..Options::default()
    };
    build_from_file(
        package,
        &target,
        &registry.client(),
        &options,
        Arc::new(NoProgress),
    )
    .await
    .expect("build");
    parse_reference(&target.push).expect("reference")
}

/// In all forms that these programs read.
async fn compare(package: &Path) {
    let Some(registry) = start().await else { return };
    for compression in [Compression::Reuse, Compression::Gzip] {
        let image = build(&registry, package, compression).await;
        compare_layers(&registry, &image).await;
    }
}

async fn compare_layers(registry: &TestRegistry, image: &Reference) {
    let folder = tempfile::tempdir().expect("folder");
    let expected = layers_on(registry, 0, image).await;
    let layers = packed_layers(registry, image).await;
    for reader in readers(folder.path()) {
        for (number, (layer, expected)) in layers.iter().zip(&expected).enumerate() {
            let path = folder.path().join(format!("layer{number}"));
            std::fs::write(&path, layer).expect("layer");
            let expected: BTreeSet<_> = expected.iter().map(|(path, entry)| line(path, entry)).collect();
            assert_eq!(listed(&reader, &path), expected, "{}", reader.display());
        }
    }
}

#[tokio::test]
async fn other_programs_read_the_same_entries() {
    let folder = tempfile::tempdir().expect("folder");
    let package = folder.path().join("all.mda");
    write_all_kinds(&package);
    compare(&package).await;
}

#[tokio::test]
async fn other_programs_read_a_real_package() {
    if let Some(package) = support::real_package() {
        compare(&package).await;
    }
}
