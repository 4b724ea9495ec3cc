//! Packages of a size: libraries that do not compress, web and model that do.

use anyhow::Result;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MIB: usize = 1 << 20;
const METADATA: &str = r#"{"RuntimeVersion": "10.24.0.73019", "JavaVersion": 21, "ProjectName": "bench"}"#;

/// What a package is like.
pub(super) struct Size {
    /// Packed size.
    pub(super) mebibytes: usize,
    /// Another version has another model.
    pub(super) version: u64,
}

/// Writes a package: three quarters libraries, the rest text that packs to about a quarter.
pub(super) fn write(folder: &Path, size: &Size) -> Result<PathBuf> {
    let path = folder.join(format!("{}-{}.mda", size.mebibytes, size.version));
    let mut package = Package {
        writer: ZipWriter::new(File::create(&path)?),
        random: 1,
    };
    package.add("model/metadata.json", METADATA.as_bytes())?;
    let model = size.mebibytes * MIB / 16;
    let mut text = Package::text(size.version, model);
    package.add("model/model.mdp", &text)?;
    let mut library = vec![0; MIB * 3 / 4];
    for number in 0..size.mebibytes {
        package.fill(&mut library);
        package.add(&format!("model/lib/userlib/library-{number}.jar"), &library)?;
    }
    text = Package::text(9, 64 << 10);
    for number in 0..size.mebibytes * 15 {
        // A few bytes differ in each, as in files that one program makes.
        let mark = format!("/* {number} */");
        text[..mark.len()].copy_from_slice(mark.as_bytes());
        let bytes = &text[..(number * 7919) % text.len()];
        package.add(
            &format!("web/pages/en_US/folder-{}/page-{number}.js", number / 200),
            bytes,
        )?;
    }
    package.writer.finish()?;
    Ok(path)
}

struct Package {
    writer: ZipWriter<File>,
    random: u64,
}

impl Package {
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.writer.start_file(name, options)?;
        self.writer.write_all(bytes)?;
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for some in bytes.chunks_mut(8) {
            self.random = next(self.random);
            let noise = (self.random ^ (self.random >> 29)).to_le_bytes();
            some.copy_from_slice(&noise[..some.len()]);
        }
    }

    /// Words in no order, which pack to about a quarter.
    fn text(seed: u64, size: usize) -> Vec<u8> {
        let (mut text, mut random) = (String::with_capacity(size + 32), next(seed));
        while text.len() < size {
            random = next(random);
            let word = usize::try_from(random >> 33).unwrap_or_default() % WORDS.len();
            let _ = write!(text, "{}{} ", WORDS[word], (random >> 50) % 10);
        }
        text.truncate(size);
        text.into_bytes()
    }
}

const WORDS: [&str; 16] = [
    "function",
    "return",
    "const",
    "widget",
    "microflow",
    "attribute",
    "entity",
    "association",
    "page",
    "button",
    "container",
    "listview",
    "validation",
    "enumeration",
    "constant",
    "translation",
];

/// Source: Knuth, "The Art of Computer Programming", volume 2, table of multipliers.
const fn next(random: u64) -> u64 {
    random
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
}
