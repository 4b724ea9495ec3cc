use super::*;
use proptest::prelude::*;
use rstest::rstest;

type Entries = &'static [(&'static str, &'static str)];
type Names = &'static [&'static str];

fn variables(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn read(entries: &[(&str, &str)]) -> FromVariables {
    from_variables(&variables(entries), "web")
}

const POSTGRESQL: &str = "postgresql db.web:5432 shop";
const URL: &str = "postgres://mendix:s3cret@db:5432/shop";

#[rstest]
#[case::endpoint(&[("DATABASE_ENDPOINT", URL)], &["DATABASE_ENDPOINT"])]
#[case::url(&[("DATABASE_URL", URL)], &["DATABASE_URL"])]
#[case::endpoint_first(&[("DATABASE_URL", URL), ("DATABASE_ENDPOINT", URL)], &["DATABASE_ENDPOINT", "DATABASE_URL"])]
#[case::runtime_settings(
    &[
        ("MXRUNTIME_DatabaseType", "PostgreSQL"), ("MXRUNTIME_DatabaseHost", "db:5432"),
        ("MXRUNTIME_DatabaseName", "shop"), ("MXRUNTIME_DatabaseUserName", "mendix"),
        ("MXRUNTIME_DatabasePassword", "s3cret"),
    ],
    &["MXRUNTIME_DatabaseHost", "MXRUNTIME_DatabaseName", "MXRUNTIME_DatabaseType", "MXRUNTIME_DatabaseUserName"]
)]
#[case::custom(
    &[("CUSTOM_RUNTIME_SETTINGS", r#"{"DatabaseType":"PostgreSQL","DatabaseHost":"db","DatabaseName":"shop","X":1}"#)],
    &["CUSTOM_RUNTIME_SETTINGS"]
)]
#[case::joined(
    &[
        ("CUSTOM_RUNTIME_SETTINGS", r#"{"DatabaseType":"PostgreSQL","DatabaseName":"shop"}"#),
        ("MXRUNTIME_DatabaseHost", "db"),
    ],
    &["MXRUNTIME_DatabaseHost", "CUSTOM_RUNTIME_SETTINGS"]
)]
#[case::services(
    &[("VCAP_SERVICES", r#"{"postgresql":[{"credentials":{"uri":"postgres://u:p@db/shop"}}],"s3":[{}]}"#)],
    &["VCAP_SERVICES"]
)]
#[case::other_service(
    &[("VCAP_SERVICES", r#"{"mail":[{"credentials":{"uri":"smtp://m"}}],"own":[{"credentials":{"uri":"postgres://u:p@db/shop"}}]}"#)],
    &["VCAP_SERVICES"]
)]
#[case::portable(
    &[("RUNTIME_PARAMS_DATABASEJDBCURL", "postgresql://mendix:mendix@db:5432/shop"), ("RUNTIME_PARAMS_DATABASEHOST", "ignored")],
    &["RUNTIME_PARAMS_DATABASEJDBCURL", "RUNTIME_PARAMS_DATABASEHOST"]
)]
#[case::portable_fields(
    &[("RUNTIME_PARAMS_DATABASETYPE", "POSTGRESQL"), ("RUNTIME_PARAMS_DATABASEHOST", "db"), ("RUNTIME_PARAMS_DATABASENAME", "shop")],
    &["RUNTIME_PARAMS_DATABASEHOST", "RUNTIME_PARAMS_DATABASENAME", "RUNTIME_PARAMS_DATABASETYPE"]
)]
#[case::agreeing(
    &[("DATABASE_URL", URL), ("RUNTIME_PARAMS_DATABASEJDBCURL", "jdbc:postgresql://DB.web.svc/shop")],
    &["DATABASE_URL", "RUNTIME_PARAMS_DATABASEJDBCURL"]
)]
#[case::type_alone_names_none(&[("DATABASE_URL", URL), ("CUSTOM_RUNTIME_SETTINGS", r#"{"DatabaseType":"PostgreSQL"}"#)], &["DATABASE_URL"])]
#[case::service_without_database(&[("DATABASE_URL", URL), ("VCAP_SERVICES", r#"{"s3":[{"credentials":{}}]}"#)], &["DATABASE_URL"])]
fn variables_name_a_database(#[case] entries: Entries, #[case] sources: Names) {
    let said = read(entries);
    assert_eq!(said.identity, Ok(Some(Identity::Named(POSTGRESQL.to_owned()))));
    assert_eq!(said.sources, sources);
}

#[rstest]
#[case::hana(
    &[("VCAP_SERVICES", r#"{"hana":[{"credentials":{"host":"h.example.com","port":30015,"user":"U1","schema":"CRM","url":"jdbc:sap://h.example.com:30015/?encrypt=true"}}]}"#)],
    "saphana h.example.com:30015 - crm"
)]
#[case::hana_without_address(
    &[("VCAP_SERVICES", r#"{"hanatrial":[{"credentials":{"host":"h.example.com","port":"30015","schema":"CRM"}}]}"#)],
    "saphana h.example.com:30015 - crm"
)]
#[case::azure(
    &[("VCAP_SERVICES", r#"{"azure-sqldb":[{"credentials":{"jdbcUrl":"jdbc:sqlserver://h.example.com:1433;database=shop;user=u;password=p"}}]}"#)],
    "sqlserver h.example.com:1433 shop"
)]
#[case::first_known_service(
    &[("VCAP_SERVICES", r#"{"rds":[{"credentials":{"uri":"mysql://u:p@two/shop"}}],"cleardb":[{"credentials":{"uri":"mysql://u:p@one/shop"}}]}"#)],
    "mysql one.web:3306 shop"
)]
#[case::oracle_service(
    &[
        ("MXRUNTIME_DatabaseType", "Oracle"), ("MXRUNTIME_DatabaseHost", "h.example.com"),
        ("MXRUNTIME_OracleServiceName", "orcl"), ("MXRUNTIME_DatabaseName", "SHOP"), ("MXRUNTIME_DatabaseUserName", "SHOP"),
    ],
    "oracle h.example.com:1521 orcl shop"
)]
fn other_databases_are_named_too(#[case] entries: Entries, #[case] expected: &str) {
    assert_eq!(
        read(entries).identity,
        Ok(Some(Identity::Named(expected.to_owned())))
    );
}

