//! How layers are compressed.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A way to compress a layer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Compression {
    /// What is deflated in the package is copied, as one gzip member a file: by far the fastest.
    #[default]
    Reuse,
    /// One gzip member, for readers that take no more of them.
    Gzip,
    /// Zstandard, for readers that know it: smaller, and faster to unpack.
    Zstd,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reuse, Self::Gzip, Self::Zstd];

    /// As people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Gzip => "gzip-recompress",
            Self::Zstd => "zstd",
        }
    }
}

impl Display for Compression {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Compression {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == text);
        found.ok_or("write reuse, gzip-recompress or zstd")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_is_written() {
        for compression in Compression::ALL {
            assert_eq!(compression.to_string().parse(), Ok(compression));
        }
        assert!("gzip".parse::<Compression>().is_err());
    }
}
