//! Amazon Elastic Container Registry.
//!
//! Sources: Amazon ECR API Reference, `GetAuthorizationToken`
//! (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html>); Amazon ECR User Guide,
//! "Private registry authentication"; AWS General Reference, "Amazon ECR endpoints and quotas". Who this pod is, is asked by
//! `object_store`, which knows roles of service accounts (IRSA) and EKS Pod Identity.

use super::identity::variable as named;
use super::{Exchange, Identity, Login, LoginError, Secret};
use crate::call::{Call, Caller, Signer, code};
use crate::network::{self, Connector};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use object_store::RetryConfig;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential};
use reqwest::{Method, Url};
use serde::Deserialize;
use std::time::{Duration, SystemTime};

const SERVER: &str = "Amazon ECR";
const ACTION: &str = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
const RIGHT: &str = "give the role or user of this pod the right ecr:GetAuthorizationToken";

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Ecr {
    region: String,
    api: String,
    sts: String,
    identity: Source,
}

/// Who this pod is.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Keys {
        id: String,
        secret: Secret,
        session: Option<Secret>,
    },
    Role {
        name: String,
        token_file: String,
        session: Option<String>,
    },
    Agent {
        address: String,
        token_file: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    authorization_data: Vec<Authorization>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    authorization_token: String,
    expires_at: f64,
}

impl Ecr {
    pub(super) fn of(host: &str, identity: &Identity) -> Option<Self> {
        let (region, api, suffix) = place(host)?;
        let set = |name, usual: String| identity.get(name).map_or(usual, str::to_owned);
        Some(Self {
            api: set(named::AWS_ECR, api),
            sts: set(named::AWS_STS, format!("https://sts.{region}.{suffix}")),
            region,
            identity: Source::of(identity)?,
        })
    }

    async fn log_in(&self) -> Result<Login, LoginError> {
        let api = Url::parse(&self.api).map_err(|error| {
            let remedy = format!("correct variable {}", named::AWS_ECR);
            LoginError::failed(SERVER, format!("has no address ({error})"), remedy)
        })?;
        let http = network::signed_client().map_err(|error| client(&error))?;
        let signer = Signer::Aws {
            credential: self.credential().await?,
            service: "ecr",
            region: self.region.clone(),
        };
        let call = Call {
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", ACTION.to_owned()),
            ],
            body: b"{}".to_vec(),
            ..Call::new(Method::POST, api)
        };
        let answer = Caller::new(http, signer).call(call).await;
        let answer = answer.map_err(|failure| LoginError::of(SERVER, failure, RIGHT))?;
        login(&answer).ok_or_else(|| LoginError::answer(SERVER))
    }

    async fn credential(&self) -> Result<AwsCredential, LoginError> {
        let store = self.identity.builder()?;
        let store = store
            // Nothing is kept in it: it is what the library gets logins for.
            .with_bucket_name("none")
            .with_region(&self.region)
            .with_config(AmazonS3ConfigKey::StsEndpoint, &self.sts)
            .with_retry(RetryConfig {
                max_retries: 3,
                retry_timeout: Duration::from_secs(15),
                ..RetryConfig::default()
            })
            .build()
            .map_err(|error| self.identity.refused(&error))?;
        let credential = store.credentials().get_credential().await;
        let credential = credential.map_err(|error| self.identity.refused(&error))?;
        Ok(AwsCredential {
            key_id: credential.key_id.clone(),
            secret_key: credential.secret_key.clone(),
            token: credential.token.clone(),
        })
    }
}

impl Exchange for Ecr {
    fn exchange(&self, _now: SystemTime) -> BoxFuture<'_, Result<Login, LoginError>> {
        Box::pin(self.log_in())
    }
}

impl Source {
    /// In the order in which AWS' own tools look.
    fn of(identity: &Identity) -> Option<Self> {
        let owned = |name| identity.get(name).map(str::to_owned);
        let keys = || {
            Some(Self::Keys {
                id: owned(named::AWS_ACCESS_KEY)?,
                secret: Secret(owned(named::AWS_SECRET_KEY)?),
                session: owned(named::AWS_SESSION).map(Secret),
            })
        };
        let role = || {
            Some(Self::Role {
                name: owned(named::AWS_ROLE)?,
                token_file: owned(named::AWS_ROLE_TOKEN_FILE)?,
                session: owned(named::AWS_ROLE_SESSION),
            })
        };
        let agent = || {
            Some(Self::Agent {
                address: owned(named::AWS_AGENT)?,
                token_file: owned(named::AWS_AGENT_TOKEN_FILE)?,
            })
        };
        keys().or_else(role).or_else(agent)
    }

