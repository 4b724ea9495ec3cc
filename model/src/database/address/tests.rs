use super::Address;
use crate::database::{Identity, Problem};
use proptest::prelude::*;
use rstest::rstest;

fn url(url: &str) -> Address {
    Address {
        jdbc_url: Some(url.to_owned()),
        user_name: Some("Shop".to_owned()),
        ..Address::default()
    }
}

fn fields(type_: &str, host: &str, name: &str) -> Address {
    Address {
        type_: Some(type_.to_owned()),
        host: Some(host.to_owned()),
        name: Some(name.to_owned()),
        user_name: Some("Shop".to_owned()),
        ..Address::default()
    }
}

fn named(name: &str) -> Identity {
    Identity::Named(name.to_owned())
}

#[rstest]
#[case("jdbc:postgresql://pg.example.com/shop")]
#[case("jdbc:postgresql://pg.example.com:5432/shop")]
#[case("JDBC:postgresql://PG.Example.com.:5432/shop?sslmode=prefer&tcpKeepAlive=true")]
#[case("jdbc:postgresql://pg.example.com/shop?user=shop@server&password=s3cret")]
#[case("jdbc:postgresql://pg.example.com/sh%6Fp#fragment")]
#[case("postgresql://mendix:s3cret@pg.example.com:5432/shop")]
#[case("postgres://mendix:s3cret@pg.example.com/shop?sslmode=require")]
#[case("postgres://mendix@server:s3cret@pg.example.com/shop")]
#[case("postgres://mendix:s3%40cret%2F@pg.example.com/shop")]
#[case("postgres://mendix:s3/cret#x@pg.example.com/shop")]
#[case("postgres://mendix@pg.example.com:5432/shop")]
#[case("  jdbc:postgresql://pg.example.com/shop\n")]
fn postgresql_addresses_are_one(#[case] address: &str) {
    assert_eq!(
        url(address).identity("web"),
        Ok(named("postgresql pg.example.com:5432 shop"))
    );
}

