//! Which database the settings name, and connections to it.

use std::time::Duration;

use thiserror::Error;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use crate::settings::Settings;

/// Where the app keeps its data.
#[derive(Clone, Debug, PartialEq)]
pub enum Database {
    /// HSQLDB: inside of the process, empty at every start.
    Memory,
    Postgres(Box<Config>),
}

/// Why the settings name no database that can be used.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Error {
    #[error("failed to use DatabaseType {0}: this runtime double knows PostgreSQL and HSQLDB only")]
    Type(String),
    #[error("failed to use the database: the setting {0} is missing")]
    Missing(&'static str),
    #[error("failed to read {setting}: {problem}")]
    Malformed {
        setting: &'static str,
        problem: &'static str,
    },
}

/// Reads the database off the settings: `DatabaseType`, then `DatabaseJdbcUrl` before `DatabaseHost` and
/// `DatabaseName`; user name and password of the settings before those of the URL (Mendix custom settings).
///
/// # Errors
/// An unknown type, a missing name, host or user, a URL of another database.
pub fn choose(settings: &Settings) -> Result<Database, Error> {
    let kind = settings
        .text("DatabaseType")
        .unwrap_or_else(|| "HSQLDB".to_owned());
    if kind.eq_ignore_ascii_case("HSQLDB") {
        return match settings.text("DatabaseJdbcUrl") {
            Some(url) if !url.starts_with("jdbc:hsqldb:") => Err(malformed("is not for DatabaseType HSQLDB")),
            _ => Ok(Database::Memory),
        };
    }
    if !kind.eq_ignore_ascii_case("PostgreSQL") {
        return Err(Error::Type(kind));
    }
    let mut config = match settings.text("DatabaseJdbcUrl") {
        Some(url) => from_url(&url)?,
        None => from_parts(settings)?,
    };
    if let Some(user) = settings.text("DatabaseUserName") {
        config.user(user);
    }
    if let Some(password) = settings.text("DatabasePassword") {
        config.password(password);
    }
    config.get_user().ok_or(Error::Missing("DatabaseUserName"))?;
    Ok(Database::Postgres(Box::new(with_limits(config))))
}

fn from_parts(settings: &Settings) -> Result<Config, Error> {
    let host = settings
        .text("DatabaseHost")
        .ok_or(Error::Missing("DatabaseHost"))?;
    let name = settings
        .text("DatabaseName")
        .ok_or(Error::Missing("DatabaseName"))?;
    let mut config = Config::new();
    add_host(&mut config, &host).ok_or(Error::Malformed {
        setting: "DatabaseHost",
        problem: "expected HOST or HOST:PORT",
    })?;
    config.dbname(name);
    Ok(config)
}

/// `jdbc:postgresql://HOST[:PORT][,HOST[:PORT]…]/NAME[?KEY=VALUE[&…]]` (PostgreSQL JDBC driver).
fn from_url(url: &str) -> Result<Config, Error> {
    let rest = url
        .strip_prefix("jdbc:postgresql://")
        .ok_or_else(|| malformed("is not for DatabaseType PostgreSQL"))?;
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, name) = rest
        .split_once('/')
        .ok_or_else(|| malformed("names no database"))?;
    let mut config = Config::new();
    for host in hosts.split(',') {
        add_host(&mut config, host).ok_or_else(|| malformed("has a host that cannot be read"))?;
    }
    config.dbname(decode(name).ok_or_else(|| malformed("has a name that cannot be read"))?);
    for (key, value) in parameters
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
    {
        let value = decode(value).ok_or_else(|| malformed("has a parameter that cannot be read"))?;
        match (key, value.as_str()) {
            ("user", user) => drop(config.user(user)),
            ("password", password) => drop(config.password(password)),
            ("sslmode", "require" | "verify-ca" | "verify-full") => {
                return Err(malformed(
                    "asks for TLS, which this runtime double does not speak",
                ));
            }
            // The driver's other parameters change nothing that the double does.
            _ => {}
        }
    }
    Ok(config)
}

fn malformed(problem: &'static str) -> Error {
    Error::Malformed {
        setting: "DatabaseJdbcUrl",
        problem,
    }
}

/// `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; without a host the driver takes localhost.
fn add_host(config: &mut Config, text: &str) -> Option<()> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':')?)),
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    config.host(if host.is_empty() { "localhost" } else { host });
    config.port(port.map_or(Ok(5432), str::parse).ok()?);
    Some(())
}

/// Undoes percent encoding; nothing when an escape is cut off or the result is no UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

