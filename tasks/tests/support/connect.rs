//! A proxy that notes where it is asked to go. Names of the tests' own lead to servers of this machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The proxy, until it is dropped.
pub struct ConnectProxy {
    /// `host:port`.
    pub host: String,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for ConnectProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ConnectProxy {
    /// `names`: which server is behind a name with its port; nobody is behind others. With `password`, whoever does not bear
    /// it is refused.
    pub async fn start<const N: usize>(names: [(&str, &str); N], password: Option<&'static str>) -> Self {
        let names = names.map(|(name, server)| (name.to_owned(), server.to_owned()));
        let names = Arc::new(BTreeMap::from(names));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let host = listener.local_addr().expect("address").to_string();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("client");
                let (names, log) = (Arc::clone(&names), Arc::clone(&log));
                tokio::spawn(async move { serve(client, &names, &log, password).await });
            }
        });
        Self { host, asked, task }
    }

    /// How often it was asked for this name with its port.
    pub fn count(&self, name: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == name).count()
    }

    /// Where it was asked to go so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("lock").clone()
    }
}

async fn serve(
    mut client: TcpStream,
    names: &BTreeMap<String, String>,
    log: &Mutex<Vec<String>>,
    password: Option<&str>,
) {
    let Some(head) = head(&mut client).await else {
        return;
    };
    let (method, target) = head.split_once(' ').expect("request");
    let target = target.split(' ').next().expect("target");
    let name = target.strip_prefix("http://").map_or_else(
        || target.to_owned(),
        |rest| format!("{}:80", rest.split('/').next().expect("host")),
    );
    log.lock().expect("lock").push(name.clone());
    if password.is_some_and(|password| !head.contains(&format!("Basic {password}\r\n"))) {
        let answer =
            b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = client.write_all(answer).await;
        return;
    }
    let Some(server) = names.get(&name) else {
        let answer = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = client.write_all(answer).await;
        return;
    };
    let mut server = TcpStream::connect(server).await.expect("server");
    if method == "CONNECT" {
        client
            .write_all(b"HTTP/1.1 200 OK\r\n\r\n")
            .await
            .expect("answer");
    } else {
        // The next request on this connection would be for the same host: clients keep one for each.
        server.write_all(head.as_bytes()).await.expect("request");
    }
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// Up to the empty line; nothing when the client has gone.
async fn head(client: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).expect("text"))
}