#[rstest]
#[case::order(
    "jdbc:postgresql://two:5433,one/shop",
    "postgresql one.web:5432,two.web:5433 shop"
)]
#[case::reverse(
    "postgres://u:p@one.web.svc:5432,two:5433/shop",
    "postgresql one.web:5432,two.web:5433 shop"
)]
#[case::twice("jdbc:postgresql://one,one.web/shop", "postgresql one.web:5432 shop")]
#[case::ipv6(
    "jdbc:postgresql://[2001:DB8::1]:5432,[2001:db8::2]/shop",
    "postgresql [2001:db8::1]:5432,[2001:db8::2]:5432 shop"
)]
#[case::case_of_name("jdbc:postgresql://db/Shop", "postgresql db.web:5432 Shop")]
#[case::blank("jdbc:postgresql://db/my%20shop", "postgresql db.web:5432 my%20shop")]
#[case::cloud(
    "jdbc:postgresql:///shop?cloudSqlInstance=p:r:i&socketFactory=com.google.cloud.sql.postgres.SocketFactory",
    "postgresql cloud-sql/p:r:i shop"
)]
#[case::mysql("jdbc:mysql://db/Shop", "mysql db.web:3306 shop")]
#[case::mysql_user(
    "jdbc:mysql://root:s3cret@db:3306/shop?useSSL=false",
    "mysql db.web:3306 shop"
)]
#[case::mysql_plain("mysql://db:3306/shop", "mysql db.web:3306 shop")]
#[case::mysql_balance("jdbc:mysql:loadbalance://b,a/shop", "mysql a.web:3306,b.web:3306 shop")]
#[case::mariadb("jdbc:mariadb://db/shop?user=u&password=p", "mysql db.web:3306 shop")]
#[case::mariadb_mode("jdbc:mariadb:sequential://a,b/shop", "mysql a.web:3306,b.web:3306 shop")]
#[case::db2("jdbc:db2://db/SHOP:user=u;password=p@ss;", "")]
#[case::db2("jdbc:db2://db/SHOP:user=u;password=pass;", "db2 db.web:50000 shop")]
#[case::sql_server(
    "jdbc:sqlserver://db;databaseName=Shop;user=sa;password=s3cret",
    "sqlserver db.web:1433 shop"
)]
#[case::sql_server_buildpack(
    "jdbc:sqlserver://db:1433;database=shop;user=sa;password=a=b;c",
    "sqlserver db.web:1433 shop"
)]
#[case::sql_server_braces(
    "jdbc:sqlserver://db;password={a;databaseName=x}};y};databaseName={shop}",
    "sqlserver db.web:1433 shop"
)]
#[case::sql_server_properties(
    "jdbc:sqlserver://;serverName=db;portNumber=1433;databaseName=shop",
    "sqlserver db.web:1433 shop"
)]
#[case::sql_server_url("sqlserver://sa:s3cret@db:1433/shop", "sqlserver db.web:1433 shop")]
#[case::instance(
    "jdbc:sqlserver://DB\\Sales;databaseName=shop",
    "sqlserver db.web\\sales shop"
)]
#[case::instance_property(
    "jdbc:sqlserver://db;instanceName=SALES;databaseName=shop",
    "sqlserver db.web\\sales shop"
)]
#[case::instance_port(
    "jdbc:sqlserver://db\\sales:1444;databaseName=shop",
    "sqlserver db.web:1444 shop"
)]
#[case::default_instance(
    "jdbc:sqlserver://db\\MSSQLSERVER;databaseName=shop",
    "sqlserver db.web:1433 shop"
)]
#[case::oracle_service("jdbc:oracle:thin:@//db:1521/ORCL", "oracle db.web:1521 orcl shop")]
#[case::oracle_short("jdbc:oracle:thin:@db/orcl:dedicated", "oracle db.web:1521 orcl shop")]
#[case::oracle_sid("jdbc:oracle:thin:@db:1521:orcl", "oracle db.web:1521 orcl shop")]
#[case::oracle_tcps(
    "jdbc:oracle:thin:@tcps://db:2484/orcl?wallet_location=/w",
    "oracle db.web:2484 orcl shop"
)]
#[case::oracle_user("jdbc:oracle:thin:crm/s3cret@//db/orcl", "oracle db.web:1521 orcl crm")]
#[case::oracle_descriptor(
    "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS_LIST=(ADDRESS=(PROTOCOL=TCP)(HOST=b)(PORT=1522))(ADDRESS=(HOST= a )(PORT=1521)))(CONNECT_DATA=(SERVICE_NAME=orcl)))",
    "oracle a.web:1521,b.web:1522 orcl shop"
)]
#[case::oracle_url("oracle://crm:s3cret@db:1521/orcl", "oracle db.web:1521 orcl crm")]
#[case::hana(
    "jdbc:sap://db:30015/?currentschema=CRM&user=x&password=y",
    "saphana db.web:30015 - crm"
)]
#[case::hana_user("jdbc:sap://db:30015?reconnect=true", "saphana db.web:30015 - shop")]
#[case::hana_tenant(
    "jdbc:sap://b:30013;a:30013/?databaseName=T1",
    "saphana a.web:30013,b.web:30013 t1 shop"
)]
fn addresses_have_one_name(#[case] address: &str, #[case] expected: &str) {
    let identity = url(address).identity("web");
    match expected {
        "" => assert_eq!(identity, Err(Problem::SpecialCharacter)),
        expected => assert_eq!(identity, Ok(named(expected))),
    }
}

