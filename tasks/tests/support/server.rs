//! A scripted web server for packages.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use futures::StreamExt as _;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server that ends with this value.
pub struct TestServer {
    /// `host:port`.
    pub host: String,
    task: JoinHandle<()>,
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestServer {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Serves a router on a free port of the loopback interface.
    pub async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let host = listener.local_addr().expect("address").to_string();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("server") });
        Self { host, task }
    }

    /// Answers each connection with these bytes, whatever is asked, and closes it.
    pub async fn raw(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let host = listener.local_addr().expect("address").to_string();
        let task = tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.expect("connection");
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(connection.read_u8().await.expect("request"));
                }
                connection.write_all(&answer).await.expect("answer");
            }
        });
        Self { host, task }
    }

    /// Serves a file, piece by piece, whatever is asked.
    pub async fn file(path: std::path::PathBuf) -> Self {
        Self::start(Router::new().fallback(move || {
            let path = path.clone();
            async move {
                let file = tokio::fs::File::open(path).await.expect("file");
                Response::new(Body::from_stream(tokio_util::io::ReaderStream::new(file)))
            }
        }))
        .await
    }

    /// Serves packages: `/good`, and every way to fail that M1 names.
    pub async fn packages(package: Vec<u8>) -> Self {
        let package = Arc::new(package);
        Self::start(Router::new().fallback(move |uri: Uri, _: HeaderMap| {
            let package = Arc::clone(&package);
            async move { answer(uri.path(), &package) }
        }))
        .await
    }
}

fn answer(path: &str, package: &Arc<Vec<u8>>) -> Response<Body> {
    let half = package[..package.len() / 2].to_vec();
    match path {
        "/good.mda" => Response::new(Body::from(package.to_vec())),
        "/cut.mda" => Response::new(Body::from(half)),
        "/page.mda" => Response::new(Body::from("\r\n<!DOCTYPE html><title>Log in</title>")),
        "/text.mda" => Response::new(Body::from("no package")),
        "/loop.mda" => redirect("/loop.mda"),
        "/moved.mda" => redirect("/good.mda"),
        "/broken.mda" => status(StatusCode::INTERNAL_SERVER_ERROR),
        "/forbidden.mda" => status(StatusCode::FORBIDDEN),
        "/stall.mda" => Response::new(Body::from_stream(first_then(
            half,
            futures::stream::pending().boxed(),
        ))),
        _ => status(StatusCode::NOT_FOUND),
    }
}

type Chunks = futures::stream::BoxStream<'static, Result<Vec<u8>, std::io::Error>>;

fn first_then(first: Vec<u8>, rest: Chunks) -> Chunks {
    futures::stream::once(async { Ok(first) }).chain(rest).boxed()
}

fn redirect(target: &'static str) -> Response<Body> {
    let mut response = status(StatusCode::FOUND);
    response
        .headers_mut()
        .insert("location", target.parse().expect("header"));
    response
}

fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}
