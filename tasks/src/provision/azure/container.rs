//! Makes and deletes containers (Azure Storage REST API, "Create Container", "Delete Container").

use super::super::files::explain::{Keys, Server, Step, explain};
use super::super::files::{FileError, Setting, address};
use super::Admin;
use crate::call::{Call, Caller, Signer};
use crate::network;
use mendix_model::secret_store::storage;
use reqwest::{Client, Method, Url};

/// Azure says the same to a stranger as to a network that is not admitted.
pub(super) const DENIED: &str = "correct keys storage-azure-account-name and storage-azure-account-key of the plan's admin \
    Secret, or let keys be used and admit the network of this cluster in the settings of the account";

/// The container of one app, there or not.
pub(super) struct Container {
    pub(super) admin: Admin,
    pub(super) name: String,
    pub(super) server: Server,
    http: Client,
}

impl Container {
    /// `own` is the name that is nobody else's.
    pub(super) fn new(admin: Admin, own: String) -> Result<Self, FileError> {
        let http = network::signed_client().map_err(|error| FileError::SetUp(network::innermost(&error)))?;
        Ok(Self {
            name: admin.container.clone().unwrap_or(own),
            server: Server {
                address: address::server(&admin.endpoint),
                keys: keys(admin.endpoint_is_given),
            },
            admin,
            http,
        })
    }

    pub(super) const fn is_given(&self) -> bool {
        self.admin.container.is_some()
    }

    pub(super) fn url(&self) -> Url {
        address::below(&self.admin.endpoint, &self.name)
    }

    pub(super) fn caller(&self) -> Result<Caller, FileError> {
        let signer = Signer::Azure {
            credential: self.admin.credential()?,
            account: self.admin.account.clone(),
        };
        Ok(Caller::new(self.http.clone(), signer))
    }

    /// Makes it; whether it was not there before. One that is there was made by a run that was killed: its name is nobody
    /// else's.
    pub(super) async fn create(&self) -> Result<bool, FileError> {
        self.act(Method::PUT, "create", "ContainerAlreadyExists").await
    }

    /// Deletes it with all files. One that is gone is no failure.
    pub(super) async fn delete(&self) -> Result<(), FileError> {
        self.act(Method::DELETE, "delete", "ContainerNotFound")
            .await
            .map(drop)
    }

    async fn act(&self, method: Method, verb: &str, done: &str) -> Result<bool, FileError> {
        let mut url = self.url();
        url.set_query(Some("restype=container"));
        match self.caller()?.call(Call::new(method, url)).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.is(done) => Ok(false),
            Err(failure) => {
                let step = Step::new(format!("{verb} container {}", self.name), DENIED);
                Err(explain(failure, &self.server, &step))
            }
        }
    }
}

/// Keys of the plan's Secret, for sentences.
const fn keys(endpoint_is_given: bool) -> Keys {
    Keys {
        address: Setting::Key(if endpoint_is_given {
            storage::AZURE_BLOB_ENDPOINT
        } else {
            storage::AZURE_ACCOUNT_NAME
        }),
        place: Setting::Key(storage::AZURE_CONTAINER),
        account: Setting::Key(storage::AZURE_ACCOUNT_NAME),
        secret: Setting::Key(storage::AZURE_ACCOUNT_KEY),
        kind: "container",
    }
}
