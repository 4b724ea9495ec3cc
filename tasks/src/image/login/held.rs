//! The logins of a process: those that it is given, and those that it gets and keeps until shortly before they end.

use super::super::Credentials;
use super::super::credentials::Written;
use super::super::helper;
use super::acr;
use super::choose::choose;
use super::{Identity, LoginError};
use oci_client::secrets::RegistryAuth;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// A login is got anew when it would end within this time: a request that has begun is to end with it.
const MARGIN: Duration = Duration::from_mins(2);

/// The login for a host as it is now.
#[derive(Clone, Debug)]
pub(in super::super) struct Current {
    pub(in super::super) auth: RegistryAuth,
    /// Whether it is another one than the first.
    pub(in super::super) renewed: bool,
}

/// All logins. What is written down comes first: somebody chose it.
#[derive(Clone, Default)]
pub(in super::super) struct Logins {
    credentials: Credentials,
    identity: Identity,
    held: Arc<Mutex<BTreeMap<String, Held>>>,
}

#[derive(Clone)]
struct Held {
    current: Current,
    until: Option<SystemTime>,
}

impl Logins {
    pub(in super::super) fn new(credentials: Credentials, identity: Identity) -> Self {
        Self {
            credentials,
            identity,
            held: Arc::default(),
        }
    }

    pub(in super::super) fn with_identity(self, identity: Identity) -> Self {
        Self::new(self.credentials, identity)
    }

    /// The login for a host; `scheme` is how the host is spoken to.
    pub(in super::super) async fn of(&self, host: &str, scheme: &'static str) -> Result<Current, LoginError> {
        let now = SystemTime::now();
        // Held while a vendor is asked: several uploads begin together, and one login serves them all.
        let mut held = self.held.lock().await;
        if let Some(found) = held.get(host).filter(|held| held.lasts(now)) {
            return Ok(found.current.clone());
        }
        let (auth, until) = self.get(host, scheme, now).await?;
        let current = Current {
            auth,
            renewed: held.contains_key(host),
        };
        let made = Held {
            current: current.clone(),
            until,
        };
        held.insert(host.to_owned(), made);
        Ok(current)
    }

    async fn get(
        &self,
        host: &str,
        scheme: &'static str,
        now: SystemTime,
    ) -> Result<(RegistryAuth, Option<SystemTime>), LoginError> {
        let written = match self.credentials.for_host(host) {
            Written::Helper { helper, server, own } => helper::ask(&helper, &server, own).await?,
            written => written,
        };
        match written {
            Written::Password(name, password) => Ok((RegistryAuth::Basic(name, password.0), None)),
            Written::Token(token) => Ok((acr::with_token(host, token)?, None)),
            Written::Nothing | Written::Helper { .. } => self.of_cloud(host, scheme, now).await,
        }
    }

    async fn of_cloud(
        &self,
        host: &str,
        scheme: &'static str,
        now: SystemTime,
    ) -> Result<(RegistryAuth, Option<SystemTime>), LoginError> {
        let Some(vendor) = choose(host, scheme, &self.identity) else {
            return Ok((RegistryAuth::Anonymous, None));
        };
        match vendor.exchange().exchange(now).await {
            Ok(login) => Ok((
                RegistryAuth::Basic(login.name, login.password.0),
                Some(login.expires),
            )),
            Err(error @ LoginError::NoIdentity { .. }) => {
                tracing::info!("no login for {host}: {error}");
                Ok((RegistryAuth::Anonymous, None))
            }
            Err(error) => Err(error),
        }
    }
}

impl Held {
    fn lasts(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| until > now + MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_got_anew_before_it_ends() {
        let now = SystemTime::UNIX_EPOCH;
        let lasts = |until| {
            let current = Current {
                auth: RegistryAuth::Anonymous,
                renewed: false,
            };
            Held { current, until }.lasts(now)
        };
        assert!(lasts(None) && lasts(Some(now + MARGIN + Duration::from_secs(1))));
        assert!(!lasts(Some(now + MARGIN)) && !lasts(Some(now)));
    }
}
