//! Somebody who opens the app from outside, through a proxy.

use anyhow::{Context, Result, ensure};
use futures::{SinkExt, StreamExt};
use mendix_cases::proxy::{KeyPair, Proxy};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa};
use reqwest::{Certificate, Client, Response, header::HeaderMap, redirect};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

/// Where the app tells of a request, and where it echoes.
const REQUEST: &str = "/double/request";
const SOCKET: &str = "/double/socket";
/// A host that no site has.
const STRANGER: &str = "other.example.com";
/// Any 16 bytes in base64 do (RFC 6455, where this one stands).
const SOCKET_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// An authority, and what it has signed for one host.
pub(crate) struct Trust {
    authority: String,
    pub(crate) pair: KeyPair,
}

impl Trust {
    pub(crate) fn of(host: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate()?)?;
        let key = rcgen::KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &authority)?;
        Ok(Self {
            authority: authority.pem(),
            pair: KeyPair {
                certificate: certificate.pem(),
                key: key.serialize_pem(),
            },
        })
    }
}

/// What is asked of a proxy, by a client that trusts one authority and knows one host.
pub(crate) struct Visitor<'a> {
    pub(crate) proxy: &'a Proxy,
    pub(crate) host: &'a str,
    client: Client,
}

impl<'a> Visitor<'a> {
    pub(crate) fn of(proxy: &'a Proxy, host: &'a str, trust: &Trust) -> Result<Self> {
        let authority = Certificate::from_pem(trust.authority.as_bytes())?;
        let client = Client::builder()
            .timeout(Duration::from_secs(30))
            .tls_certs_only([authority])
            .redirect(redirect::Policy::none())
            .resolve(host, proxy.https)
            .resolve(STRANGER, proxy.https)
            .build()?;
        Ok(Self { proxy, host, client })
    }

    async fn ask(&self, scheme: &str, host: &str, address: SocketAddr, path: &str) -> Result<Response> {
        let url = format!("{scheme}://{host}:{}{path}", address.port());
        Ok(self.client.get(url).send().await?)
    }

    pub(crate) async fn with_tls(&self, path: &str) -> Result<Response> {
        self.ask("https", self.host, self.proxy.https, path).await
    }

    pub(crate) async fn without_tls(&self, path: &str) -> Result<Response> {
        self.ask("http", self.host, self.proxy.http, path).await
    }

    /// What the app itself says of the request that reached it, and the header fields of its answer.
    pub(crate) async fn arrived(&self) -> Result<(Value, HeaderMap)> {
        let response = self.with_tls(REQUEST).await?;
        ensure!(response.status() == 200, "{response:?}");
        let headers = response.headers().clone();
        Ok((response.json().await?, headers))
    }

    /// Host, path and TLS: what is not the site's is not served.
    pub(crate) async fn sees_one_site(&self) -> Result<()> {
        let (told, _) = self.arrived().await?;
        ensure!(told["path"] == REQUEST, "{told}");
        ensure!(told["headers"]["host"] == self.host, "{told}");
        ensure!(told["headers"]["x-forwarded-proto"] == "https", "{told}");
        // The app has pages there.
        for path in ["/", "/health/ready", "/doubles"] {
            let response = self.with_tls(path).await?;
            ensure!(response.status() == 404, "{path}: {response:?}");
        }
        let stranger = self.ask("http", STRANGER, self.proxy.http, REQUEST).await?;
        ensure!(stranger.status() == 404, "{stranger:?}");
        let stranger = self.ask("https", STRANGER, self.proxy.https, REQUEST).await;
        ensure!(stranger.is_err(), "{stranger:?}");
        Ok(())
    }

    /// A WebSocket through the proxy, with TLS.
    pub(crate) async fn is_echoed(&self, words: &str) -> Result<()> {
        let url = format!("https://{}:{}{SOCKET}", self.host, self.proxy.https.port());
        let request = self
            .client
            .get(url)
            .header("connection", "upgrade")
            .header("upgrade", "websocket");
        let request = request
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", SOCKET_KEY);
        let response = request.send().await?;
        ensure!(response.status() == 101, "{response:?}");
        let stream = response.upgrade().await?;
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        socket.send(Message::text(words)).await?;
        let answer = socket.next().await.context("the socket was closed")??;
        ensure!(answer.to_text()? == words, "{answer:?}");
        Ok(())
    }
}
