use super::Problem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host, normalised.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Host {
    /// The pod itself.
    Loopback,
    /// Everything else, in lower case, IPv6 addresses in brackets.
    Named(String),
}

impl Host {
    /// From a host name, an address (IPv6 without brackets), or the path of a socket, as a pod in `namespace` means
    /// it.
    pub(super) fn parse(text: &str, namespace: &str) -> Result<Self, Problem> {
        if text.starts_with('/') {
            return Ok(Self::Loopback);
        }
        if let Ok(address) = text.parse() {
            return Ok(of_address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if !is_name(&name) {
            return Err(Problem::Host);
        }
        if is_loopback_name(&name) {
            return Ok(Self::Loopback);
        }
        Ok(Self::Named(in_cluster(&name, namespace)))
    }
}

fn of_address(address: IpAddr) -> Host {
    // `::ffff:10.0.0.1` is the same server as `10.0.0.1`.
    let address = address.to_canonical();
    // A connection to the unspecified address ends at the machine itself (Linux).
    if address.is_loopback() || address.is_unspecified() {
        return Host::Loopback;
    }
    match address {
        IpAddr::V4(address) => Host::Named(Ipv4Addr::to_string(&address)),
        IpAddr::V6(address) => Host::Named(format!("[{}]", Ipv6Addr::to_string(&address))),
    }
}

/// Whether it can be a host name. A last part of digits alone makes it an old notation of an IPv4 address, such as
/// `127.1`, which is another host to each resolver.
fn is_name(name: &str) -> bool {
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let valid = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(allowed)
    };
    name.split('.').all(valid) && !name.rsplit('.').next().is_some_and(numeric)
}

fn is_loopback_name(name: &str) -> bool {
    const NAMES: [&str; 5] = [
        "localhost",
        "localhost4",
        "localhost6",
        "ip6-localhost",
        "ip6-loopback",
    ];
    NAMES.contains(&name) || name.ends_with(".localhost") || name.ends_with(".localdomain")
}

/// The shortest name that means the same Service in every namespace: `db` of namespace `shop`, `db.shop`,
/// `db.shop.svc` and `db.shop.svc.cluster.local` are `db.shop` (Kubernetes documentation, "DNS for Services and
/// Pods").
fn in_cluster(name: &str, namespace: &str) -> String {
    let service = name.strip_suffix(".cluster.local").unwrap_or(name);
    match service.strip_suffix(".svc") {
        Some(service) if service.contains('.') => service.to_owned(),
        _ if name.contains('.') => name.to_owned(),
        _ => format!("{name}.{namespace}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("localhost")]
    #[case("LOCALHOST.")]
    #[case("db.localhost")]
    #[case("localhost.localdomain")]
    #[case("127.0.0.1")]
    #[case("127.8.9.10")]
    #[case("0.0.0.0")]
    #[case("::1")]
    #[case("0:0:0:0:0:0:0:1")]
    #[case("::ffff:127.0.0.1")]
    #[case("::")]
    #[case("/var/run/postgresql")]
    fn the_pod_itself(#[case] text: &str) {
        assert_eq!(Host::parse(text, "shop"), Ok(Host::Loopback));
    }

    #[rstest]
    #[case("db", "db.shop")]
    #[case("DB", "db.shop")]
    #[case("db.", "db.shop")]
    #[case("db.shop", "db.shop")]
    #[case("db.shop.svc", "db.shop")]
    #[case("db.shop.svc.", "db.shop")]
    #[case("db.shop.svc.cluster.local", "db.shop")]
    #[case("Db.Shop.Svc.Cluster.Local.", "db.shop")]
    #[case("db.other", "db.other")]
    #[case("db-0.db.shop.svc.cluster.local", "db-0.db.shop")]
    #[case("svc", "svc.shop")]
    #[case("db.svc", "db.svc")]
    #[case("pg.example.com", "pg.example.com")]
    #[case("PG.Example.COM.", "pg.example.com")]
    #[case("10.0.0.5", "10.0.0.5")]
    #[case("::ffff:10.0.0.5", "10.0.0.5")]
    #[case("2001:DB8:0:0::1", "[2001:db8::1]")]
    fn hosts_have_one_spelling(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(Host::parse(text, "shop"), Ok(Host::Named(expected.to_owned())));
    }

    #[rstest]
    #[case::nothing("")]
    #[case::empty_label("db..shop")]
    #[case::blank("d b")]
    #[case::old_notation("127.1")]
    #[case::number("2130706433")]
    #[case::zone("fe80::1%eth0")]
    #[case::placeholder("<host>")]
    #[case::reference("${DB_HOST}")]
    #[case::not_ascii("dätabase")]
    fn what_is_no_host_is_refused(#[case] text: &str) {
        assert_eq!(Host::parse(text, "shop"), Err(Problem::Host));
    }
}
