//! A web server with ranges for one file, as object stores and package servers are.

use anyhow::Result;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// Serves the file until the process ends; answers its address.
pub(super) fn serve(path: &Path) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/package.mda", listener.local_addr()?);
    let path = path.to_owned();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let path: PathBuf = path.clone();
            // A client that hangs up is no matter of the server's.
            std::thread::spawn(move || while answer(&connection, &path).is_ok_and(|more| more) {});
        }
    });
    Ok(url)
}

/// Answers one request; whether another may come.
fn answer(connection: &TcpStream, path: &Path) -> io::Result<bool> {
    let mut lines = BufReader::new(connection).lines();
    let mut range = None;
    loop {
        let Some(line) = lines.next().transpose()? else {
            return Ok(false);
        };
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            range = text
                .split_once('-')
                .and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        }
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let (first, last): (u64, u64) = range.unwrap_or((0, length - 1));
    let last = last.min(length - 1);
    let size = last + 1 - first;
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\ncontent-length: {size}\r\ncontent-range: bytes {first}-{last}/{length}\r\n\r\n"
    );
    let mut connection = connection;
    connection.write_all(head.as_bytes())?;
    file.seek(SeekFrom::Start(first))?;
    io::copy(&mut file.take(size), &mut connection)?;
    Ok(true)
}
