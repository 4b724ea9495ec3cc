use super::kind::Kind;
use super::server::Server;
use super::tls::Tls;
use super::{Identity, Problem, text};

/// An address taken apart. Holds a password, hence no `Debug`.
pub(super) struct Parts {
    pub(super) kind: Kind,
    /// None: the driver takes the pod itself.
    pub(super) servers: Vec<Server>,
    /// The instance that a connector of Google Cloud reaches, whatever the servers say.
    pub(super) cloud_instance: Option<String>,
    /// Password of the login role, as only addresses of the general form are read for it.
    pub(super) password: Option<String>,
    pub(super) name: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) user: Option<String>,
    pub(super) tls: Tls,
}

impl Parts {
    pub(super) const fn new(kind: Kind, servers: Vec<Server>) -> Self {
        Self {
            kind,
            servers,
            cloud_instance: None,
            password: None,
            name: None,
            schema: None,
            user: None,
            tls: Tls::Offered,
        }
    }

    /// What they name, to a pod in `namespace`.
    pub(super) fn identity(&self, namespace: &str) -> Result<Identity, Problem> {
        let Some(servers) = self.servers(namespace)? else {
            return Ok(Identity::Local);
        };
        let mut words = vec![self.kind.as_str().to_owned(), servers, self.database()?];
        if self.kind.has_owner() {
            words.push(self.owner()?);
        }
        Ok(Identity::Named(words.join(" ")))
    }

    /// In one order, whatever order they are written in; nothing when they are the pod itself.
    fn servers(&self, namespace: &str) -> Result<Option<String>, Problem> {
        if let Some(instance) = &self.cloud_instance {
            return Ok(Some(format!("cloud-sql/{}", text::word(instance))));
        }
        let normal = |server: &Server| server.normal(self.kind, namespace);
        let all = self.servers.iter().map(normal).collect::<Result<Vec<_>, _>>()?;
        let mut named: Vec<_> = all.iter().flatten().map(String::as_str).collect();
        if named.is_empty() {
            return Ok(None);
        }
        if named.len() < all.len() {
            return Err(Problem::Loopback);
        }
        named.sort_unstable();
        named.dedup();
        Ok(Some(named.join(",")))
    }

    fn database(&self) -> Result<String, Problem> {
        match self.name.as_deref().and_then(text::present) {
            Some(name) => Ok(text::word(&self.kind.fold(name))),
            // A system of SAP HANA may have a single database, without a name.
            None if self.kind == Kind::Hana => Ok("-".to_owned()),
            None => Err(Problem::NoName),
        }
    }

    fn owner(&self) -> Result<String, Problem> {
        let owner = [&self.schema, &self.user]
            .into_iter()
            .find_map(|owner| text::present(owner.as_deref()?));
        Ok(text::word(&self.kind.fold(owner.ok_or(Problem::NoOwner)?)))
    }
}
