//! `thin:user/password@//host:port/service` and its older forms (Oracle documentation, "JDBC Developer's Guide: Data
//! Sources and URLs").

use super::direct_name;
use crate::database::kind::Kind;
use crate::database::parts::Parts;
use crate::database::server::Server;
use crate::database::{Problem, text};

/// What follows `jdbc:oracle:`.
pub(super) fn parse(rest: &str) -> Result<Parts, Problem> {
    let driver = ["thin:", "oci:", "oci8:"];
    let rest = driver
        .iter()
        .find_map(|driver| text::without_prefix(rest, driver));
    let (user, database) = rest
        .and_then(|rest| rest.split_once('@'))
        .ok_or(Problem::UnknownForm)?;
    // A second one is part of a password, and then the rest of that would be taken for a host.
    if database.contains('@') {
        return Err(Problem::SpecialCharacter);
    }
    let mut parts = if database.trim_start().starts_with('(') {
        descriptor(database)?
    } else {
        short(database)?
    };
    parts.user = user.split('/').next().and_then(text::present).map(str::to_owned);
    Ok(parts)
}

/// `//host:port/service` or `host:port:sid`. Service and SID of one database mostly are the same word, and so are
/// not told apart.
fn short(database: &str) -> Result<Parts, Problem> {
    let database = database.split('?').next().unwrap_or_default();
    let protocol = ["tcp:", "tcps:"]
        .iter()
        .find_map(|protocol| text::without_prefix(database, protocol));
    let database = protocol.unwrap_or(database);
    let bare = database.strip_prefix("//");
    let (hosts, name) = match (bare.unwrap_or(database).split_once('/'), bare) {
        (Some((hosts, service)), _) => (hosts, service.split([':', '/']).next().unwrap_or_default()),
        (None, Some(hosts)) => (hosts, ""),
        (None, None) => with_sid(database)?,
    };
    let mut parts = Parts::new(Kind::Oracle, Server::parse_list(hosts, &[','])?);
    parts.name = Some(service(name)?.to_owned());
    Ok(parts)
}

fn with_sid(database: &str) -> Result<(&str, &str), Problem> {
    let (hosts, sid) = database.rsplit_once(':').ok_or(Problem::Alias)?;
    if hosts.contains(':') {
        Ok((hosts, sid))
    } else {
        // `host:port` alone names no service.
        Err(Problem::NoName)
    }
}

fn service(name: &str) -> Result<&str, Problem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._$#-".contains(&byte);
    let name = direct_name(text::present(name).ok_or(Problem::NoName)?)?;
    name.bytes().all(allowed).then_some(name).ok_or(Problem::Name)
}

/// `(DESCRIPTION=(ADDRESS=(HOST=h)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=s)))`.
fn descriptor(text: &str) -> Result<Parts, Problem> {
    let leaves: Vec<_> = text.split('(').filter_map(leaf).collect();
    let name = [values(&leaves, "service_name"), values(&leaves, "sid")].concat();
    let name = name.first().ok_or(Problem::NoName)?;
    let mut parts = Parts::new(
        Kind::Oracle,
        servers(&values(&leaves, "host"), &values(&leaves, "port"))?,
    );
    parts.name = Some(service(name)?.to_owned());
    Ok(parts)
}

fn values<'a>(leaves: &[(String, &'a str)], key: &str) -> Vec<&'a str> {
    let named = leaves.iter().filter(|(name, _)| name == key);
    named.map(|(_, value)| *value).collect()
}

fn servers(hosts: &[&str], ports: &[&str]) -> Result<Vec<Server>, Problem> {
    // Where some hosts have no port, which port is whose would have to be guessed.
    if hosts.is_empty() || !(ports.is_empty() || ports.len() == hosts.len()) {
        return Err(Problem::UnknownForm);
    }
    let server = |(index, host): (usize, &&str)| match ports.get(index) {
        Some(port) => Server::parse(&format!("{}:{port}", bracketed(host))),
        None => Server::parse(host),
    };
    hosts.iter().enumerate().map(server).collect()
}

fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

fn leaf(text: &str) -> Option<(String, &str)> {
    let (key, value) = text.split_once('=')?;
    let value = text::present(value.split(')').next()?)?;
    Some((key.trim().to_ascii_lowercase(), value))
}