#[rstest]
#[case(
    fields("PostgreSQL", "db", "shop"),
    "jdbc:postgresql://db.web.svc.cluster.local:5432/shop"
)]
#[case(
    fields("POSTGRESQL", "[2001:db8::1]", "shop"),
    "jdbc:postgresql://[2001:db8:0::1]:5432/shop"
)]
#[case(
    fields("PostgreSQL", "2001:db8::1", "shop"),
    "jdbc:postgresql://[2001:db8::1]/shop"
)]
#[case(
    fields("SQLSERVER", "db\\sales", "Shop"),
    "jdbc:sqlserver://db;instanceName=sales;databaseName=shop"
)]
#[case(
    fields("SQLServer", "db:1433", "shop"),
    "jdbc:sqlserver://db;databaseName=shop"
)]
#[case(fields("Oracle", "db", "ORCL"), "jdbc:oracle:thin:@db:1521:orcl")]
#[case(fields("SAPHANA", "db:30015", "SHOP"), "jdbc:sap://db/?currentschema=shop")]
#[case(fields("MySQL", "db", "shop"), "jdbc:mariadb://db:3306/shop")]
#[case(fields("Db2", "db", "shop"), "jdbc:db2://db:50000/shop")]
fn settings_and_addresses_agree(#[case] settings: Address, #[case] address: &str) {
    let identity = settings.identity("web");
    assert!(matches!(identity, Ok(Identity::Named(_))), "{identity:?}");
    assert_eq!(identity, url(address).identity("web"));
}

#[rstest]
#[case::memory(url("jdbc:hsqldb:mem:shop"))]
#[case::files(url("jdbc:hsqldb:file:/data/shop"))]
#[case::own(Address { type_: Some("HSQLDB".to_owned()), ..Address::default() })]
#[case::own_with_host(fields("HSQLDB", "db", "default"))]
#[case::proxy(url("jdbc:postgresql://127.0.0.1:5432/shop"))]
#[case::ipv6(url("postgres://u:p@[::1]/shop"))]
#[case::several(url("jdbc:postgresql://localhost:5432,127.0.0.1:5433/shop"))]
#[case::no_host(url("jdbc:postgresql:shop"))]
#[case::empty_host(url("jdbc:postgresql:///shop"))]
#[case::socket(url("postgresql:///shop?host=/var/run/postgresql"))]
#[case::escaped_socket(url("postgresql://%2Fvar%2Frun/shop"))]
#[case::socket_setting(fields("PostgreSQL", "/var/run/postgresql", "shop"))]
#[case::sql_server(url("jdbc:sqlserver://localhost\\sales;databaseName=shop"))]
#[case::oracle(url("jdbc:oracle:thin:@localhost:1521:orcl"))]
fn the_pods_own_database_is_local(#[case] address: Address) {
    assert_eq!(address.identity("web"), Ok(Identity::Local));
}

