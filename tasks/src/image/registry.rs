//! Reads from and writes to registries. Decides nothing.

use super::explain::explain;
use super::login::{Current, Identity, Logins};
use super::stall::{LIMIT, Moved, watch};
use super::{Credentials, ImageError, Layer, Operation, media_type};
use crate::network::{ensure_cryptography, http_client, innermost};
use crate::patience::{Again, Patience};
use crate::progress::{Progress, Step};
use backon::Retryable as _;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{OciDescriptor, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use std::time::Duration;
use tokio_util::io::ReaderStream;

/// How registries are reached.
#[derive(Clone, Debug, Default)]
pub struct RegistryOptions {
    /// Registry hosts, with port, that are spoken to without TLS.
    pub plain_http: Vec<String>,
    /// Logins.
    pub credentials: Credentials,
}

/// A client for all registries.
#[derive(Clone)]
pub struct Registry {
    pub(super) client: Client,
    logins: Logins,
    /// For what the client cannot do: see `upload.rs`. Made once, since each loads all authorities.
    pub(super) http: reqwest::Client,
    plain_http: Vec<String>,
    patience: Patience,
}

/// Largest configuration that is read into memory.
const CONFIG_LIMIT: i64 = 8 << 20;
/// Pieces that layers are sent in.
const CHUNK: usize = 64 << 10;

type Chunk = Result<Bytes, OciDistributionError>;

impl Registry {
    /// Makes the client; nothing is connected yet.
    ///
    /// # Errors
    /// [`ImageError::Client`] for unusable proxy variables.
    pub fn new(options: RegistryOptions) -> Result<Self, ImageError> {
        ensure_cryptography();
        let make = |roots| Client::try_from(client_config(&options.plain_http, roots));
        // An image without a certificate store fails the first attempt; then the authorities of the public web serve.
        let client = make(Vec::new())
            .or_else(|_| make(public_authorities()))
            .map_err(|error| ImageError::Client {
                cause: error.to_string(),
            })?;
        let http = http_client().map_err(|error| ImageError::Client {
            cause: innermost(&error),
        })?;
        Ok(Self {
            client,
            http,
            logins: Logins::new(options.credentials, Identity::default()),
            plain_http: options.plain_http,
            patience: Patience::default(),
        })
    }

    /// Waits longer or shorter, more or less often, for registries that are busy.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Logs in to the registries of clouds as what this process is told to be, where no login is given.
    #[must_use]
    pub fn with_identity(self, identity: Identity) -> Self {
        let logins = self.logins.with_identity(identity);
        Self { logins, ..self }
    }

    /// How often is tried again what failed, and when.
    pub(crate) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// How the registry of an image is spoken to: `http` or `https`.
    pub(super) fn scheme(&self, image: &Reference) -> &'static str {
        let host = image.resolve_registry();
        if self.plain_http.iter().any(|plain| plain == host) {
            "http"
        } else {
            "https"
        }
    }

    /// The login for an image's registry as it is now.
    pub(super) async fn login(&self, image: &Reference) -> Result<Current, ImageError> {
        let login = self.logins.of(image.registry(), self.scheme(image)).await;
        login.map_err(|source| ImageError::Login {
            registry: image.registry().to_owned(),
            source,
        })
    }

    /// Gives the client the login for an image's registry.
    async fn log_in(&self, image: &Reference, operation: Operation) -> Result<(), ImageError> {
        let Current { auth, renewed } = self.login(image).await?;
        self.client
            .store_auth_if_needed(image.resolve_registry(), &auth)
            .await;
        if renewed {
            // The client keeps the first login of a host for good; of another one it keeps what it is good for now.
            for kind in kinds(operation) {
                let authorized = self.client.auth(image, &auth, *kind).await;
                authorized.map_err(|error| explain(&error, operation, image))?;
            }
        }
        Ok(())
    }

    /// Manifest or index of an image, and its digest.
    pub(super) async fn manifest(&self, image: &Reference) -> Result<(OciManifest, String), ImageError> {
        // The client has the login by then.
        let pull = || self.client.pull_manifest(image, &RegistryAuth::Anonymous);
        self.small(pull, Operation::Pull, image).await
    }

    /// A small blob.
    pub(super) async fn blob(&self, image: &Reference, blob: &OciDescriptor) -> Result<Vec<u8>, ImageError> {
        if blob.size > CONFIG_LIMIT {
            let cause = format!("its configuration of {} bytes is too large", blob.size);
            return Err(ImageError::Unusable {
                reference: image.whole(),
                cause,
            });
        }
        let pull = || async {
            let mut bytes = Vec::new();
            self.client.pull_blob(image, blob, &mut bytes).await?;
            Ok(bytes)
        };
        self.small(pull, Operation::Pull, image).await
    }

    /// Whether the image's repository has the blob.
    pub(crate) async fn has(&self, image: &Reference, digest: &str) -> Result<bool, ImageError> {
        self.small(|| self.client.blob_exists(image, digest), Operation::Push, image)
            .await
    }

    /// Links a blob of another repository of the same registry; `false` when the registry would rather be sent it.
    pub(super) async fn mount(&self, image: &Reference, source: &Reference, digest: &str) -> bool {
        // A refusal here is no failure: sending the blob is always possible, and says why if it is not.
        let mount = || self.client.mount_blob(image, source, digest);
        self.small(mount, Operation::Push, image).await.is_ok()
    }

    /// Copies a blob through this process, piece by piece.
    pub(super) async fn copy(
        &self,
        source: &Reference,
        target: &Reference,
        blob: &OciDescriptor,
        progress: &dyn Progress,
    ) -> Result<(), ImageError> {
        let pull = || self.client.pull_blob_stream(source, blob);
        let from = self.small(pull, Operation::Pull, source).await?;
        let chunks = from.stream.map_err(OciDistributionError::from);
        let size = u64::try_from(blob.size).unwrap_or_default();
        self.send(target, &blob.digest, size, chunks, (Step::CopyBase, progress))
            .await
    }

    /// Sends a layer of ours.
    pub(super) async fn send_layer(
        &self,
        image: &Reference,
        layer: &Layer,
        progress: &dyn Progress,
    ) -> Result<(), ImageError> {
        let file = tokio::fs::File::from_std(layer.open().map_err(ImageError::Layer)?);
        let chunks = ReaderStream::with_capacity(file, CHUNK).map_err(OciDistributionError::from);
        self.send(
            image,
            &layer.identity.digest,
            layer.identity.size,
            chunks,
            (Step::Push, progress),
        )
        .await
    }

    async fn send(
        &self,
        image: &Reference,
        digest: &str,
        size: u64,
        chunks: impl Stream<Item = Chunk> + Send + 'static,
        (step, progress): (Step, &dyn Progress),
    ) -> Result<(), ImageError> {
        self.log_in(image, Operation::Push).await?;
        progress.advance(step, 0, Some(size));
        let moved = Moved::default();
        let counted = chunks.inspect_ok({
            let moved = moved.clone();
            move |chunk| moved.add(chunk.len())
        });
        let sending = self
            .client
            .push_blob_stream(image, counted.boxed(), digest, Some(size));
        let sent = watch(&moved, LIMIT, sending, |bytes| {
            progress.advance(step, bytes, Some(size));
        })
        .await;
        finish(sent, Operation::Push, image)?;
        progress.advance(step, size, Some(size));
        Ok(())
    }

    /// Sends a small blob.
    pub(super) async fn send_bytes(
        &self,
        image: &Reference,
        digest: &str,
        bytes: Vec<u8>,
    ) -> Result<(), ImageError> {
        let bytes = Bytes::from(bytes);
        let push = || self.client.push_blob(image, bytes.clone(), digest);
        self.small(push, Operation::Push, image).await.map(drop)
    }

    /// Sets the tag. Last, so that a tag never names an image that is not whole.
    pub(super) async fn put_manifest(&self, image: &Reference, bytes: Vec<u8>) -> Result<(), ImageError> {
        let media_type = reqwest::header::HeaderValue::from_static(media_type::MANIFEST);
        let push = || {
            self.client
                .push_manifest_raw(image, bytes.clone(), media_type.clone())
        };
        self.small(push, Operation::Push, image).await.map(drop)
    }

    /// A request whose time does not depend on any size; again, when the registry is busy or breaks it off.
    async fn small<T, F>(
        &self,
        request: impl Fn() -> F,
        operation: Operation,
        image: &Reference,
    ) -> Result<T, ImageError>
    where
        F: Future<Output = Result<T, OciDistributionError>>,
    {
        let attempt = || async {
            self.log_in(image, operation).await?;
            let answered = tokio::time::timeout(LIMIT, Box::pin(request())).await;
            finish(answered.ok(), operation, image)
        };
        let retried = attempt.retry(self.patience.schedule());
        retried.when(|error| error.again() != Again::Never).await
    }
}

