//! `//user:password@host:port,host/name?parameters`, the form that most have.

use super::direct_name;
use crate::database::kind::Kind;
use crate::database::parts::Parts;
use crate::database::server::Server;
use crate::database::tls::Tls;
use crate::database::{Problem, text};

/// What follows `jdbc:postgresql:`, `jdbc:mysql:` and the like.
pub(super) fn parse_jdbc(kind: Kind, rest: &str) -> Result<Parts, Problem> {
    let Some((mode, body)) = rest.split_once("//") else {
        return without_host(kind, rest);
    };
    // MySQL and MariaDB have modes, such as `loadbalance:`.
    let word = mode
        .strip_suffix(':')
        .filter(|_| kind == Kind::MySql)
        .unwrap_or(mode);
    if mode == word && !mode.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Problem::UnknownForm);
    }
    let (authority, tail) = body.split_at(body.find(['/', '?', '#']).unwrap_or(body.len()));
    // Where a password is not escaped, the part before its '/', '?' or '#' would be taken for a host.
    let (path, parameters) = tail.split_once('?').unwrap_or((tail, ""));
    if path.contains('@') || parameters.split('&').any(is_misplaced) {
        return Err(Problem::SpecialCharacter);
    }
    let (user, hosts) = match authority.split_once('@') {
        Some((_, hosts)) if hosts.contains('@') => return Err(Problem::SpecialCharacter),
        Some((user, hosts)) => (Some(user), hosts),
        None => (None, authority),
    };
    let (path, parameters) = cut(tail);
    parts(kind, user, hosts, path, parameters)
}

/// What follows `postgres:` and the like: read as the buildpack does, where a password may hold all but '@'.
pub(super) fn parse_plain(kind: Kind, rest: &str) -> Result<Parts, Problem> {
    let body = rest.strip_prefix("//").ok_or(Problem::UnknownForm)?;
    let (user, body) = split_user(body)?;
    let (authority, tail) = body.split_at(body.find(['/', '?', '#']).unwrap_or(body.len()));
    let (path, parameters) = cut(tail);
    // A host among the parameters (PostgreSQL documentation, "Connection URIs") is understood as a socket only.
    match text::parameter(parameters, "host") {
        Some(host) if authority.is_empty() && host.starts_with('/') => Ok(Parts::new(kind, Vec::new())),
        Some(_) => Err(Problem::UnknownForm),
        None => parts(kind, user, authority, path, parameters),
    }
}

/// User and password end at the only '@', or, in a user's name with a '@', at the first one after its ':'. Where that
/// leaves a doubt, nothing is read: a part of a password could be taken for a host.
fn split_user(body: &str) -> Result<(Option<&str>, &str), Problem> {
    let Some((user, rest)) = body.rsplit_once('@') else {
        return Ok((None, body));
    };
    let (_, after_user) = body.split_once(':').unwrap_or_default();
    let read_alike = !user.contains('@') || after_user.split_once('@').is_some_and(|(_, host)| host == rest);
    // A '@' behind a '?' belongs to a parameter, or the '?' to a password.
    if !read_alike || user.contains('?') {
        return Err(Problem::SpecialCharacter);
    }
    Ok((Some(user), rest))
}

/// Path and parameters.
fn cut(tail: &str) -> (&str, &str) {
    let tail = tail.split('#').next().unwrap_or_default();
    tail.split_once('?').unwrap_or((tail, ""))
}

fn is_misplaced(parameter: &str) -> bool {
    let key = parameter
        .split('=')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    parameter.contains('@') && !["user", "username", "password"].contains(&key.as_str())
}

/// `jdbc:postgresql:name`: the pod itself.
fn without_host(kind: Kind, rest: &str) -> Result<Parts, Problem> {
    match kind {
        Kind::PostgreSql => {
            let (path, parameters) = cut(rest);
            parts(kind, None, "", path, parameters)
        }
        _ => Err(Problem::UnknownForm),
    }
}

fn parts(
    kind: Kind,
    user_info: Option<&str>,
    hosts: &str,
    path: &str,
    parameters: &str,
) -> Result<Parts, Problem> {
    let parameter = |key| text::parameter(parameters, key);
    let separators: &[char] = if kind == Kind::Hana { &[',', ';'] } else { &[','] };
    let mut parts = Parts::new(kind, Server::parse_list(&text::decoded(hosts), separators)?);
    let user = user_info.map(|it| text::decoded(it.split(':').next().unwrap_or_default()));
    parts.user = user
        .or_else(|| parameter("user"))
        .or_else(|| parameter("username"));
    parts.tls = Tls::of(parameters);
    parts.cloud_instance = parameter("cloudsqlinstance").filter(|_| parameter("socketfactory").is_some());
    parts.name = name(kind, path.strip_prefix('/').unwrap_or(path))?;
    if kind == Kind::Hana {
        parts.schema = parameter("currentschema");
        parts.name = parameter("databasename");
    }
    let password = user_info.and_then(|it| Some(text::decoded(it.split_once(':')?.1)));
    parts.password = password.or_else(|| parameter("password"));
    Ok(parts)
}

fn name(kind: Kind, path: &str) -> Result<Option<String>, Problem> {
    let path = match kind {
        // `name:user=...;password=...;`
        Kind::Db2 => path.split(':').next().unwrap_or_default(),
        _ => path,
    };
    Ok(text::present(direct_name(path)?).map(text::decoded))
}
