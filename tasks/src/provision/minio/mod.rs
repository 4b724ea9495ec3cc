//! Files on a MinIO server: what [`s3`](super::s3) does, with accounts made by the server's own administration interface
//! (version 3 of it, as the public client `madmin-go` speaks it).

mod seal;

use super::files::FileError;
use super::files::address;
use super::files::explain::{Server, Step, explain};
use super::s3::{Accounts, Deletion, Grant, Login, Shape, Store};
use super::task::StoreArguments;
use crate::call::{Call, Caller, Failure};
use clap::Args;
use rand::distr::{Alphanumeric, SampleString as _};
use reqwest::{Method, Url};
use serde_json::json;
use std::time::Duration;

/// What the task is told.
#[derive(Args, Clone, Debug)]
pub struct MinioArguments {
    /// Name of a policy that accounts get, instead of one of their own.
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Put all files into one bucket, a folder for each environment; storage-endpoint then names it: `https://HOST/BUCKET`.
    #[arg(long)]
    share_bucket: bool,
    /// Never delete files, neither the app's nor when the environment goes.
    #[arg(long)]
    keep_files: bool,
    /// Region, where the server has been given one.
    #[arg(long)]
    region: Option<String>,
    /// What every task of a store is told.
    #[command(flatten)]
    pub(super) store: StoreArguments,
}

impl MinioArguments {
    pub(super) fn shape(&self) -> Shape {
        Shape {
            create_bucket: !self.share_bucket,
            create_user: true,
            policy: self.policy.clone(),
            deletion: Deletion::of(self.keep_files, false),
            region: self.region.clone(),
            ..Shape::default()
        }
    }
}

/// Characters of a secret: 238 bits, as many as such secrets may have.
const SECRET_LENGTH: usize = 40;

/// The administration interface of a server.
pub(super) struct Minio {
    caller: Caller,
    /// Server alone, without a bucket.
    endpoint: Url,
    server: Server,
    /// What content is sealed with.
    secret: String,
}

impl Accounts for Minio {
    const SETTLES_WITHIN: Duration = Duration::ZERO;

    fn open(store: &Store) -> Result<Self, FileError> {
        let mut endpoint = store.admin.endpoint.clone();
        endpoint.set_path("/minio/admin/v3");
        Ok(Self {
            caller: store.caller(&store.admin.login),
            endpoint,
            server: store.server.clone(),
            secret: store.admin.login.secret_key.clone(),
        })
    }

    async fn create(&self, name: &str, grant: &Grant) -> Result<Login, FileError> {
        let policy = match grant {
            Grant::Own(document) => {
                self.done(
                    "add-canned-policy",
                    &[("name", name)],
                    document.clone().into_bytes(),
                )
                .await?;
                name
            }
            Grant::Existing(policy) => policy,
        };
        let secret = Alphanumeric.sample_string(&mut rand::rng(), SECRET_LENGTH);
        let user = json!({"secretKey": secret, "status": "enabled"}).to_string();
        let sealed = seal::seal(&self.secret, user.as_bytes()).map_err(FileError::SetUp)?;
        self.done("add-user", &[("accessKey", name)], sealed).await?;
        let attached = [
            ("policyName", policy),
            ("userOrGroup", name),
            ("isGroup", "false"),
        ];
        self.done("set-user-or-group-policy", &attached, Vec::new())
            .await?;
        Ok(Login {
            access_key: name.to_owned(),
            secret_key: secret,
        })
    }

    async fn remove(&self, name: &str, grant: &Grant) -> Result<(), FileError> {
        self.gone("remove-user", ("accessKey", name), "XMinioAdminNoSuchUser")
            .await?;
        match grant {
            // The policy after the user that has it.
            Grant::Own(_) => {
                self.gone("remove-canned-policy", ("name", name), "XMinioAdminNoSuchPolicy")
                    .await
            }
            Grant::Existing(_) => Ok(()),
        }
    }
}

impl Minio {
    async fn done(
        &self,
        operation: &str,
        parameters: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<(), FileError> {
        let answer = self.act(Method::PUT, operation, parameters, body).await;
        answer.map_err(|failure| self.explain(failure, operation))
    }

    /// Removes something that may be gone already.
    async fn gone(&self, operation: &str, what: (&str, &str), word: &str) -> Result<(), FileError> {
        match self.act(Method::DELETE, operation, &[what], Vec::new()).await {
            Err(failure) if !failure.is(word) => Err(self.explain(failure, operation)),
            _ => Ok(()),
        }
    }

    async fn act(
        &self,
        method: Method,
        operation: &str,
        parameters: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<(), Failure> {
        let mut url = address::below(&self.endpoint, operation);
        url.query_pairs_mut().extend_pairs(parameters);
        let call = Call {
            body,
            ..Call::new(method, url)
        };
        self.caller.call(call).await.map(drop)
    }

    fn explain(&self, failure: Failure, operation: &str) -> FileError {
        let step = Step::new(
            format!("make or remove an account by {operation}"),
            "give the account of key storage-access-key-id the policy consoleAdmin, or the rights admin:CreateUser, \
             admin:DeleteUser, admin:CreatePolicy, admin:DeletePolicy and admin:AttachUserOrGroupPolicy",
        );
        explain(failure, &self.server, &step)
    }
}