    fn builder(&self) -> Result<AmazonS3Builder, LoginError> {
        let builder = AmazonS3Builder::new();
        let http = match self {
            Self::Agent { .. } => network::node_client(),
            Self::Keys { .. } | Self::Role { .. } => network::signed_client(),
        };
        let builder = builder.with_http_connector(Connector(http.map_err(|error| client(&error))?));
        Ok(match self {
            Self::Keys { id, secret, session } => {
                let builder = builder.with_access_key_id(id).with_secret_access_key(&secret.0);
                match session {
                    Some(session) => builder.with_token(&session.0),
                    None => builder,
                }
            }
            Self::Role {
                name,
                token_file,
                session,
            } => builder
                .with_config(AmazonS3ConfigKey::RoleArn, name)
                .with_config(AmazonS3ConfigKey::WebIdentityTokenFile, token_file)
                .with_config(
                    AmazonS3ConfigKey::RoleSessionName,
                    session.as_deref().unwrap_or("kubectl-mendix"),
                ),
            Self::Agent { address, token_file } => builder
                .with_config(AmazonS3ConfigKey::ContainerCredentialsFullUri, address)
                .with_config(AmazonS3ConfigKey::ContainerAuthorizationTokenFile, token_file),
        })
    }

    fn refused(&self, error: &object_store::Error) -> LoginError {
        let cause = told(&network::innermost(error));
        match self {
            Self::Keys { .. } => {
                LoginError::failed("AWS", cause, "correct the variables with its access key")
            }
            Self::Role { name, .. } => LoginError::failed(
                "AWS",
                format!("does not give this pod role {name} ({cause})"),
                "look at the role's trust policy, and at the annotation of the service account",
            ),
            Self::Agent { .. } => LoginError::failed(
                "EKS Pod Identity",
                format!("gives this pod no role ({cause})"),
                "look at the pod identity association of the service account",
            ),
        }
    }
}

/// The library's text; of an answer that it quotes no more than the word for the error.
fn told(text: &str) -> String {
    match text.find(['<', '{']) {
        Some(start) => {
            let word = code(&text.as_bytes()[start..]);
            word.unwrap_or_else(|| "an error without a word for it".to_owned())
        }
        None => text.to_owned(),
    }
}

fn client(error: &reqwest::Error) -> LoginError {
    LoginError::failed(
        "AWS",
        format!("cannot be asked ({})", network::innermost(error)),
        "check proxy and certificate settings",
    )
}

/// Region, address of the API and domain of a registry; nothing when the host is none of ECR's.
fn place(host: &str) -> Option<(String, String, &'static str)> {
    let (account, rest) = host.split_once('.')?;
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (region, prefix, domain, suffix) = if let Some(region) = between(rest, "dkr-ecr.", ".on.aws") {
        (region, "ecr", "api.aws", "amazonaws.com")
    } else if let Some(region) = between(rest, "dkr.ecr-fips.", ".amazonaws.com") {
        (region, "ecr-fips", "amazonaws.com", "amazonaws.com")
    } else if let Some(region) = between(rest, "dkr.ecr.", ".amazonaws.com.cn") {
        (region, "api.ecr", "amazonaws.com.cn", "amazonaws.com.cn")
    } else {
        let region = between(rest, "dkr.ecr.", ".amazonaws.com")?;
        (region, "api.ecr", "amazonaws.com", "amazonaws.com")
    };
    Some((
        region.to_owned(),
        format!("https://{prefix}.{region}.{domain}"),
        suffix,
    ))
}

/// The one name between two parts of a host.
fn between<'a>(host: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let name = host.strip_prefix(start)?.strip_suffix(end)?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_name && !name.is_empty()).then_some(name)
}

fn login(answer: &[u8]) -> Option<Login> {
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    let given = answer.authorization_data.into_iter().next()?;
    let text = String::from_utf8(STANDARD.decode(given.authorization_token).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    let expires = Duration::try_from_secs_f64(given.expires_at).ok()?;
    Some(Login {
        name: name.to_owned(),
        password: Secret(password.to_owned()),
        expires: SystemTime::UNIX_EPOCH + expires,
    })
}

#[cfg(test)]
impl Ecr {
    pub(super) fn api(&self) -> String {
        format!("{}/", self.api)
    }

    pub(super) fn identity(&self) -> &'static str {
        match self.identity {
            Source::Keys { .. } => "Keys",
            Source::Role { .. } => "Role",
            Source::Agent { .. } => "Agent",
        }
    }
}
