//! Whether the parts of a cluster work.

use crate::{
    api, daemon, postgres,
    site::{Part, Probe, Site, parts},
};
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

/// Bounds one probe: what is asked is on this machine.
const PROBE_LIMIT: Duration = Duration::from_secs(2);
/// How long a running cluster may take to answer before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// State of one of a cluster's daemons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartStatus {
    /// Name of the daemon; its log has the same.
    pub name: String,
    /// Process id, if it runs.
    pub pid: Option<u32>,
    /// Whether it answers.
    pub healthy: bool,
}

/// The state of every part.
pub(crate) fn status(site: &Site) -> Vec<PartStatus> {
    parts(&site.paths, &site.record)
        .iter()
        .map(|part| part_status(site, part))
        .collect()
}

/// Whether every process is there. One that is cut off from the others is.
pub(crate) fn all_running(site: &Site) -> bool {
    parts(&site.paths, &site.record)
        .iter()
        .all(|part| daemon::running(&site.paths, &part.daemon).is_some())
}

/// Whether everything runs and answers. What has ended stays so; what runs is given time to answer, for starting anew
/// would take a cluster that is only slow, on a busy machine, from under those who use it.
pub(crate) fn all_healthy(site: &Site) -> bool {
    let parts = parts(&site.paths, &site.record);
    let begin = Instant::now();
    loop {
        if !all_running(site) {
            return false;
        }
        if parts.iter().all(|part| answers(site, &part.probe)) {
            return true;
        }
        if begin.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

fn part_status(site: &Site, part: &Part) -> PartStatus {
    let pid = daemon::running(&site.paths, &part.daemon);
    PartStatus {
        name: part.daemon.clone(),
        pid,
        healthy: pid.is_some() && answers(site, &part.probe),
    }
}

/// Asks one part.
pub(crate) fn answers(site: &Site, probe: &Probe) -> bool {
    match probe {
        Probe::Http(address, path) => http_ok(*address, path).unwrap_or(false),
        Probe::Connect(address) => TcpStream::connect_timeout(address, PROBE_LIMIT).is_ok(),
        Probe::ConnectUnix(path) => UnixStream::connect(path).is_ok(),
        Probe::Postgres => postgres::is_ready(site.plan()),
        Probe::ApiServer => api::block_on(api::is_ready(&site.admin())).unwrap_or(false),
        Probe::Node(name) => {
            api::block_on(api::ready_nodes(&site.admin())).is_ok_and(|ready| ready.contains(name))
        }
    }
}

/// Whether a server without TLS answers 200. The status line is all that is asked for, so no HTTP client is.
fn http_ok(address: SocketAddr, path: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PROBE_LIMIT)?;
    stream.set_read_timeout(Some(PROBE_LIMIT))?;
    // In one piece: a server may answer, and close, after the first.
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    Ok(start.starts_with(b"HTTP/1.") && start.ends_with(b" 200"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn answer_of(line: &'static [u8]) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 256];
            assert!(stream.read(&mut request).unwrap() > 0);
            stream.write_all(line).unwrap();
        });
        let answer = http_ok(address, "/health").unwrap();
        server.join().unwrap();
        answer
    }

    #[test]
    fn only_200_is_healthy() {
        assert!(answer_of(b"HTTP/1.1 200 OK\r\n\r\n"));
        assert!(!answer_of(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"));
    }
}
