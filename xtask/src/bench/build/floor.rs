//! The floor: what no way can do without.

use super::Registry;
use anyhow::{Context, Result, bail};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;

const PIECE: usize = 64 << 10;

/// Seconds to unpack all content once and to sum it, packed and unpacked.
pub(super) fn unpack(package: &Path) -> Result<f64> {
    let start = Instant::now();
    let mut packed = Sha256::new();
    each_piece(File::open(package)?, &mut packed)?;
    let mut archive = zip::ZipArchive::new(BufReader::with_capacity(PIECE, File::open(package)?))?;
    let mut unpacked = Sha256::new();
    for number in 0..archive.len() {
        each_piece(archive.by_index(number)?, &mut unpacked)?;
    }
    std::hint::black_box((packed.finalize(), unpacked.finalize()));
    Ok(start.elapsed().as_secs_f64())
}

fn each_piece(mut from: impl io::Read, sum: &mut Sha256) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(()),
            count => sum.update(&piece[..count]),
        }
    }
}

/// Seconds to send a file to a registry as one blob, its digest known already.
pub(super) fn send(registry: &Registry, blob: &Path) -> Result<f64> {
    let mut sum = Sha256::new();
    each_piece(File::open(blob)?, &mut sum)?;
    let digest = mendix_package::hex(&sum.finalize());
    let start = Instant::now();
    let path = upload(&registry.host)?;
    let size = std::fs::metadata(blob)?.len();
    let mut connection = TcpStream::connect(&registry.host)?;
    let host = &registry.host;
    let separator = if path.contains('?') { '&' } else { '?' };
    write!(
        connection,
        "PUT {path}{separator}digest=sha256:{digest} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {size}\r\n\
         content-type: application/octet-stream\r\nconnection: close\r\n\r\n"
    )?;
    io::copy(&mut File::open(blob)?.take(size), &mut connection)?;
    let status = BufReader::new(&connection)
        .lines()
        .next()
        .context("no answer")??;
    if !status.contains(" 201 ") {
        bail!("the registry answered {status}");
    }
    Ok(start.elapsed().as_secs_f64())
}

/// Starts an upload; answers its path.
fn upload(host: &str) -> Result<String> {
    let mut connection = TcpStream::connect(host)?;
    write!(
        connection,
        "POST /v2/floor/blobs/uploads/ HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )?;
    let lines = BufReader::new(&connection).lines().map_while(Result::ok);
    let location = lines
        .filter_map(|line| {
            line.split_once(": ")
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        })
        .find(|(name, _)| name == "location");
    let (_, location) = location.context("the registry names no place for the upload")?;
    Ok(location
        .split_once(host)
        .map_or_else(|| location.clone(), |(_, path)| path.to_owned()))
}
