//! `//host\instance:port;property=value` (Microsoft documentation, "Building the connection URL").

use super::direct_name;
use crate::database::kind::Kind;
use crate::database::parts::Parts;
use crate::database::server::{Server, parse_port};
use crate::database::{Problem, text};

/// What follows `jdbc:sqlserver:`.
pub(super) fn parse(rest: &str) -> Result<Parts, Problem> {
    let body = rest.strip_prefix("//").ok_or(Problem::UnknownForm)?;
    let (authority, rest) = body.split_once(';').unwrap_or((body, ""));
    let properties = properties(rest);
    let host = match text::present(authority.trim_end_matches('/')) {
        Some(host) => Some(host),
        None => only(&properties, &["servername", "server"])?,
    };
    let mut server = server(host.ok_or(Problem::NoHost)?)?;
    if server.instance.is_none() {
        server.instance = only(&properties, &["instancename"])?.map(str::to_owned);
    }
    if server.port.is_none() {
        server.port = only(&properties, &["portnumber", "port"])?
            .map(parse_port)
            .transpose()?;
    }
    let name = only(&properties, &["databasename", "database"])?
        .map(direct_name)
        .transpose()?;
    let mut parts = Parts::new(Kind::SqlServer, vec![server]);
    parts.name = name.map(str::to_owned);
    Ok(parts)
}

/// `host\instance:port`.
pub(super) fn server(text: &str) -> Result<Server, Problem> {
    let Some((host, rest)) = text.split_once('\\') else {
        return Server::parse(text);
    };
    let (instance, port) = rest
        .split_once(':')
        .map_or((rest, None), |(instance, port)| (instance, Some(port)));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_$#".contains(&byte);
    if instance.is_empty() || !instance.bytes().all(allowed) {
        return Err(Problem::Host);
    }
    let mut server = Server::parse(host)?;
    server.instance = Some(instance.to_owned());
    server.port = port.map(parse_port).transpose()?;
    Ok(server)
}

/// The one value of a property that has several names. Of two, drivers take this or that.
fn only<'a>(properties: &'a [(String, String)], names: &[&str]) -> Result<Option<&'a str>, Problem> {
    let mut values = properties
        .iter()
        .filter(|(name, _)| names.contains(&name.as_str()))
        .filter_map(|(_, value)| text::present(value));
    let first = values.next();
    if values.all(|value| Some(value) == first) {
        Ok(first)
    } else {
        Err(Problem::UnknownForm)
    }
}

/// Names in lower case, and values. A value in braces may hold everything, `}` doubled.
fn properties(mut rest: &str) -> Vec<(String, String)> {
    let mut properties = Vec::new();
    while let Some((name, tail)) = rest.split_once('=') {
        let (value, tail) = if let Some(tail) = tail.trim_start().strip_prefix('{') {
            in_braces(tail)
        } else {
            let (value, tail) = tail.split_once(';').unwrap_or((tail, ""));
            (value.to_owned(), tail)
        };
        properties.push((name.trim_matches([';', ' ']).to_ascii_lowercase(), value));
        rest = tail;
    }
    properties
}

fn in_braces(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut rest = text;
    while let Some((part, tail)) = rest.split_once('}') {
        value.push_str(part);
        let Some(tail) = tail.strip_prefix('}') else {
            return (value, tail);
        };
        value.push('}');
        rest = tail;
    }
    value.push_str(rest);
    (value, "")
}
