//! The administrator's credentials, from the plan's Secret.

use super::super::{PostgresError, ProvisionError};
use crate::settings::{SettingsError, read_key};
use mendix_model::database::Tls;
use mendix_model::secret_store::database;
use std::fmt;
use std::path::Path;

/// Database that is connected to for making others.
const MAINTENANCE: &str = "postgres";
const PORT: u16 = 5432;

/// How a server is reached, and as whom. Shows no password when printed.
pub(in crate::provision) struct Admin {
    pub(in crate::provision) host: String,
    pub(in crate::provision) port: u16,
    pub(in crate::provision) user: String,
    pub(in crate::provision) password: String,
    pub(in crate::provision) database: String,
    pub(in crate::provision) tls: Tls,
}

impl fmt::Debug for Admin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}/{}", self.user, self.address(), self.database)
    }
}

impl Admin {
    /// `host:port`, with brackets around an IPv6 address.
    pub(in crate::provision) fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

/// Reads the keys, one file each. `tls`: as the driver of the app goes to the address that it gets.
pub(super) fn read(folder: &Path, tls: Tls) -> Result<Admin, ProvisionError> {
    let (host, port) = split(&needed(folder, database::HOST)?)?;
    Ok(Admin {
        host,
        port,
        user: needed(folder, database::USER_NAME)?,
        password: needed(folder, database::PASSWORD)?,
        database: read_key(folder, database::NAME)?.unwrap_or_else(|| MAINTENANCE.to_owned()),
        tls,
    })
}

fn needed(folder: &Path, key: &'static str) -> Result<String, SettingsError> {
    read_key(folder, key)?.ok_or(SettingsError::AdminKey(key))
}

/// `host`, `host:port`, `[address]`, `[address]:port`.
fn split(text: &str) -> Result<(String, u16), PostgresError> {
    let wrong = || PostgresError::Host(text.to_owned());
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or_else(wrong)?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().map_err(|_| wrong())?,
        None if port.is_empty() => PORT,
        None => return Err(wrong()),
    };
    if host.is_empty() {
        Err(wrong())
    } else {
        Ok((host.to_owned(), port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("db.example", Some(("db.example", 5432)))]
    #[case("db.example:6432", Some(("db.example", 6432)))]
    #[case("[fd00::1]:6432", Some(("fd00::1", 6432)))]
    #[case("[fd00::1]", Some(("fd00::1", 5432)))]
    #[case("db.example:", None)]
    #[case("db.example:port", None)]
    #[case("fd00::1", None)]
    #[case("[fd00::1", None)]
    #[case("[fd00::1]x", None)]
    #[case(":5432", None)]
    fn host_and_port_are_split(#[case] text: &str, #[case] expected: Option<(&str, u16)>) {
        assert_eq!(
            split(text).ok(),
            expected.map(|(host, port)| (host.to_owned(), port))
        );
    }

    #[test]
    fn credentials_are_read_without_the_newline_that_editors_add() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        for (key, value) in [
            ("database-host", "[::1]:1\n"),
            ("database-username", "admin"),
            ("database-password", "p w\n"),
        ] {
            std::fs::write(folder.path().join(key), value)?;
        }
        let admin = read(folder.path(), Tls::Offered)?;
        assert_eq!(
            (admin.password.as_str(), admin.database.as_str()),
            ("p w", "postgres")
        );
        assert_eq!(format!("{admin:?}"), "admin@[::1]:1/postgres");
        std::fs::remove_file(folder.path().join("database-username"))?;
        assert!(
            read(folder.path(), Tls::Offered)
                .expect_err("missing")
                .to_string()
                .contains("database-username")
        );
        Ok(())
    }
}