/// A database behind a cut network must be noticed within seconds, or the register would wait for it for minutes.
fn with_limits(mut config: Config) -> Config {
    config
        .application_name("runtime-double")
        .connect_timeout(Duration::from_secs(5))
        .keepalives_idle(Duration::from_secs(5))
        .keepalives_interval(Duration::from_secs(1))
        .keepalives_retries(3)
        .tcp_user_timeout(Duration::from_secs(5));
    config
}

/// Connects and leaves the connection to a task that ends with the client.
///
/// # Errors
/// The server cannot be reached or refuses.
pub async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        // The client's next statement reports what ended the connection.
        let _ = connection.await;
    });
    Ok(client)
}

/// Whether the server answered that it has no database of this name.
pub fn is_missing(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_CATALOG_NAME)
}

/// Creates the database through the server's maintenance database, as `start` with `autocreatedb` does.
///
/// # Errors
/// The server refuses: the role may not create databases, or not connect to `postgres`.
pub async fn create(config: &Config) -> Result<(), tokio_postgres::Error> {
    let mut maintenance = config.clone();
    maintenance.dbname("postgres");
    let client = connect(&maintenance).await?;
    let name = config.get_dbname().unwrap_or_default().replace('"', "\"\"");
    client.batch_execute(&format!("CREATE DATABASE \"{name}\"")).await
}

/// A server's error with its cause; the driver's own text leaves the cause out. Holds no password.
pub fn explain(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) if !error.to_string().contains(&cause.to_string()) => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tokio_postgres::config::Host;

    fn chosen(value: &Value) -> Result<Database, Error> {
        let mut settings = Settings::default();
        settings.merge(value.as_object().unwrap());
        choose(&settings)
    }

    fn postgres(value: &Value) -> Config {
        match chosen(value) {
            Ok(Database::Postgres(config)) => *config,
            other => panic!("no PostgreSQL: {other:?}"),
        }
    }

    #[test]
    fn parts_name_a_server_with_and_without_a_port() {
        let config = postgres(&json!({"DatabaseType": "PostgreSQL", "DatabaseHost": "db:5433",
            "DatabaseName": "app", "DatabaseUserName": "user", "DatabasePassword": "hush"}));
        assert_eq!(config.get_hosts(), [Host::Tcp("db".into())]);
        assert_eq!(config.get_ports(), [5433]);
        assert_eq!(
            (config.get_dbname(), config.get_user()),
            (Some("app"), Some("user"))
        );
        let config = postgres(&json!({"DatabaseType": "postgresql", "DatabaseHost": "[::1]",
            "DatabaseName": "app", "DatabaseUserName": "user"}));
        assert_eq!(
            (config.get_hosts(), config.get_ports()),
            (&[Host::Tcp("::1".into())][..], &[5432][..])
        );
    }

    #[test]
    fn a_url_goes_before_the_parts_and_the_settings_before_its_parameters() {
        let config = postgres(&json!({"DatabaseType": "PostgreSQL", "DatabaseHost": "other",
            "DatabaseJdbcUrl": "jdbc:postgresql://one:1,two/my%20app?user=url&password=a%26b&ssl=false",
            "DatabaseUserName": "setting"}));
        assert_eq!(
            config.get_hosts(),
            [Host::Tcp("one".into()), Host::Tcp("two".into())]
        );
        assert_eq!(config.get_ports(), [1, 5432]);
        assert_eq!(
            (config.get_dbname(), config.get_user()),
            (Some("my app"), Some("setting"))
        );
        assert_eq!(config.get_password(), Some(&b"a&b"[..]));
    }

    #[test]
    fn memory_is_the_default() {
        assert_eq!(chosen(&json!({})), Ok(Database::Memory));
        assert_eq!(chosen(&json!({"DatabaseType": "HSQLDB"})), Ok(Database::Memory));
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        let refused = |value: Value| chosen(&value).unwrap_err().to_string();
        assert!(refused(json!({"DatabaseType": "Oracle"})).contains("Oracle"));
        assert!(refused(json!({"DatabaseType": "PostgreSQL"})).contains("DatabaseHost"));
        let url = |url: &str| refused(json!({"DatabaseType": "PostgreSQL", "DatabaseJdbcUrl": url}));
        assert!(url("jdbc:sqlserver://x").contains("PostgreSQL"));
        assert!(url("jdbc:postgresql://host").contains("names no database"));
        assert!(url("jdbc:postgresql://host/app").contains("DatabaseUserName"));
        assert!(url("jdbc:postgresql://host/app?sslmode=require").contains("TLS"));
        assert!(refused(json!({"DatabaseJdbcUrl": "jdbc:postgresql://host/app"})).contains("HSQLDB"));
    }
}
