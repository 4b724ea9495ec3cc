use super::host::Host;
use super::kind::Kind;
use super::{Problem, text};
use std::net::Ipv6Addr;

/// One server of an address, as written.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// Named instance of SQL Server.
    pub(super) instance: Option<String>,
}

impl Server {
    /// From `host`, `host:port`, `[IPv6]:port`, or a plain IPv6 address.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let (host, port) = split(text.trim())?;
        Ok(Self {
            host: host.to_owned(),
            port: port.and_then(text::present).map(parse_port).transpose()?,
            instance: None,
        })
    }

    /// All of a list, none of an empty one.
    pub(super) fn parse_list(list: &str, separators: &[char]) -> Result<Vec<Self>, Problem> {
        match text::present(list) {
            Some(list) => list.split(separators).map(Self::parse).collect(),
            None => Ok(Vec::new()),
        }
    }

    /// As it is compared, such as `db.example.com:5432`; nothing for the pod itself.
    pub(super) fn normal(&self, kind: Kind, namespace: &str) -> Result<Option<String>, Problem> {
        let Host::Named(host) = Host::parse(&self.host, namespace)? else {
            return Ok(None);
        };
        // The driver asks the server for the port of an instance only when none is given (Microsoft documentation,
        // "Building the connection URL").
        Ok(Some(match (self.port, &self.instance) {
            (None, Some(instance)) if !instance.eq_ignore_ascii_case("MSSQLSERVER") => {
                format!("{host}\\{}", text::word(&instance.to_lowercase()))
            }
            (Some(port), _) => format!("{host}:{port}"),
            (None, _) => format!("{host}:{}", kind.default_port()),
        }))
    }
}

pub(super) fn parse_port(text: &str) -> Result<u16, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.then(|| text.parse().ok()).flatten();
    port.filter(|port| *port > 0).ok_or(Problem::Port)
}

fn split(text: &str) -> Result<(&str, Option<&str>), Problem> {
    if text.starts_with('/') || text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(Problem::Host)?;
        // Brackets are for IPv6 alone: what else stands in them is no host name either.
        host.parse::<Ipv6Addr>().map_err(|_| Problem::Host)?;
        return match rest.strip_prefix(':') {
            None if !rest.is_empty() => Err(Problem::Port),
            port => Ok((host, port)),
        };
    }
    Ok(text
        .rsplit_once(':')
        .map_or((text, None), |(host, port)| (host, Some(port))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn normal(text: &str) -> Result<Option<String>, Problem> {
        Server::parse(text)?.normal(Kind::PostgreSql, "shop")
    }

    #[rstest]
    #[case("db", "db.shop:5432")]
    #[case("db:", "db.shop:5432")]
    #[case("db:5432", "db.shop:5432")]
    #[case("db:05432", "db.shop:5432")]
    #[case("db:5433", "db.shop:5433")]
    #[case("[2001:db8::1]", "[2001:db8::1]:5432")]
    #[case("[2001:DB8::1]:5433", "[2001:db8::1]:5433")]
    #[case("2001:db8:0::1", "[2001:db8::1]:5432")]
    fn the_default_port_is_written_out(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(normal(text), Ok(Some(expected.to_owned())));
    }

    #[rstest]
    #[case("localhost:5432")]
    #[case("[::1]:5432")]
    #[case("/var/run/postgresql")]
    fn the_pod_itself_has_no_name(#[case] text: &str) {
        assert_eq!(normal(text), Ok(None));
    }

    #[rstest]
    #[case("db:0", Problem::Port)]
    #[case("db:65536", Problem::Port)]
    #[case("db:+5432", Problem::Port)]
    #[case("db:word", Problem::Port)]
    #[case("[::1", Problem::Host)]
    #[case("[db]:5432", Problem::Host)]
    #[case("[::1]5432", Problem::Port)]
    #[case("a:b:1", Problem::Host)]
    fn what_is_no_server_is_refused(#[case] text: &str, #[case] expected: Problem) {
        assert_eq!(normal(text), Err(expected));
    }
}