fn client_config(plain_http: &[String], extra_root_certificates: Vec<Certificate>) -> ClientConfig {
    ClientConfig {
        protocol: ClientProtocol::HttpsExcept(plain_http.to_vec()),
        use_monolithic_push: true,
        // We choose ourselves, and say what there is when we cannot.
        platform_resolver: None,
        extra_root_certificates,
        connect_timeout: Some(Duration::from_secs(10)),
        user_agent: concat!("kubectl-mendix/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    }
}

/// What the client may ask for within an operation.
const fn kinds(operation: Operation) -> &'static [RegistryOperation] {
    match operation {
        Operation::Pull => &[RegistryOperation::Pull],
        Operation::Push => &[RegistryOperation::Pull, RegistryOperation::Push],
    }
}

fn public_authorities() -> Vec<Certificate> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots
        .map(|root| Certificate {
            encoding: CertificateEncoding::Der,
            data: root.to_vec(),
        })
        .collect()
}

fn finish<T>(
    result: Option<Result<T, OciDistributionError>>,
    operation: Operation,
    image: &Reference,
) -> Result<T, ImageError> {
    match result {
        Some(result) => result.map_err(|error| explain(&error, operation, image)),
        None => Err(ImageError::Stalled {
            operation,
            reference: image.whole(),
            registry: image.registry().to_owned(),
            seconds: LIMIT.as_secs(),
        }),
    }
}
