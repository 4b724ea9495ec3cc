//! Google Artifact Registry, and the names of Container Registry that lead to it.
//!
//! Sources: Artifact Registry, "Configure authentication to Artifact Registry for Docker", "Access token"
//! (<https://cloud.google.com/artifact-registry/docs/docker/authentication>: an access token as password of user
//! `oauth2accesstoken`); "Using OAuth 2.0 for Server to Server Applications", "HTTP/REST"
//! (<https://developers.google.com/identity/protocols/oauth2/service-account>); Compute Engine, "Authenticate workloads using
//! service accounts", the metadata server, which GKE has for its pods.

use super::ask::{file, node, post, token};
use super::identity::variable as named;
use super::json_web_token::sign;
use super::{Exchange, Identity, Login, LoginError, Secret};
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

const SERVER: &str = "Google";
const NODE: &str = "Google's metadata server";
const USER: &str = "oauth2accesstoken";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Where a key without an address is shown.
const TOKENS: &str = "https://oauth2.googleapis.com/token";
const ONLY_KEYS: &str = "mount a key of a service account, or use Workload Identity Federation for GKE";

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct ArtifactRegistry(Source);

/// Who this pod is.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Key { file: String },
    Node { host: String },
}

/// A key as Google gives it, or another credential.
#[derive(Deserialize)]
struct Credential {
    r#type: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key_id: String,
    #[serde(default)]
    private_key: String,
    token_uri: Option<String>,
}

impl ArtifactRegistry {
    pub(super) fn of(host: &str, identity: &Identity) -> Option<Self> {
        let is_google = host == "gcr.io" || host.ends_with(".gcr.io") || host.ends_with("-docker.pkg.dev");
        let key = identity.get(named::GOOGLE_KEY_FILE);
        let node = identity
            .get(named::GOOGLE_NODE)
            .unwrap_or("metadata.google.internal");
        is_google.then(|| {
            Self(match key {
                Some(file) => Source::Key {
                    file: file.to_owned(),
                },
                None => Source::Node {
                    host: node.to_owned(),
                },
            })
        })
    }

    async fn log_in(&self, now: SystemTime) -> Result<Login, LoginError> {
        let (server, answer) = match &self.0 {
            Source::Key { file } => (SERVER, of_key(file, now).await?),
            Source::Node { host } => (NODE, of_node(host).await?),
        };
        let lifetime = Duration::from_secs(answer["expires_in"].as_u64().unwrap_or_default());
        Ok(Login {
            name: USER.to_owned(),
            password: token(server, &answer, "access_token")?,
            expires: now + lifetime,
        })
    }
}

impl Exchange for ArtifactRegistry {
    fn exchange(&self, now: SystemTime) -> BoxFuture<'_, Result<Login, LoginError>> {
        Box::pin(self.log_in(now))
    }
}

async fn of_node(host: &str) -> Result<Value, LoginError> {
    let address = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    node(NODE, &address, &[], ("metadata-flavor", "Google")).await
}

async fn of_key(path: &str, now: SystemTime) -> Result<Value, LoginError> {
    // The cause is left out: it would quote the key.
    let bad = |cause: &str| {
        LoginError::failed(
            SERVER,
            format!("cannot be asked, since {path} {cause}"),
            ONLY_KEYS,
        )
    };
    let key: Credential =
        serde_json::from_str(&file(SERVER, path)?).map_err(|_| bad("is no JSON file of a credential"))?;
    if key.r#type != "service_account" {
        return Err(bad("is no key of a service account"));
    }
    let address = key.token_uri.as_deref().unwrap_or(TOKENS);
    let assertion = assertion(&key, address, now).map_err(bad)?;
    let fields = [("grant_type", GRANT), ("assertion", &assertion.0)];
    let remedy = format!("look whether the key of {} is still valid", key.client_email);
    post(SERVER, address, &fields, &remedy).await
}

fn assertion(key: &Credential, address: &str, now: SystemTime) -> Result<Secret, &'static str> {
    let seconds = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": key.private_key_id});
    let claims = json!({
        "iss": key.client_email,
        "scope": SCOPE,
        "aud": address,
        "iat": seconds,
        "exp": seconds + 3600,
    });
    sign(&header, &claims, &key.private_key).map(Secret)
}

#[cfg(test)]
impl ArtifactRegistry {
    pub(super) fn identity(&self) -> &'static str {
        match self.0 {
            Source::Key { .. } => "Key",
            Source::Node { .. } => "Node",
        }
    }
}