#[rstest]
#[case::nothing(Address::default(), Problem::NoDatabase)]
#[case::empty(fields("PostgreSQL", " ", ""), Problem::NoDatabase)]
#[case::type_missing(fields("", "db", "shop"), Problem::NoType)]
#[case::type_unknown(fields("Access", "db", "shop"), Problem::UnknownType)]
#[case::host_missing(fields("PostgreSQL", "", "shop"), Problem::NoHost)]
#[case::name_missing(fields("PostgreSQL", "db", ""), Problem::NoName)]
#[case::name_with_parameters(fields("PostgreSQL", "db", "shop?password=x"), Problem::Name)]
#[case::host_is_an_address(fields("PostgreSQL", "postgres://u:p@db/shop", "shop"), Problem::Port)]
#[case::unnamed(url("jdbc:postgresql://db:5432/"), Problem::NoName)]
#[case::unnamed_server(url("jdbc:sqlserver://db:1433;user=sa;password=x"), Problem::NoName)]
#[case::two_names(url("jdbc:sqlserver://db;databaseName=a;database=b"), Problem::UnknownForm)]
#[case::no_server(url("jdbc:sqlserver://;databaseName=a"), Problem::NoHost)]
#[case::no_oracle_service(url("jdbc:oracle:thin:@db:1521"), Problem::NoName)]
#[case::alias(url("jdbc:oracle:thin:@orcl?TNS_ADMIN=/w"), Problem::Alias)]
#[case::oracle_password(url("jdbc:oracle:thin:u/p@ss@//db/orcl"), Problem::SpecialCharacter)]
#[case::mixed(url("jdbc:postgresql://localhost,db/shop"), Problem::Loopback)]
#[case::form(url("shop"), Problem::UnknownForm)]
#[case::scheme(url("jdbc:mongodb://db/shop"), Problem::UnknownForm)]
#[case::hsqldb_server(url("jdbc:hsqldb:hsql://db/shop"), Problem::UnknownForm)]
#[case::mysql_list(url("jdbc:mysql://address=(host=db)/shop"), Problem::Host)]
#[case::mysql_no_host(url("jdbc:mysql:shop"), Problem::UnknownForm)]
#[case::parameters_in_path(url("jdbc:postgresql://db/shop&user=u&password=x"), Problem::Name)]
#[case::open_slash(url("jdbc:postgresql://u:1/x@db/shop"), Problem::SpecialCharacter)]
#[case::open_hash(url("jdbc:postgresql://u:1/x#y@db/shop"), Problem::SpecialCharacter)]
#[case::open_question(url("postgres://u:1?x@db/shop"), Problem::SpecialCharacter)]
#[case::open_at(url("postgres://u:p@ss@db/shop"), Problem::SpecialCharacter)]
#[case::two_hosts(url("postgres://u:p@db/shop?host=/var/run"), Problem::UnknownForm)]
#[case::mode(url("jdbc:postgresql:failover://db/shop"), Problem::UnknownForm)]
#[case::open_mode(url("jdbc:mysql:failover//db/shop"), Problem::UnknownForm)]
#[case::host_parameter(url("postgres:///shop?host=db"), Problem::UnknownForm)]
fn what_names_no_database_is_refused(#[case] address: Address, #[case] expected: Problem) {
    assert_eq!(address.identity("web"), Err(expected));
}

#[rstest]
#[case("Oracle", "jdbc:oracle:thin:@//db/orcl")]
#[case("SAPHANA", "jdbc:sap://db:30015")]
fn a_shared_database_needs_an_owner(#[case] type_: &str, #[case] address: &str) {
    let mut address = Address {
        type_: Some(type_.to_owned()),
        jdbc_url: Some(address.to_owned()),
        ..Address::default()
    };
    assert_eq!(address.identity("web"), Err(Problem::NoOwner));
    address.user_name = Some("login".to_owned());
    let of_user = address.identity("web");
    address.schema = Some("CRM".to_owned());
    let of_schema = address.identity("web");
    assert!(
        matches!((&of_user, &of_schema), (Ok(_), Ok(_))),
        "{of_user:?} {of_schema:?}"
    );
    assert_ne!(of_user, of_schema);
}

#[test]
fn debug_output_shows_nothing() {
    let address = url("postgres://mendix:s3cret@db/shop");
    assert_eq!(format!("{address:?}"), "Address { .. }");
}

const USER: &str = "UsErMaRk";
const PASSWORD: &str = "PaSsMaRk";

