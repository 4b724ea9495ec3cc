//! What clouds tell their pods about who they are.

use std::collections::BTreeMap;
use std::{env, fmt};

/// Variables by which pods are told. Sources: AWS SDKs and Tools Reference Guide, "Environment variables list"; Microsoft
/// Entra Workload ID, "Service account labels and annotations"; Google Cloud, "How Application Default Credentials works".
pub(super) mod variable {
    pub(in super::super) const AWS_ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
    pub(in super::super) const AWS_SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
    pub(in super::super) const AWS_SESSION: &str = "AWS_SESSION_TOKEN";
    pub(in super::super) const AWS_ROLE: &str = "AWS_ROLE_ARN";
    pub(in super::super) const AWS_ROLE_TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
    pub(in super::super) const AWS_ROLE_SESSION: &str = "AWS_ROLE_SESSION_NAME";
    pub(in super::super) const AWS_AGENT: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    pub(in super::super) const AWS_AGENT_TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    pub(in super::super) const AWS_STS: &str = "AWS_ENDPOINT_URL_STS";
    pub(in super::super) const AWS_ECR: &str = "AWS_ENDPOINT_URL_ECR";
    pub(in super::super) const AZURE_CLIENT: &str = "AZURE_CLIENT_ID";
    pub(in super::super) const AZURE_TENANT: &str = "AZURE_TENANT_ID";
    pub(in super::super) const AZURE_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
    pub(in super::super) const AZURE_AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
    pub(in super::super) const AZURE_NODE: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
    pub(in super::super) const GOOGLE_KEY_FILE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
    pub(in super::super) const GOOGLE_NODE: &str = "GCE_METADATA_HOST";

    pub(super) const ALL: [&str; 17] = [
        AWS_ACCESS_KEY,
        AWS_SECRET_KEY,
        AWS_SESSION,
        AWS_ROLE,
        AWS_ROLE_TOKEN_FILE,
        AWS_ROLE_SESSION,
        AWS_AGENT,
        AWS_AGENT_TOKEN_FILE,
        AWS_STS,
        AWS_ECR,
        AZURE_CLIENT,
        AZURE_TENANT,
        AZURE_TOKEN_FILE,
        AZURE_AUTHORITY,
        AZURE_NODE,
        GOOGLE_KEY_FILE,
        GOOGLE_NODE,
    ];
}

/// What a pod is told about who it is. Shows no secret when printed.
#[derive(Clone, Default)]
pub struct Identity(BTreeMap<&'static str, String>);

impl Identity {
    /// What the variables of this process say.
    pub fn from_environment() -> Self {
        Self::of(|name| env::var(name).ok())
    }

    /// What these variables say. An empty one is as good as none.
    pub fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        let known = variable::ALL
            .into_iter()
            .filter_map(|name| Some((name, read(name)?)));
        Self(known.filter(|(_, value)| !value.is_empty()).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
