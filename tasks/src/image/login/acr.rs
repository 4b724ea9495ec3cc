//! Azure Container Registry.
//!
//! Sources: Azure/acr, `docs/AAD-OAuth.md` (<https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md>: `/oauth2/exchange`,
//! and the refresh token as password of a user of zeros); Azure Container Registry REST API, "Access Tokens - Get From Login"
//! (`GET /oauth2/token`, which the registry client asks); Microsoft identity platform, "OAuth 2.0 client credentials flow",
//! "Access token request with a federated credential"; "How to use managed identities on an Azure VM to acquire an access
//! token".

use super::ask::{file, node, post, token};
use super::identity::variable as named;
use super::json_web_token::expiry;
use super::{Exchange, Identity, Login, LoginError, Secret};
use futures::future::BoxFuture;
use oci_client::secrets::RegistryAuth;
use std::time::{Duration, SystemTime};

const SERVER: &str = "Azure Container Registry";
const ENTRA: &str = "Microsoft Entra ID";
const NODE: &str = "Azure's instance metadata service";
/// Tells the registry that the password is a refresh token.
const USER: &str = "00000000-0000-0000-0000-000000000000";
/// What tokens are asked for: registries, and nothing else of Azure.
const AUDIENCE: &str = "https://containerregistry.azure.net";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const DOMAINS: [&str; 3] = [".azurecr.io", ".azurecr.cn", ".azurecr.us"];
/// For a token that does not say when it ends.
const LIFETIME: Duration = Duration::from_mins(10);

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Acr {
    host: String,
    scheme: &'static str,
    identity: Source,
}

/// Who this pod is.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Workload {
        client: String,
        tenant: String,
        authority: String,
        token_file: String,
    },
    /// What the node gives to its pods: an identity of the node.
    Node { client: Option<String>, address: String },
}

impl Acr {
    pub(super) fn of(host: &str, scheme: &'static str, identity: &Identity) -> Option<Self> {
        is_acr(host).then(|| Self {
            host: host.to_owned(),
            scheme,
            identity: Source::of(identity),
        })
    }

    async fn log_in(&self, now: SystemTime) -> Result<Login, LoginError> {
        let shown = self.identity.token().await?;
        let address = format!("{}oauth2/exchange", self.registry());
        let fields = [
            ("grant_type", "access_token"),
            ("service", &self.host),
            ("access_token", &shown.0),
        ];
        let remedy =
            "give the identity of this pod the role AcrPush, or AcrPull for a registry that is only read";
        let answer = post(SERVER, &address, &fields, remedy).await?;
        let password = token(SERVER, &answer, "refresh_token")?;
        Ok(Login {
            name: USER.to_owned(),
            expires: expiry(&password.0).unwrap_or(now + LIFETIME),
            password,
        })
    }

    pub(super) fn registry(&self) -> String {
        format!("{}://{}/", self.scheme, self.host)
    }
}

/// A token that `docker login` or a helper kept instead of a password. Other registries want it exchanged in their own way.
pub(super) fn with_token(host: &str, token: Secret) -> Result<RegistryAuth, LoginError> {
    if is_acr(host) {
        return Ok(RegistryAuth::Basic(USER.to_owned(), token.0));
    }
    Err(LoginError::failed(
        "Docker's configuration",
        "holds an identity token for it, which can be used with Azure Container Registry only",
        "log in with name and password",
    ))
}

fn is_acr(host: &str) -> bool {
    let name = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain));
    name.is_some_and(|name| !name.is_empty())
}

impl Exchange for Acr {
    fn exchange(&self, now: SystemTime) -> BoxFuture<'_, Result<Login, LoginError>> {
        Box::pin(self.log_in(now))
    }
}

impl Source {
    fn of(identity: &Identity) -> Self {
        let owned = |name| identity.get(name).map(str::to_owned);
        let workload = || {
            let authority = owned(named::AZURE_AUTHORITY);
            Some(Self::Workload {
                client: owned(named::AZURE_CLIENT)?,
                tenant: owned(named::AZURE_TENANT)?,
                authority: authority.unwrap_or_else(|| "https://login.microsoftonline.com".to_owned()),
                token_file: owned(named::AZURE_TOKEN_FILE)?,
            })
        };
        workload().unwrap_or_else(|| Self::Node {
            client: owned(named::AZURE_CLIENT),
            address: owned(named::AZURE_NODE).unwrap_or_else(|| "http://169.254.169.254".to_owned()),
        })
    }

    async fn token(&self) -> Result<Secret, LoginError> {
        match self {
            Self::Workload {
                client,
                tenant,
                authority,
                token_file,
            } => {
                let proof = file(ENTRA, token_file)?;
                let address = format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/'));
                workload_token(&address, client, proof.trim()).await
            }
            Self::Node { client, address } => node_token(address, client.as_deref()).await,
        }
    }
}

async fn workload_token(address: &str, client: &str, proof: &str) -> Result<Secret, LoginError> {
    let scope = format!("{AUDIENCE}/.default");
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("scope", &scope),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", proof),
    ];
    let remedy = format!("look at the federated credential of client {client} for the service account");
    let answer = post(ENTRA, address, &fields, &remedy).await?;
    token(ENTRA, &answer, "access_token")
}

async fn node_token(address: &str, client: Option<&str>) -> Result<Secret, LoginError> {
    let address = format!("{}/metadata/identity/oauth2/token", address.trim_end_matches('/'));
    let mut query = vec![("api-version", "2018-02-01"), ("resource", AUDIENCE)];
    query.extend(client.map(|client| ("client_id", client)));
    let answer = node(NODE, &address, &query, ("metadata", "true")).await?;
    token(NODE, &answer, "access_token")
}

#[cfg(test)]
impl Acr {
    pub(super) fn identity(&self) -> &'static str {
        match self.identity {
            Source::Workload { .. } => "Workload",
            Source::Node { .. } => "Node",
        }
    }
}
