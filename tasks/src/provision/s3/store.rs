//! A store as a plan gives it, with the clients for it.

use super::super::files::clear::retries;
use super::super::files::explain::{Keys, Server};
use super::super::files::{FileError, Setting, address};
use super::place::Place;
use super::{Admin, Deletion, Login, Shape};
use crate::call::{Caller, Signer};
use crate::network::{self, Connector};
use mendix_model::secret_store::{s3_region, storage};
use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};

/// Keys of the plan's Secret, for sentences.
pub(in crate::provision) const KEYS: Keys = Keys {
    address: Setting::Key(storage::ENDPOINT),
    place: Setting::Key(storage::ENDPOINT),
    account: Setting::Key(storage::ACCESS_KEY_ID),
    secret: Setting::Key(storage::SECRET_ACCESS_KEY),
    kind: "bucket",
};

/// See the module.
pub(in crate::provision) struct Store {
    pub(in crate::provision) shape: Shape,
    pub(in crate::provision) admin: Admin,
    pub(super) place: Place,
    pub(in crate::provision) region: String,
    pub(in crate::provision) server: Server,
    pub(in crate::provision) http: reqwest::Client,
}

impl Store {
    pub(super) fn new(shape: Shape, admin: Admin, place: Place) -> Result<Self, FileError> {
        let http = network::signed_client().map_err(|error| FileError::SetUp(network::innermost(&error)))?;
        let region = shape.region.clone();
        Ok(Self {
            region: region
                .unwrap_or_else(|| s3_region(admin.endpoint.host_str().unwrap_or_default()).to_owned()),
            server: Server {
                address: address::server(&admin.endpoint),
                keys: KEYS,
            },
            shape,
            admin,
            place,
            http,
        })
    }

    /// A client that signs as this account.
    pub(in crate::provision) fn caller(&self, login: &Login) -> Caller {
        let signer = Signer::Aws {
            credential: login.credential(),
            service: "s3",
            region: self.region.clone(),
        };
        Caller::new(self.http.clone(), signer)
    }

    /// The library's client of the bucket, as the plan's account.
    pub(super) fn objects(&self) -> Result<impl ObjectStore, FileError> {
        AmazonS3Builder::new()
            .with_endpoint(address::written(&self.place.bucket()))
            // "The address is that of the bucket": so it is, however the bucket is named in it.
            .with_virtual_hosted_style_request(true)
            .with_bucket_name(&self.place.name)
            .with_region(&self.region)
            .with_access_key_id(&self.admin.login.access_key)
            .with_secret_access_key(&self.admin.login.secret_key)
            .with_allow_http(true)
            .with_http_connector(Connector(self.http.clone()))
            .with_retry(retries())
            .with_config(
                AmazonS3ConfigKey::DisableBulkDelete,
                (self.shape.deletion == Deletion::Singly).to_string(),
            )
            .build()
            .map_err(|error| FileError::SetUp(network::innermost(&error)))
    }
}
