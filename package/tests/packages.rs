//! Whole packages, good and bad, and the layers that are made of them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use mendix_package::{
    Compression, Depth, Event, Index, Kind, LayerIdentity, LayerPack, Limits, PackageError, Reading, Walk,
    Window,
};
use rstest::rstest;
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip file with these entries, deflated.
fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("entry");
        writer.write_all(content).expect("content");
    }
    writer.finish().expect("package").into_inner()
}

fn index(bytes: &[u8]) -> Result<Index, PackageError> {
    let mut window = Window::new(0, Bytes::copy_from_slice(bytes));
    match Index::read(&mut window, &Limits::default())? {
        Reading::Complete(index) => Ok(index),
        Reading::Missing(offset) => panic!("{offset} is missing"),
    }
}

/// Digest and bytes of one layer with copied content.
fn layer(bytes: &[u8], kind: Kind) -> Result<(String, Vec<u8>), PackageError> {
    let (identity, written) = compressed(bytes, kind, Compression::Reuse)?;
    assert_eq!(identity.content, identity.digest);
    Ok((identity.digest, written))
}

fn compressed(
    bytes: &[u8],
    kind: Kind,
    compression: Compression,
) -> Result<(LayerIdentity, Vec<u8>), PackageError> {
    let index = index(bytes)?;
    let mut walk = Walk::new(&index, |at| {
        index.entries[at].layer == kind && !index.entries[at].folder
    });
    let mut pack = LayerPack::new(&index, kind, Depth::Full, compression)?;
    let (mut written, mut rest) = (Vec::new(), Bytes::copy_from_slice(bytes));
    while let Some(event) = walk.next(&mut rest)? {
        let (Event::Start(at) | Event::Data(at, _) | Event::End(at)) = &event;
        let (name, entry) = (index.name(&index.entries[*at]), &index.entries[*at]);
        match event {
            Event::Start(_) => pack.start(name, entry)?,
            Event::Data(_, packed) => pack.data(name, entry, packed)?,
            Event::End(_) => pack.end(name, entry)?,
        }
        written.extend(pack.take_ready().concat());
    }
    let (identity, rest) = pack.finish()?;
    written.extend(rest.concat());
    Ok((identity, written))
}

/// The files of a layer as tar and gzip have them.
fn files(layer: &[u8]) -> BTreeMap<String, Vec<u8>> {
    read(MultiGzDecoder::new(layer))
}

fn read(archive: impl std::io::Read) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().expect("archive") {
        let mut entry = entry.expect("entry");
        let path = entry.path().expect("path").to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("content");
        found.insert(path, content);
    }
    found
}

fn refusal(bytes: &[u8]) -> String {
    layer(bytes, Kind::Model).expect_err("refused").to_string()
}

/// Where some bytes are, the last time.
fn last(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes
        .windows(wanted.len())
        .rposition(|found| found == wanted)
        .expect("there")
}

fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "offsets stay");
    while let Some(at) = bytes.windows(from.len()).position(|found| found == from) {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// Start of the header of an entry in the table of contents. Source: PKWARE, APPNOTE.TXT, 4.3.12.
fn central(bytes: &[u8], name: &str) -> usize {
    last(bytes, name.as_bytes()) - 46
}

#[test]
fn many_entries_are_read_and_joined() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for number in 0..70_000 {
        writer
            .start_file(format!("model/x/{number}"), options)
            .expect("entry");
        writer.write_all(&[7; 3]).expect("content");
    }
    let bytes = writer.finish().expect("package").into_inner();
    let (_, layer) = layer(&bytes, Kind::Model).expect("layer");
    assert_eq!(
        files(&layer)
            .values()
            .filter(|content| content.len() == 3)
            .count(),
        70_000
    );
    let members = layer
        .windows(4)
        .filter(|bytes| *bytes == [0x1f, 0x8b, 8, 0])
        .count();
    // 70 000 headers and contents of 512 bytes each, 256 KiB a member.
    assert!(members < 300, "{members} members");
}

