//! The network between a guard and its database, which can be cut without a word to either side.

use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Forwards until it is dropped.
pub(crate) struct Link {
    pub(crate) port: u16,
    flows: Arc<watch::Sender<bool>>,
}

impl Link {
    /// A link to this address.
    pub(crate) async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let flows = Arc::new(watch::channel(true).0);
        let watched = flows.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, address.clone(), watched.clone()));
            }
        });
        Self { port: own, flows }
    }

    /// Nothing comes through any more, and nobody is told.
    pub(crate) fn cut(&self) {
        self.flows.send_replace(false);
    }

    /// What was sent meanwhile comes through as well.
    pub(crate) fn mend(&self) {
        self.flows.send_replace(true);
    }
}

async fn carry(client: TcpStream, address: String, mut flows: watch::Receiver<bool>) {
    let _ = flows.wait_for(|flows| *flows).await;
    let Ok(server) = TcpStream::connect(address).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        pass(from_client, to_server, flows.clone()),
        pass(from_server, to_client, flows)
    );
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut flows: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 1 << 14];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let _ = flows.wait_for(|flows| *flows).await;
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