#[rstest]
#[case::empty(&[])]
#[case::others(&[("PORT", "8080"), ("DATABASE_CONNECTION_PARAMS", "{}")])]
#[case::empty_values(&[("DATABASE_URL", ""), ("VCAP_SERVICES", " "), ("MXRUNTIME_DatabaseHost", "")])]
fn nothing_names_none(#[case] entries: Entries) {
    let none = FromVariables {
        identity: Ok(None),
        sources: Vec::new(),
    };
    assert_eq!(read(entries), none);
}

#[test]
fn the_runtimes_own_database_is_local() {
    let said = read(&[("RUNTIME_PARAMS_DATABASETYPE", "HSQLDB")]);
    assert_eq!(said.identity, Ok(Some(Identity::Local)));
}

#[rstest]
#[case(&[("DATABASE_ENDPOINT", URL), ("DATABASE_URL", "postgres://u:p@db/crm")], "DATABASE_ENDPOINT", "DATABASE_URL")]
#[case(
    &[("DATABASE_URL", URL), ("MXRUNTIME_DatabaseJdbcUrl", "jdbc:postgresql://db/crm")],
    "MXRUNTIME_DatabaseJdbcUrl", "DATABASE_URL"
)]
#[case(
    &[("DATABASE_URL", URL), ("VCAP_SERVICES", r#"{"rds":[{"credentials":{"uri":"postgres://u:p@db/crm"}}]}"#)],
    "VCAP_SERVICES", "DATABASE_URL"
)]
#[case(
    &[("DATABASE_URL", URL), ("RUNTIME_PARAMS_DATABASETYPE", "HSQLDB")],
    "DATABASE_URL", "RUNTIME_PARAMS_DATABASETYPE"
)]
#[case::address_beside_host(
    &[
        ("CUSTOM_RUNTIME_SETTINGS", r#"{"DatabaseJdbcUrl":"jdbc:postgresql://db/crm"}"#),
        ("MXRUNTIME_DatabaseType", "PostgreSQL"), ("MXRUNTIME_DatabaseHost", "db"), ("MXRUNTIME_DatabaseName", "shop"),
    ],
    "CUSTOM_RUNTIME_SETTINGS", "MXRUNTIME_DatabaseHost"
)]
#[case::host_over_host(
    &[
        ("CUSTOM_RUNTIME_SETTINGS", r#"{"DatabaseType":"PostgreSQL","DatabaseHost":"db","DatabaseName":"shop"}"#),
        ("MXRUNTIME_DatabaseHost", "other"),
    ],
    "MXRUNTIME_DatabaseHost", "CUSTOM_RUNTIME_SETTINGS"
)]
fn sources_that_disagree_are_named(
    #[case] entries: Entries,
    #[case] first: &'static str,
    #[case] second: &'static str,
) {
    assert_eq!(read(entries).identity, Err(Problem::Differ { first, second }));
}

#[rstest]
#[case(&[("DATABASE_URL", "postgres://u:p@db")], "failed to tell which database DATABASE_URL names: the database has no name")]
#[case(
    &[("DATABASE_URL", URL), ("MXRUNTIME_DatabaseName", "shop")],
    "failed to tell which database MXRUNTIME_DatabaseName names: the type of the database is not set"
)]
#[case(
    &[("CUSTOM_RUNTIME_SETTINGS", "{")],
    "failed to tell which database CUSTOM_RUNTIME_SETTINGS names: its text is not a JSON object"
)]
#[case(&[("VCAP_SERVICES", "[]")], "failed to tell which database VCAP_SERVICES names: its text is not a JSON object")]
fn a_source_that_is_wrong_is_named(#[case] entries: Entries, #[case] start: &str) {
    let problem = read(entries).identity.expect_err("a problem").to_string();
    assert!(problem.starts_with(start), "{problem}");
}

proptest! {
    #[test]
    fn no_value_is_repeated(
        text in "[ -~]{0,4}", place in 0..8usize, other in any::<bool>(),
    ) {
        let names = [
            "DATABASE_ENDPOINT", "DATABASE_URL", "CUSTOM_RUNTIME_SETTINGS", "VCAP_SERVICES", "MXRUNTIME_DatabaseType",
            "MXRUNTIME_DatabaseJdbcUrl", "RUNTIME_PARAMS_DATABASEJDBCURL", "MXRUNTIME_DatabaseName",
        ];
        let value = format!("{text}MaRk{text}MaRk");
        let mut entries = vec![(names[place], value.as_str())];
        if other {
            entries.push(("DATABASE_URL", URL));
        }
        let said = read(&entries);
        // An address of this kind is no identity: the mark could only come from a sentence.
        if let Err(problem) = &said.identity {
            prop_assert!(!format!("{problem}{problem:?}").contains("MaRk"), "{problem}");
        }
    }
}