/// Addresses with the marks among anything, escaped or not.
fn with_credentials(before: &str, after: &str) -> Vec<String> {
    let password = format!("{before}{PASSWORD}{after}");
    let escaped: Vec<_> = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let escaped = escaped.concat();
    let user = format!("{USER}{after}");
    let mut addresses = vec![
        format!("postgres://{USER}:{escaped}@db/shop"),
        format!("jdbc:postgresql://db/shop?user={USER}&password={escaped}"),
        format!(
            "jdbc:sqlserver://db;user={USER};password={{{}}};databaseName=shop",
            password.replace('}', "}}")
        ),
    ];
    for password in [&password, PASSWORD] {
        for form in [
            "postgres://{}@db/shop",
            "jdbc:postgresql://{}@db/shop",
            "mysql://{}@db,dc/shop?x=y",
        ] {
            addresses.push(form.replace("{}", &format!("{USER}:{password}")));
            addresses.push(form.replace("{}", &format!("{user}:{password}")));
        }
        addresses.push(format!("jdbc:oracle:thin:{USER}/{password}@//db/orcl"));
        addresses.push(format!("jdbc:mariadb://db/shop?user={USER}&password={password}"));
        addresses.push(format!(
            "jdbc:sqlserver://db;databaseName=shop;user={USER};password={password}"
        ));
    }
    addresses
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn credentials_get_neither_into_identities_nor_into_sentences(
        before in "[0-9/?#@:;,&%{}() a-z.=\\[\\]\\\\-]{0,6}", after in "[0-9/?#@:;,&%{}() a-z.=\\[\\]\\\\-]{0,6}",
    ) {
        for address in with_credentials(&before, &after) {
            let owner = address.starts_with("jdbc:oracle");
            let result = Address { jdbc_url: Some(address.clone()), ..Address::default() }.identity("web");
            let seen = format!("{result:?}{}", result.as_ref().err().map(ToString::to_string).unwrap_or_default());
            let seen = seen.to_lowercase();
            prop_assert!(!seen.contains(&PASSWORD.to_lowercase()), "{address}: {seen}");
            // The user of Oracle names the schema.
            prop_assert!(owner || !seen.contains(&USER.to_lowercase()), "{address}: {seen}");
        }
    }

    #[test]
    fn spelling_does_not_matter(
        label in "[a-z][a-z0-9]{0,8}", name in "[a-z][a-z0-9_]{0,8}", upper in any::<bool>(), dot in any::<bool>(),
        domain in 0..4usize, port in any::<bool>(), form in 0..5usize,
    ) {
        prop_assume!(label != "localhost");
        let mut host = label.clone() + ["", ".web", ".web.svc", ".web.svc.cluster.local"][domain];
        host.push_str(if dot { "." } else { "" });
        host.push_str(if port { ":5432" } else { "" });
        let host = if upper { host.to_uppercase() } else { host };
        let address = match form {
            0 => url(&format!("jdbc:postgresql://{host}/{name}")),
            1 => url(&format!("postgres://any:one@{host}/{name}")),
            2 => url(&format!("JDBC:POSTGRESQL://{host}/{name}?sslmode=require")),
            3 => url(&format!("jdbc:postgresql://{host},{label}/{name}")),
            _ => fields("postgresql", &host, &name),
        };
        prop_assert_eq!(address.identity("web"), Ok(named(&format!("postgresql {label}.web:5432 {name}"))));
    }

    #[test]
    fn the_order_of_hosts_does_not_matter(
        hosts in proptest::collection::btree_set("[a-z]{1,4}[0-9]", 1..5), seed in any::<proptest::sample::Index>(),
    ) {
        let hosts: Vec<_> = hosts.into_iter().collect();
        let mut turned = hosts.clone();
        turned.rotate_left(seed.index(hosts.len()));
        turned.reverse();
        let of = |hosts: &[String]| url(&format!("jdbc:postgresql://{}/shop", hosts.join(","))).identity("web");
        prop_assert!(of(&hosts).is_ok());
        prop_assert_eq!(of(&hosts), of(&turned));
    }

    #[test]
    fn other_databases_have_other_names(one in "[a-zA-Z0-9%_.][a-zA-Z0-9%_. -]{0,4}[a-zA-Z0-9%_.]", two in "[a-zA-Z0-9%_.][a-zA-Z0-9%_. -]{0,4}[a-zA-Z0-9%_.]") {
        prop_assume!(one != two);
        let of = |name: &str| fields("PostgreSQL", "db", name).identity("web");
        prop_assert_ne!(of(&one), of(&two));
    }
}
