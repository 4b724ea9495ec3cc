//! Headers of tar entries: the same entry gives the same bytes, whatever machine and day.

use std::io;

/// Numeric owner of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Owner {
    /// User.
    pub user: u64,
    /// Group.
    pub group: u64,
}

impl Default for Owner {
    /// User 1001, group 0: that of Mendix' own images. Platforms that give each namespace its own user keep group
    /// 0, which is why group and user have the same rights everywhere.
    fn default() -> Self {
        Self { user: 1001, group: 0 }
    }
}

/// Bytes that content is filled up to.
const BLOCK: u64 = 512;

/// The header of an entry: all times at the epoch.
pub fn header(kind: tar::EntryType, mode: u32, owner: Owner, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(owner.user);
    header.set_gid(owner.group);
    header.set_mtime(0);
    header.set_size(size);
    header
}

/// Headers as bytes, for content that goes its own way.
pub struct TarHeaders(tar::Builder<Vec<u8>>);

impl Default for TarHeaders {
    fn default() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }
}

impl TarHeaders {
    /// A folder.
    pub fn folder(&mut self, path: &str, mode: u32) -> io::Result<Vec<u8>> {
        self.bytes(&format!("{path}/"), tar::EntryType::Directory, mode, 0)
    }

    /// A file of so many bytes.
    pub fn file(&mut self, path: &str, mode: u32, size: u64) -> io::Result<Vec<u8>> {
        self.bytes(path, tar::EntryType::Regular, mode, size)
    }

    /// Without content, the library writes what is before it: the header, and another for a long name.
    fn bytes(&mut self, path: &str, kind: tar::EntryType, mode: u32, size: u64) -> io::Result<Vec<u8>> {
        let mut header = header(kind, mode, Owner::default(), size);
        self.0.append_data(&mut header, path, io::empty())?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}

/// What fills content of this size up to whole blocks.
pub(crate) fn padding(size: u64) -> &'static [u8] {
    let missing = (BLOCK - size % BLOCK) % BLOCK;
    &ZEROS[..usize::try_from(missing).unwrap_or_default()]
}

/// What ends an archive: two blocks of zeros.
pub(crate) const END: &[u8] = &ZEROS;

const ZEROS: [u8; 1024] = [0; 1024];

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn headers_and_padding_make_an_archive() -> io::Result<()> {
        let mut headers = TarHeaders::default();
        let deep = format!("opt/{}/deep", "x".repeat(200));
        let mut bytes = headers.folder("opt", 0o775)?;
        for (path, content) in [
            ("opt/a", vec![7; 5]),
            (deep.as_str(), vec![8; 1024]),
            ("opt/é", Vec::new()),
        ] {
            bytes.extend(headers.file(path, 0o664, content.len() as u64)?);
            bytes.extend(&content);
            bytes.extend(padding(content.len() as u64));
        }
        bytes.extend(END);
        let mut found = Vec::new();
        for entry in tar::Archive::new(bytes.as_slice()).entries()? {
            let mut entry = entry?;
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            assert_eq!((entry.header().uid()?, entry.header().mtime()?), (1001, 0));
            found.push((entry.path()?.to_string_lossy().into_owned(), content.len()));
        }
        let expected = [("opt/", 0), ("opt/a", 5), (deep.as_str(), 1024), ("opt/é", 0)];
        assert_eq!(found, expected.map(|(path, size)| (path.to_owned(), size)));
        Ok(())
    }
}
