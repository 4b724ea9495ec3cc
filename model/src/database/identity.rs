//! Identity of a database by name, before anything connects to it.

use crate::crd::claim::Owner;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A database, normalised: two spellings of one are equal. Never holds credentials.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Identity {
    /// By servers and name, such as `postgresql db.example.com:5432 shop`.
    Named(String),
    /// On a loopback host or in memory, which is another database in each pod: it is guarded under the name of its
    /// environment.
    Local,
}

impl Identity {
    /// Name of the database's claim: hash of the identity, so that the second creator is refused.
    pub fn claim(&self, owner: &Owner) -> String {
        let text = match self {
            Self::Named(name) => format!("named\n{name}"),
            Self::Local => format!(
                "local\n{}\n{}\n{}",
                owner.cluster, owner.namespace, owner.environment
            ),
        };
        let mut name = "database-".to_owned();
        for byte in Sha256::digest(text.as_bytes()).iter().take(20) {
            // Writing to a String cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_database_has_one_claim_whoever_owns_it() {
        let owner = |environment: &str| Owner {
            environment: environment.to_owned(),
            ..Owner::default()
        };
        let named = Identity::Named("postgresql db:5432 shop".to_owned());
        assert_eq!(named.claim(&owner("one")), named.claim(&owner("two")));
        assert_ne!(
            Identity::Local.claim(&owner("one")),
            Identity::Local.claim(&owner("two"))
        );
        assert_eq!(named.claim(&owner("one")).len(), 49);
    }
}
