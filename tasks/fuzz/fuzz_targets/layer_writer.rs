//! Whatever parts a layer is made of, and however they are cut, it unpacks to them.

#![no_main]

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use libfuzzer_sys::fuzz_target;
use mendix_package::{Members, Output, hex};
use std::io::{Read, Write};

fuzz_target!(|data: &[u8]| {
    let Some((&piece, data)) = data.split_first() else {
        return;
    };
    let (first, plain) = write(data, usize::from(piece) + 1);
    let (second, _) = write(data, 1 << 20);
    assert_eq!(first, second, "pieces change the bytes");
    if plain.is_empty() && first.is_empty() {
        // Of nothing there are no members; a layer has its folders at least.
        return;
    }
    let mut found = Vec::new();
    MultiGzDecoder::new(first.as_slice())
        .read_to_end(&mut found)
        .expect("gzip");
    assert_eq!(found, plain);
});

/// Each part starts with its kind, and with how often its bytes come again.
fn write(mut data: &[u8], piece: usize) -> (Vec<u8>, Vec<u8>) {
    let mut members = Members::new(Output::Bytes);
    let mut plain = Vec::new();
    while let [kind, times, length, rest @ ..] = data {
        let (part, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        data = rest;
        let part = part.repeat(usize::from(*times) * 16);
        plain.extend_from_slice(&part);
        add(&mut members, kind % 3, &part, piece);
    }
    let (digest, size) = members.end();
    let written = members.take_ready().concat();
    assert_eq!(size, written.len() as u64);
    assert_eq!(digest, mendix_package::sha256_hex(&written));
    assert_eq!(hex(&[0xab]), "ab");
    (written, plain)
}

fn add(members: &mut Members, kind: u8, part: &[u8], piece: usize) {
    let mut crc = Crc::new();
    crc.update(part);
    match kind {
        0 => part.chunks(piece).for_each(|some| members.join(some)),
        1 => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(part).expect("deflate");
            members.start_copy();
            let packed = Bytes::from(encoder.finish().expect("deflate"));
            packed
                .chunks(piece)
                .for_each(|some| members.copy(Bytes::copy_from_slice(some)));
            members.end_copy(crc.sum(), part.len() as u64);
        }
        _ => {
            members.start_stored(part.len() as u64);
            part.chunks(piece)
                .for_each(|some| members.store(Bytes::copy_from_slice(some)));
            members.end_copy(crc.sum(), part.len() as u64);
        }
    }
}
