//! Accounts at AWS, by the Query protocol of IAM (IAM API Reference, version 2010-05-08,
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/>; "Calling the API using HTTP query requests",
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html>).

use super::super::files::explain::{Keys, Server, Step, explain};
use super::super::files::{FileError, Setting, address};
use super::Login;
use super::accounts::{Accounts, Grant};
use super::store::{KEYS, Store};
use crate::call::{Call, Caller, FORM, Failure, Signer, form};
use crate::xml;
use mendix_model::secret_store::s3_region;
use reqwest::{Method, Url};
use std::time::Duration;

const VERSION: &str = "2010-05-08";
/// Name of the policy of its own that an account has.
const POLICY: &str = "files";
/// What says where IAM is.
const ENDPOINT: Setting = Setting::Argument("--iam-endpoint");
/// Word for a user or a policy that is not there.
const GONE: &str = "NoSuchEntity";

/// See the module.
pub(in crate::provision) struct Iam {
    caller: Caller,
    endpoint: Url,
    server: Server,
}

impl Accounts for Iam {
    /// AWS promises nothing; ten seconds are common.
    const SETTLES_WITHIN: Duration = Duration::from_mins(1);

    fn open(store: &Store) -> Result<Self, FileError> {
        let text = store.shape.accounts_endpoint.clone().unwrap_or_default();
        let endpoint = address::parse(&text, ENDPOINT)?;
        let signer = Signer::Aws {
            credential: store.admin.login.credential(),
            service: "iam",
            region: s3_region(endpoint.host_str().unwrap_or_default()).to_owned(),
        };
        Ok(Self {
            caller: Caller::new(store.http.clone(), signer),
            server: Server {
                address: address::server(&endpoint),
                keys: Keys {
                    address: ENDPOINT,
                    ..KEYS
                },
            },
            endpoint,
        })
    }

    async fn create(&self, name: &str, grant: &Grant) -> Result<Login, FileError> {
        let found = self.act("CreateUser", name, &[]).await;
        unless(found, "EntityAlreadyExists").map_err(|failure| self.explain(failure, "CreateUser", name))?;
        match grant {
            Grant::Own(document) => {
                let policy = [("PolicyName", POLICY), ("PolicyDocument", document)];
                self.done("PutUserPolicy", name, &policy).await?;
            }
            Grant::Existing(arn) => {
                self.done("AttachUserPolicy", name, &[("PolicyArn", arn)]).await?;
            }
        }
        // The secret of a key is told once. What a killed run made nobody knows, and two keys are the limit.
        self.delete_keys(name).await?;
        let made = self.done("CreateAccessKey", name, &[]).await?;
        login(&made).ok_or_else(|| FileError::NotAStore {
            step: "create an access key".to_owned(),
            server: self.server.address.clone(),
            found: "something else than IAM".to_owned(),
            key: self.server.keys.address,
        })
    }

    async fn remove(&self, name: &str, grant: &Grant) -> Result<(), FileError> {
        if !self.delete_keys(name).await? {
            return Ok(());
        }
        let (action, policy) = match grant {
            Grant::Own(_) => ("DeleteUserPolicy", ("PolicyName", POLICY)),
            Grant::Existing(arn) => ("DetachUserPolicy", ("PolicyArn", &**arn)),
        };
        let gone = self.act(action, name, &[policy]).await;
        unless(gone, GONE).map_err(|failure| self.explain(failure, action, name))?;
        let gone = self.act("DeleteUser", name, &[]).await;
        unless(gone, GONE).map_err(|failure| self.explain(failure, "DeleteUser", name))?;
        Ok(())
    }
}

impl Iam {
    /// Whether there is such a user.
    async fn delete_keys(&self, name: &str) -> Result<bool, FileError> {
        let listed = match self.act("ListAccessKeys", name, &[]).await {
            Err(failure) if failure.is(GONE) => return Ok(false),
            listed => listed.map_err(|failure| self.explain(failure, "ListAccessKeys", name))?,
        };
        for key in xml::texts_of(&listed, "AccessKeyId") {
            self.done("DeleteAccessKey", name, &[("AccessKeyId", &key)])
                .await?;
        }
        Ok(true)
    }

    async fn done(&self, action: &str, user: &str, parameters: &[(&str, &str)]) -> Result<String, FileError> {
        let answer = self.act(action, user, parameters).await;
        answer.map_err(|failure| self.explain(failure, action, user))
    }

    async fn act(&self, action: &str, user: &str, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        let fixed = [("Action", action), ("Version", VERSION), ("UserName", user)];
        let fields: Vec<_> = fixed.iter().chain(parameters).copied().collect();
        let call = Call {
            headers: vec![("content-type", FORM.to_owned())],
            body: form(&self.endpoint, &fields),
            ..Call::new(Method::POST, self.endpoint.clone())
        };
        let answer = self.caller.call(call).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn explain(&self, failure: Failure, action: &str, user: &str) -> FileError {
        let step = Step::new(
            format!("make or remove user {user} by {action}"),
            format!("give the account of key storage-access-key-id the right iam:{action}"),
        );
        explain(failure, &self.server, &step)
    }
}

fn unless<T>(result: Result<T, Failure>, word: &str) -> Result<(), Failure> {
    match result {
        Err(failure) if !failure.is(word) => Err(failure),
        _ => Ok(()),
    }
}

fn login(answer: &str) -> Option<Login> {
    Some(Login {
        access_key: xml::text_of(answer, "AccessKeyId")?,
        secret_key: xml::text_of(answer, "SecretAccessKey")?,
    })
}
