//! Services bound by Cloud Foundry, as the buildpack reads them.

use super::Source;
use super::settings::object;
use crate::database::{Address, Problem};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const VARIABLE: &str = "VCAP_SERVICES";
/// Services of SAP HANA, with the credentials apart.
const HANA: [&str; 2] = ["hana", "hanatrial"];
/// Services with an address in `uri`, in the buildpack's order.
const WITH_URI: [&str; 10] = [
    "p-mysql",
    "p.mysql",
    "elephantsql",
    "cleardb",
    "PostgreSQL",
    "dashDB",
    "mariadb",
    "postgresql",
    "rds",
    "postgresql_shared",
];

/// The first database among the services.
pub(super) fn source(variables: &BTreeMap<String, String>) -> Result<Option<Source>, Problem> {
    let services = object(variables, VARIABLE)?;
    let address = hana(&services)
        .or_else(|| with_uri(&services))
        .or_else(|| of_jdbc_url(credentials(&services, "azure-sqldb")?, "jdbcUrl"))
        .or_else(|| other(&services));
    Ok(address.map(|address| Source {
        variables: vec![VARIABLE],
        address,
    }))
}

fn hana(services: &Map<String, Value>) -> Option<Address> {
    let credentials = HANA.iter().find_map(|name| credentials(services, name))?;
    let host = text(credentials, "host").map(|host| match text(credentials, "port") {
        Some(port) => format!("{host}:{port}"),
        None => host,
    });
    Some(Address {
        type_: Some("SAPHANA".to_owned()),
        jdbc_url: text(credentials, "url"),
        host,
        name: None,
        user_name: text(credentials, "user"),
        schema: text(credentials, "schema"),
    })
}

fn with_uri(services: &Map<String, Value>) -> Option<Address> {
    let mut credentials = WITH_URI.iter().filter_map(|name| credentials(services, name));
    of_jdbc_url(credentials.next()?, "uri")
}

/// A service of another name, when its address is that of a database.
fn other(services: &Map<String, Value>) -> Option<Address> {
    services.keys().find_map(|name| {
        let credentials = credentials(services, name)?;
        let uri = text(credentials, "uri")?;
        let by_name = ["rds", "dashDB"].iter().any(|prefix| name.starts_with(prefix));
        let by_scheme = ["postgres", "mysql"].iter().any(|scheme| uri.starts_with(scheme));
        (by_name || by_scheme).then(|| of_jdbc_url(credentials, "uri"))?
    })
}

fn of_jdbc_url(credentials: &Map<String, Value>, key: &str) -> Option<Address> {
    Some(Address {
        jdbc_url: Some(text(credentials, key)?),
        ..Address::default()
    })
}

/// Of the first service with the name.
fn credentials<'a>(services: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    services.get(name)?.get(0)?.get("credentials")?.as_object()
}

fn text(credentials: &Map<String, Value>, key: &str) -> Option<String> {
    match credentials.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
