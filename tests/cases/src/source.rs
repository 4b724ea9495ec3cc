//! A web server that gives packages away, well or badly.

use anyhow::Result;
use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
};

/// What the server answers to every request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The bytes, whole.
    Bytes(Vec<u8>),
    /// A status line and a short text.
    Status(u16, &'static str),
    /// A page for people with status 200.
    Html,
    /// Promises all bytes, sends half of them, and hangs up.
    Truncated(Vec<u8>),
    /// Sends half of the bytes and then nothing, without hanging up.
    Stalled(Vec<u8>),
    /// A registry that is empty and takes nothing.
    ReadOnlyRegistry,
}

/// A server that lives as long as the process.
///
/// One thread a connection and no library: a library would not let a test send half of an answer.
pub fn serve(address: IpAddr, answer: Answer) -> Result<SocketAddr> {
    let listener = TcpListener::bind((address, 0))?;
    let local = listener.local_addr()?;
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || reply(stream, &answer));
        }
    });
    Ok(local)
}

fn reply(mut stream: TcpStream, answer: &Answer) -> Option<()> {
    let request = read_head(&mut stream)?;
    let (head, body) = match answer {
        Answer::Bytes(bytes) => (
            head(200, "application/octet-stream", bytes.len()),
            bytes.as_slice(),
        ),
        Answer::Status(code, text) => (head(*code, "text/plain", text.len()), text.as_bytes()),
        Answer::Html => (head(200, "text/html", HTML.len()), HTML.as_bytes()),
        Answer::ReadOnlyRegistry => (registry(&request), &[][..]),
        Answer::Truncated(bytes) | Answer::Stalled(bytes) => (
            head(200, "application/octet-stream", bytes.len()),
            &bytes[..bytes.len() / 2],
        ),
    };
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    if matches!(answer, Answer::Stalled(_)) {
        // Returns when the client gives up, which is what is being tested.
        let _ = stream.read(&mut [0]);
    }
    Some(())
}

/// Version check and look-ups are answered, uploads refused.
fn registry(request: &[u8]) -> String {
    let code = match request {
        _ if request.starts_with(b"GET /v2/ ") => 200,
        _ if request.starts_with(b"GET ") || request.starts_with(b"HEAD ") => 404,
        _ => 403,
    };
    head(code, "application/json", 0)
}

const HTML: &str = "<!doctype html><title>Sign in</title><p>Please sign in.";

fn head(code: u16, kind: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {code} x\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )
}

/// Reads up to the empty line, so that closing does not reset the connection under the answer.
fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(head)
}
