//! A build takes the same memory for every size of package. Alone in its process: the mark is the process's own.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_tasks::build::{Options, build_from_source};
use mendix_tasks::progress::NoProgress;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use support::base::{onto_base, push_base};
use support::registry::start;
use support::server::TestServer;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MIB: usize = 1 << 20;
/// Three times the limit, which is well below the 64 MiB that a build pod may take. The server of the package is in this
/// process too.
const LARGE: usize = 96 * MIB;
const LIMIT: usize = 32 * MIB;

/// Five thousand small entries and a large one that does not compress.
fn write_large(path: &Path) {
    let mut writer = ZipWriter::new(File::create(path).expect("package"));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    writer.start_file("model/metadata.json", options).expect("entry");
    writer
        .write_all(support::package::METADATA.as_bytes())
        .expect("content");
    for number in 0..5_000 {
        writer
            .start_file(
                format!("web/widgets/folder-{}/file-{number}.js", number / 100),
                options,
            )
            .expect("entry");
    }
    writer.start_file("model/model.mdp", options).expect("entry");
    let mut state = 1_u64;
    let mut block = vec![0; MIB];
    for _ in 0..LARGE / MIB {
        for bytes in block.chunks_exact_mut(8) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bytes.copy_from_slice(&(state ^ (state >> 29)).to_le_bytes());
        }
        writer.write_all(&block).expect("content");
    }
    writer.finish().expect("package");
}

/// Makes the mark forget what was before. Source: Linux, `proc_pid_clear_refs(5)`.
fn reset_high_water() {
    std::fs::write("/proc/self/clear_refs", "5").expect("mark");
}

/// Highest resident size of this process since then, in bytes.
fn high_water() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("mark");
    line.split_whitespace()
        .nth(1)
        .and_then(|number| number.parse::<usize>().ok())
        .expect("number")
        * 1024
}

#[tokio::test]
async fn a_large_package_takes_no_more_memory_than_a_small_one() {
    let Some(registry) = start().await else { return };
    let client = registry.client();
    push_base(&registry, Vec::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    let package = folder.path().join("large.mda");
    write_large(&package);
    let server = TestServer::file(package).await;
    let target = onto_base(&registry.host);
    reset_high_water();
    let before = high_water();
    build_from_source(
        &server.url("/large.mda"),
        Some(&target),
        &client,
        &Options::default(),
        Arc::new(NoProgress),
    )
    .await
    .expect("build");
    let grown = high_water() - before;
    println!("the build took {} MiB more", grown / MIB);
    assert!(grown < LIMIT, "{grown} bytes");
}
