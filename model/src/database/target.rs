use super::kind::Kind;
use super::parts::Parts;

/// Where a database is and whom it lets in, for whoever connects to it. Holds no password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Product.
    pub kind: Kind,
    /// Host and port of each server, in the order in which drivers try them. Left out is what cannot be told from
    /// outside: a named instance of SQL Server without a port, and what only a connector of Google Cloud reaches.
    pub servers: Vec<(String, u16)>,
    /// Name of the database.
    pub name: Option<String>,
    /// Login role.
    pub user: Option<String>,
    /// The driver is told not to go on without TLS.
    pub tls: bool,
    /// The driver is told to check the server's certificate.
    pub verified: bool,
}

impl From<Parts> for Target {
    fn from(parts: Parts) -> Self {
        let kind = parts.kind;
        let servers = parts.servers.into_iter().filter_map(|server| {
            let default = server.instance.is_none().then(|| kind.default_port());
            Some((server.host, server.port.or(default)?))
        });
        Self {
            kind,
            servers: servers.filter(|_| parts.cloud_instance.is_none()).collect(),
            name: parts.name,
            user: parts.user,
            tls: parts.tls,
            verified: parts.verified,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::database::{Address, Kind};
    use rstest::rstest;

    fn address(url: &str) -> Address {
        Address {
            jdbc_url: Some(url.to_owned()),
            user_name: Some("shop".to_owned()),
            ..Address::default()
        }
    }

    #[test]
    fn servers_come_in_their_order_with_their_ports() {
        let target = address("jdbc:postgresql://two:5433,[2001:db8::1]/sh%6Fp?sslmode=prefer")
            .target()
            .expect("target");
        let servers = [("two".to_owned(), 5433), ("2001:db8::1".to_owned(), 5432)];
        assert_eq!((target.kind, target.servers), (Kind::PostgreSql, servers.into()));
        assert_eq!(
            (target.name.as_deref(), target.user.as_deref()),
            (Some("shop"), Some("shop"))
        );
    }

    #[rstest]
    #[case::prefer("jdbc:postgresql://db/shop?sslmode=prefer", false, false)]
    #[case::require("jdbc:postgresql://db/shop?sslmode=require", true, false)]
    #[case::verify("jdbc:postgresql://db/shop?a=b&sslMode=verify-full", true, true)]
    #[case::authority("jdbc:postgresql://db/shop?sslmode=verify-ca", true, true)]
    #[case::switch("jdbc:postgresql://db/shop?ssl=true", true, true)]
    #[case::mode_over_switch("jdbc:postgresql://db/shop?ssl=true&sslmode=require", true, false)]
    #[case::nothing("jdbc:postgresql://db/shop", false, false)]
    fn modes_without_a_way_back_ask_for_tls(#[case] url: &str, #[case] tls: bool, #[case] verified: bool) {
        let target = address(url).target().expect("target");
        assert_eq!((target.tls, target.verified), (tls, verified));
    }

    #[rstest]
    #[case::instance("jdbc:sqlserver://db\\sales;databaseName=shop", 0)]
    #[case::instance_with_port("jdbc:sqlserver://db\\sales:1444;databaseName=shop", 1)]
    #[case::connector("jdbc:postgresql://db/shop?cloudSqlInstance=p:r:i&socketFactory=x", 0)]
    fn what_cannot_be_told_from_outside_is_left_out(#[case] url: &str, #[case] expected: usize) {
        assert_eq!(address(url).target().expect("target").servers.len(), expected);
    }
}
