//! A proxy that cuts its first connection after some messages of the client, as a dying process or network would.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The proxy, until it is dropped.
pub struct CuttingProxy {
    /// `host:port`.
    pub address: String,
    task: JoinHandle<()>,
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What happens to connections after the first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Later {
    Allowed,
    Refused,
}

impl CuttingProxy {
    /// Forwards `messages` messages of the first client, then cuts. `executed`: whether the last one still reaches
    /// the server, so that only its answer is lost.
    pub async fn start(server: String, messages: usize, executed: bool, later: Later) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = listener.local_addr().expect("address").to_string();
        let task = tokio::spawn(async move {
            let (client, _) = listener.accept().await.expect("client");
            cut(client, &server, messages, executed).await;
            if later == Later::Allowed {
                forward_all(&listener, &server).await;
            }
        });
        Self { address, task }
    }
}

async fn forward_all(listener: &TcpListener, server: &str) {
    loop {
        let (mut client, _) = listener.accept().await.expect("client");
        let mut server = TcpStream::connect(server).await.expect("server");
        tokio::spawn(async move { drop(tokio::io::copy_bidirectional(&mut client, &mut server).await) });
    }
}

async fn cut(client: TcpStream, server: &str, messages: usize, executed: bool) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = TcpStream::connect(server).await.expect("server").into_split();
    let answers = tokio::spawn(async move { drop(copy(&mut from_server, &mut to_client).await) });
    let mut buffer = vec![0; 1 << 16];
    for number in 0..=messages {
        let Ok(count @ 1..) = from_client.read(&mut buffer).await else {
            break;
        };
        let last = number == messages;
        if last && executed {
            answers.abort();
        }
        if (!last || executed) && to_server.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    answers.abort();
}
