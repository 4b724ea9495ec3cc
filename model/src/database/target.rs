use super::kind::Kind;
use super::parts::Parts;
use super::tls::Tls;

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
    /// What the driver is told of TLS. Only read from addresses of the form `//host/name?parameters`; of other forms it
    /// is the default.
    pub tls: Tls,
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
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::database::{Address, Kind, Tls};
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
    #[case::jdbc("jdbc:postgresql://db/shop?a=b&sslmode=verify-ca", Tls::Authority)]
    #[case::plain("postgres://shop:s3cret@db/shop?sslmode=require", Tls::Required)]
    #[case::nothing("jdbc:postgresql://db/shop", Tls::Offered)]
    #[case::another_form("jdbc:sqlserver://db;databaseName=shop;encrypt=true", Tls::Offered)]
    fn tls_is_what_the_address_asks_for(#[case] url: &str, #[case] tls: Tls) {
        assert_eq!(address(url).target().expect("target").tls, tls);
    }

    #[rstest]
    #[case::instance("jdbc:sqlserver://db\\sales;databaseName=shop", 0)]
    #[case::instance_with_port("jdbc:sqlserver://db\\sales:1444;databaseName=shop", 1)]
    #[case::connector("jdbc:postgresql://db/shop?cloudSqlInstance=p:r:i&socketFactory=x", 0)]
    fn what_cannot_be_told_from_outside_is_left_out(#[case] url: &str, #[case] expected: usize) {
        assert_eq!(address(url).target().expect("target").servers.len(), expected);
    }
}