#[test]
fn names_in_the_letters_of_old_programs_are_read() {
    let bytes = replaced(package(&[("model/r_sum_.txt", b"x")]), b"r_sum_", b"r\x82sum\x82");
    let (_, layer) = layer(&bytes, Kind::Model).expect("layer");
    assert_eq!(files(&layer)["opt/mendix/app/model/résumé.txt"], b"x");
}

#[test]
fn an_entry_that_two_names_lead_to_is_refused() {
    let mut bytes = package(&[("model/a", b"content"), ("model/b", b"content")]);
    let (first, second) = (central(&bytes, "model/a"), central(&bytes, "model/b"));
    let place = bytes[first + 42..first + 46].to_vec();
    bytes[second + 42..second + 46].copy_from_slice(&place);
    assert!(
        refusal(&bytes).contains("overlaps with what comes after it"),
        "{}",
        refusal(&bytes)
    );
}

#[rstest]
#[case::name(30, "has another name in its own header")]
#[case::method(8, "is compressed in another way")]
#[case::sum(14, "has another size or sum in its own header")]
#[case::size(22, "has another size or sum in its own header")]
#[case::encrypted(6, "is encrypted")]
#[case::nowhere(0, "is not where the table of contents says")]
fn a_header_that_contradicts_the_table_of_contents_is_refused(#[case] at: usize, #[case] part: &str) {
    let mut bytes = package(&[("model/a", b"content"), ("model/b", b"content")]);
    bytes[at] ^= 1;
    assert!(refusal(&bytes).contains(part), "{}", refusal(&bytes));
}

#[test]
fn a_header_that_claims_more_than_there_is_is_refused() {
    for entry in [0, 1] {
        let mut bytes = package(&[("model/a", b"content"), ("model/b", b"content")]);
        let header = bytes
            .windows(4)
            .enumerate()
            .filter(|(_, found)| *found == b"PK\x03\x04");
        let starts: Vec<_> = header.map(|(at, _)| at).collect();
        // Length of the extra field.
        bytes[starts[entry] + 29] = 255;
        let text = refusal(&bytes);
        assert!(text.contains("overlaps with what comes after it"), "{text}");
    }
}

#[rstest]
#[case::link(0o120_777, "is a symbolic link")]
#[case::characters(0o020_666, "is a device, a pipe or a socket")]
#[case::blocks(0o060_666, "is a device, a pipe or a socket")]
#[case::pipe(0o010_666, "is a device, a pipe or a socket")]
#[case::socket(0o140_666, "is a device, a pipe or a socket")]
fn what_is_no_file_is_refused(#[case] mode: u32, #[case] part: &str) {
    let mut bytes = package(&[("model/a", b"content")]);
    let header = central(&bytes, "model/a");
    // Made on Unix, with this mode. Source: PKWARE, APPNOTE.TXT, 4.4.2 and 4.4.15.
    bytes[header + 5] = 3;
    bytes[header + 38..header + 42].copy_from_slice(&(mode << 16).to_le_bytes());
    assert!(refusal(&bytes).contains(part), "{}", refusal(&bytes));
}

#[test]
fn other_compression_is_refused_by_name() {
    let mut bytes = package(&[("model/a", b"content")]);
    let header = central(&bytes, "model/a");
    // Number of LZMA. Source: PKWARE, APPNOTE.TXT, 4.4.5.
    bytes[header + 10] = 14;
    let text = refusal(&bytes);
    assert!(
        text.contains("entry \"model/a\" is compressed with") && text.contains("only deflate is known"),
        "{text}"
    );
}

