//! A database as settings and Secrets name it.

mod general;
mod oracle;
mod sql_server;
#[cfg(test)]
mod tests;
mod url;

use super::kind::Kind;
use super::parts::Parts;
use super::server::Server;
use super::{Identity, Problem, Target, text};
use crate::secret_store::database as keys;
use std::collections::BTreeMap;
use std::fmt;

/// A database as settings and Secrets name it. Empty values count as absent.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Address {
    /// The runtime's word, such as `PostgreSQL` or `SQLSERVER`, in any case.
    pub type_: Option<String>,
    /// Address in the form of a JDBC driver or `postgres://user:password@host/name`; the other fields then count no
    /// more, but for user and schema (Mendix documentation, "Runtime customization").
    pub jdbc_url: Option<String>,
    /// `host` or `host:port`.
    pub host: Option<String>,
    /// Name of the database; with SAP HANA, of the schema.
    pub name: Option<String>,
    /// Login role.
    pub user_name: Option<String>,
    /// Schema of the app, where that is not named after the login role.
    pub schema: Option<String>,
}

/// Shows nothing of it: the JDBC address may hold a password.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Address").finish_non_exhaustive()
    }
}

impl Address {
    /// The address in the documented keys of a Secret ([`crate::secret_store::database`]).
    pub fn of_keys(data: &BTreeMap<String, String>) -> Self {
        let value = |key: &str| data.get(key).cloned();
        Self {
            type_: value(keys::TYPE),
            jdbc_url: value(keys::JDBC_URL),
            host: value(keys::HOST),
            name: value(keys::NAME),
            user_name: value(keys::USER_NAME),
            schema: None,
        }
    }

    /// Which database it is to a pod in `namespace`.
    pub fn identity(&self, namespace: &str) -> Result<Identity, Problem> {
        self.parts()?.identity(namespace)
    }

    /// Where it is, for whoever connects.
    pub fn target(&self) -> Result<Target, Problem> {
        Ok(self.parts()?.into())
    }

    /// Password of the login role, where the JDBC address holds it.
    pub(super) fn password(&self) -> Option<String> {
        self.parts().ok()?.password
    }

    fn parts(&self) -> Result<Parts, Problem> {
        let mut parts = match field(self.jdbc_url.as_ref()) {
            Some(url) => url::parse(url)?,
            None => self.fields()?,
        };
        if let Some(schema) = field(self.schema.as_ref()) {
            parts.schema.get_or_insert_with(|| schema.to_owned());
        }
        if let Some(user) = field(self.user_name.as_ref()) {
            parts.user.get_or_insert_with(|| user.to_owned());
        }
        Ok(parts)
    }

    /// Whether it says which database it is, be it right or wrong.
    pub(super) fn is_named(&self) -> bool {
        let named = [&self.jdbc_url, &self.host, &self.name];
        named.into_iter().any(|value| field(value.as_ref()).is_some()) || self.kind() == Some(Kind::Hsqldb)
    }

    /// What `type_` says, when that is known.
    pub fn kind(&self) -> Option<Kind> {
        Kind::of_word(field(self.type_.as_ref())?)
    }

    fn fields(&self) -> Result<Parts, Problem> {
        if !self.is_named() {
            return Err(Problem::NoDatabase);
        }
        field(self.type_.as_ref()).ok_or(Problem::NoType)?;
        let kind = self.kind().ok_or(Problem::UnknownType)?;
        // The runtime's own database is in its memory or its files, whatever else is set.
        if kind == Kind::Hsqldb {
            return Ok(Parts::new(kind, Vec::new()));
        }
        let host = field(self.host.as_ref()).ok_or(Problem::NoHost)?;
        let name = field(self.name.as_ref()).map(direct_name).transpose()?;
        let mut parts = Parts::new(kind, servers(kind, host)?);
        // With SAP HANA the name is that of the schema: the buildpack sets it so.
        match kind {
            Kind::Hana => parts.schema = field(self.schema.as_ref()).or(name).map(str::to_owned),
            _ => parts.name = name.map(str::to_owned),
        }
        Ok(parts)
    }
}

fn field(value: Option<&String>) -> Option<&str> {
    text::present(value?)
}

fn servers(kind: Kind, host: &str) -> Result<Vec<Server>, Problem> {
    match kind {
        Kind::SqlServer => Ok(vec![sql_server::server(host)?]),
        _ => Server::parse_list(host, &[',']),
    }
}

/// A name as it is written outside or unescaped inside an address. What belongs to an address is refused: it may be
/// the start of parameters, with a password among them.
fn direct_name(name: &str) -> Result<&str, Problem> {
    if name.contains(['?', '&', ';', '=', '@']) {
        Err(Problem::Name)
    } else {
        Ok(name)
    }
}