#[test]
fn names_longer_than_a_path_are_refused() {
    let name = format!("model/{}", "folder/".repeat(584));
    let text = refusal(&package(&[(&format!("{name}x"), b"content")]));
    assert!(
        text.contains("has a name that is too long for a file system"),
        "{text}"
    );
    assert!(text.len() < 400, "{text}");
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let text = refusal(&package(&[("model/a", &vec![0; 20 << 20])]));
    assert!(
        text.contains("entry \"model/a\" unpacks to more than 250 times its size"),
        "{text}"
    );
    // The same, but it says that it is small.
    let mut bytes = package(&[("model/a", &vec![0; 20 << 20])]);
    let size = 1000_u32.to_le_bytes();
    bytes[22..26].copy_from_slice(&size);
    let header = central(&bytes, "model/a");
    bytes[header + 24..header + 28].copy_from_slice(&size);
    assert!(
        refusal(&bytes).contains("is damaged (it is longer than it says)"),
        "{}",
        refusal(&bytes)
    );
}

#[test]
fn a_table_of_contents_that_is_cut_off_or_lies_is_refused() {
    let bytes = package(&[("model/a", b"content")]);
    assert!(refusal(&bytes[..bytes.len() - 9]).contains("its table of contents is missing"));
    let mut more = bytes.clone();
    let end = last(&bytes, b"PK\x05\x06");
    more[end + 8] = 9;
    more[end + 10] = 9;
    assert!(
        refusal(&more).contains("its table of contents is missing"),
        "{}",
        refusal(&more)
    );
}

/// Bytes that are given to registries must not change by an update of a library without anybody's noticing: they would
/// be sent again by every app.
#[test]
fn the_bytes_of_layers_stay() {
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let bytes = package(&[
        ("model/metadata.json", br#"{"RuntimeVersion": "10.24.0"}"#),
        ("model/lib/userlib/a.jar", &noise),
        ("web/theme.css", b"body {}"),
        ("web/index.html", b"<html>"),
        ("model/model.mdp", &b"model".repeat(9000)),
    ]);
    let digests: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| layer(&bytes, *kind).expect("layer").0)
        .collect();
    assert_eq!(digests, GOLDEN);
}

const GOLDEN: [&str; 4] = [
    "sha256:2b1812a37371f489956d1473a162be229ab47bba6826ebb45bf812c385398d31",
    "sha256:4bd0765fd9c765fa768444a4b0aec046c42508578ab87a906ced573f1f8040d8",
    "sha256:3b372f782b87389f4fb4f64ab5d8feeddb24fd773309af4b8bab538ca1a8c1ca",
    "sha256:70b0f6244e675552bc06d88e632d9825de87ed11b8fc7fd49d2a1312f325a9b4",
];

/// The files of a layer that is compressed anew.
fn files_of(compression: Compression, layer: &[u8]) -> BTreeMap<String, Vec<u8>> {
    match compression {
        Compression::Zstd => {
            let plain = zstd::stream::decode_all(layer).expect("zstd");
            read(plain.as_slice())
        }
        Compression::Reuse | Compression::Gzip => files(layer),
    }
}

#[rstest]
#[case(Compression::Gzip)]
#[case(Compression::Zstd)]
fn a_layer_that_is_compressed_anew_has_the_same_files(#[case] compression: Compression) {
    let noise: Vec<u8> = (0..400_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, method) in [
        ("a.mdp", CompressionMethod::Deflated),
        ("b.mdp", CompressionMethod::Stored),
    ] {
        let options = SimpleFileOptions::default().compression_method(method);
        writer
            .start_file(format!("model/{name}"), options)
            .expect("entry");
        writer.write_all(&noise).expect("content");
    }
    let bytes = writer.finish().expect("package").into_inner();
    let (copied, written) = self::compressed(&bytes, Kind::Model, Compression::Reuse).expect("layer");
    let (anew, anew_written) = self::compressed(&bytes, Kind::Model, compression).expect("layer");
    assert!(
        files_of(compression, &anew_written) == files(&written),
        "other files"
    );
    assert_eq!((&anew.content, &anew.diff_id), (&copied.digest, &copied.diff_id));
    assert_eq!(
        (anew.compression, anew.size),
        (compression, anew_written.len() as u64)
    );
}
