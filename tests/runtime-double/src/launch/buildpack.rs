//! docker-mendix-buildpack: its script `startup`, then cf-mendix-buildpack's own start (both are public sources).
//!
//! Who leads is said twice, and the two need not agree: `CF_INSTANCE_INDEX` decides who updates the schema, and the
//! setting `isClusterSlave`, which custom settings overwrite last, decides what the runtime is.

use serde_json::{Map, Value};

use super::database_url::{self, DatabaseUrl};
use super::{Error, Plan, Synchronise, Variables, common};
use crate::database::decode;
use crate::environment::Environment;
use crate::package::{Metadata, Package};

pub(super) fn plan(environment: &Environment, package: &Package) -> Result<Plan, Error> {
    let variables = &environment.variables;
    let leads = is_leader(variables);
    let mut settings = common(environment);
    settings.extend(own_settings(variables, &package.metadata, leads)?);
    settings.extend(custom_settings(variables));
    // After the custom settings, so DATABASE_URL goes before CUSTOM_RUNTIME_SETTINGS.
    settings.extend(database(variables)?);
    let synchronise = if leads {
        Synchronise::Lead
    } else {
        Synchronise::Follow
    };
    Ok(Plan {
        settings,
        synchronise,
    })
}

fn is_leader(variables: &Variables) -> bool {
    let given = variables.get("CF_INSTANCE_INDEX").map(String::as_str);
    given.or_else(|| index_of_host(variables)).unwrap_or("0") == "0"
}

/// In Kubernetes the digits after the last `-` of the host name: the index in a stateful set, or by chance the end of the
/// name of a Deployment's pod.
fn index_of_host(variables: &Variables) -> Option<&str> {
    variables.get("KUBERNETES_SERVICE_HOST")?;
    let (_, index) = variables.get("HOSTNAME")?.rsplit_once('-')?;
    let is_number = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(index)
}

fn own_settings(
    variables: &Variables,
    metadata: &Metadata,
    leads: bool,
) -> Result<Map<String, Value>, Error> {
    let mut settings = events(variables, metadata, leads);
    settings.insert(
        "MicroflowConstants".to_owned(),
        constants(variables, metadata)?.into(),
    );
    if variables
        .get("DEVELOPMENT_MODE")
        .is_some_and(|mode| mode.eq_ignore_ascii_case("true"))
    {
        settings.insert("DTAPMode".to_owned(), "D".into());
    }
    if !leads {
        settings.insert("com.mendix.core.isClusterSlave".to_owned(), "true".into());
    }
    Ok(settings)
}

fn events(variables: &Variables, metadata: &Metadata, leads: bool) -> Map<String, Value> {
    let wanted = variables.get("SCHEDULED_EVENTS").map_or("ALL", String::as_str);
    let (execution, chosen) = match wanted {
        _ if !leads && !metadata.events_run_on_workers() => ("NONE", None),
        "ALL" | "NONE" => (wanted, None),
        list => ("SPECIFIED", Some(list)),
    };
    let chosen = chosen.map(|list| ("MyScheduledEvents".to_owned(), list.into()));
    let execution = ("ScheduledEventExecution".to_owned(), execution.into());
    [execution].into_iter().chain(chosen).collect()
}

/// `MX_Module_Constant`, else the JSON in `CONSTANTS`, else the model's default.
fn constants(variables: &Variables, metadata: &Metadata) -> Result<Map<String, Value>, Error> {
    let given = match variables.get("CONSTANTS") {
        Some(text) => serde_json::from_str(text).map_err(|_| Error::Json("CONSTANTS"))?,
        None => Map::new(),
    };
    let constants = metadata.constants.iter().map(|constant| {
        let own = variables.get(&format!("MX_{}", constant.name.replace('.', "_")));
        let value = own.map(|text| text.as_str().into());
        let value = value.or_else(|| given.get(&constant.name).cloned());
        let value = value.unwrap_or_else(|| constant.default_value.clone());
        (constant.name.clone(), value)
    });
    Ok(constants.collect())
}

/// `CUSTOM_RUNTIME_SETTINGS`, then `MXRUNTIME_…` with `.` for `_`. JSON that cannot be read is passed over.
fn custom_settings(variables: &Variables) -> Map<String, Value> {
    let mut settings: Map<String, Value> = variables
        .get("CUSTOM_RUNTIME_SETTINGS")
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    settings.extend(variables.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("MXRUNTIME_")?.replace('_', ".");
        Some((name, value.as_str().into()))
    }));
    settings
}

/// Settings of the database. A single `MXRUNTIME_Database…`, whichever it is, and no address is looked at.
fn database(variables: &Variables) -> Result<Map<String, Value>, Error> {
    if variables
        .keys()
        .any(|name| name.starts_with("MXRUNTIME_Database"))
    {
        return Ok(Map::new());
    }
    let given = variables
        .get("DATABASE_ENDPOINT")
        .or_else(|| variables.get("DATABASE_URL"));
    let address = bound_service(variables)?.or_else(|| given.cloned());
    let address = address
        .filter(|address| !address.is_empty())
        .ok_or(Error::NoDatabase)?;
    of_address(&database_url::parse(&address)?)
}

/// The first service of Cloud Foundry with an address of PostgreSQL.
fn bound_service(variables: &Variables) -> Result<Option<String>, Error> {
    let Some(text) = variables.get("VCAP_SERVICES").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let services: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| Error::Json("VCAP_SERVICES"))?;
    let mut addresses = services
        .values()
        .filter_map(|service| service[0]["credentials"]["uri"].as_str());
    Ok(addresses
        .find(|address| address.starts_with("postgres"))
        .map(str::to_owned))
}

fn of_address(address: &DatabaseUrl<'_>) -> Result<Map<String, Value>, Error> {
    let DatabaseUrl {
        user,
        password,
        host,
        name,
        parameters,
    } = address;
    let decoded = |text| {
        decode(text).ok_or(Error::Address(
            "its user or password has a broken percent encoding",
        ))
    };
    let settings = [
        ("DatabaseType", "PostgreSQL".to_owned()),
        ("DatabaseUserName", decoded(user)?),
        ("DatabasePassword", decoded(password)?),
        ("DatabaseHost", (*host).to_owned()),
        ("DatabaseName", (*name).to_owned()),
        (
            "DatabaseJdbcUrl",
            format!("jdbc:postgresql://{host}/{name}?tcpKeepAlive=true&{parameters}"),
        ),
    ];
    Ok(settings
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::Launch;

    const DATABASE: (&str, &str) = ("DATABASE_ENDPOINT", "postgres://me:it@db:5432/shop");

    fn planned(variables: &[(&str, &str)]) -> Plan {
        tried(&[variables, &[DATABASE]].concat()).unwrap()
    }

    fn tried(variables: &[(&str, &str)]) -> Result<Plan, Error> {
        let environment = Environment::for_tests(Launch::Buildpack, variables);
        plan(&environment, &Package::for_tests())
    }

    /// What the process does about the schema, and what it tells the runtime.
    fn roles(variables: &[(&str, &str)]) -> (Synchronise, Option<String>) {
        let plan = planned(variables);
        let slave = plan.settings.get("com.mendix.core.isClusterSlave");
        (plan.synchronise, slave.and_then(Value::as_str).map(str::to_owned))
    }

    #[test]
    fn index_0_leads_and_is_the_default() {
        assert_eq!(roles(&[]), (Synchronise::Lead, None));
        assert_eq!(roles(&[("CF_INSTANCE_INDEX", "0")]), (Synchronise::Lead, None));
        for index in ["1", "00", ""] {
            assert_eq!(
                roles(&[("CF_INSTANCE_INDEX", index)]),
                (Synchronise::Follow, Some("true".into())),
                "{index:?}"
            );
        }
    }

    #[test]
    fn settings_overwrite_what_the_runtime_is_and_not_who_updates_the_schema() {
        let slave = ("MXRUNTIME_com_mendix_core_isClusterSlave", "true");
        assert_eq!(roles(&[slave]), (Synchronise::Lead, Some("true".into())));
        let follower = ("CF_INSTANCE_INDEX", "1");
        let json = (
            "CUSTOM_RUNTIME_SETTINGS",
            r#"{"com.mendix.core.isClusterSlave": "false"}"#,
        );
        assert_eq!(
            roles(&[follower, json]),
            (Synchronise::Follow, Some("false".into()))
        );
        assert_eq!(
            roles(&[follower, json, slave]),
            (Synchronise::Follow, Some("true".into()))
        );
    }

    #[test]
    fn in_kubernetes_the_host_name_may_hold_the_index() {
        let on = |host| roles(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("HOSTNAME", host)]).0;
        assert_eq!(on("shop-0"), Synchronise::Lead);
        assert_eq!(on("shop-1"), Synchronise::Follow);
        assert_eq!(on("shop-67d4b8f9c-x7k2p"), Synchronise::Lead);
        assert_eq!(on("shop-67d4b8f9c-22876"), Synchronise::Follow);
        assert_eq!(roles(&[("HOSTNAME", "shop-1")]).0, Synchronise::Lead);
        let index = ("CF_INSTANCE_INDEX", "0");
        let host = ("HOSTNAME", "shop-1");
        let kubernetes = ("KUBERNETES_SERVICE_HOST", "10.0.0.1");
        assert_eq!(roles(&[index, host, kubernetes]).0, Synchronise::Lead);
    }

    #[test]
    fn the_endpoint_goes_before_the_url() {
        let url = ("DATABASE_URL", "postgres://me:it@elsewhere/other");
        let settings = planned(&[url]).settings;
        assert_eq!(settings["DatabaseHost"], "db:5432");
        assert_eq!(settings["DatabaseType"], "PostgreSQL");
        let alone = tried(&[("DATABASE_URL", "postgres://m%40e:a%26b@db/shop")])
            .unwrap()
            .settings;
        assert_eq!(alone["DatabaseUserName"], "m@e");
        assert_eq!(alone["DatabasePassword"], "a&b");
    }

    #[test]
    fn one_database_setting_and_no_address_is_looked_at() {
        let settings = planned(&[("MXRUNTIME_DatabaseType", "HSQLDB")]).settings;
        assert_eq!(settings["DatabaseType"], "HSQLDB");
        assert!(!settings.contains_key("DatabaseHost"));
    }

    #[test]
    fn an_address_goes_before_custom_settings_and_a_bound_service_before_both() {
        let custom = (
            "CUSTOM_RUNTIME_SETTINGS",
            r#"{"DatabaseHost": "custom", "Other": 1}"#,
        );
        let settings = planned(&[custom]).settings;
        assert_eq!(
            (&settings["DatabaseHost"], &settings["Other"]),
            (&"db:5432".into(), &1.into())
        );
        let services = r#"{"cache": [{"credentials": {"uri": "redis://r"}}],
            "database": [{"credentials": {"uri": "postgres://me:it@bound/shop"}}]}"#;
        let settings = planned(&[("VCAP_SERVICES", services)]).settings;
        assert_eq!(settings["DatabaseHost"], "bound");
    }

    #[test]
    fn without_a_database_there_is_no_plan() {
        assert_eq!(tried(&[]), Err(Error::NoDatabase));
        assert_eq!(tried(&[("DATABASE_ENDPOINT", "")]), Err(Error::NoDatabase));
        let address = tried(&[("DATABASE_URL", "mysql://me:hush@db/shop")]);
        assert!(matches!(address, Err(Error::Address(_))));
    }

    #[test]
    fn constants_and_events_have_variables() {
        let settings = planned(&[]).settings;
        assert_eq!(settings["MicroflowConstants"]["Main.Limit"], "3");
        assert_eq!(settings["ScheduledEventExecution"], "ALL");
        let given = [("MX_Main_Limit", "4"), ("CONSTANTS", r#"{"Main.Limit": "5"}"#)];
        let settings = planned(&given).settings;
        assert_eq!(settings["MicroflowConstants"]["Main.Limit"], "4");
        let settings = planned(&given[1..]).settings;
        assert_eq!(settings["MicroflowConstants"]["Main.Limit"], "5");
        let settings = planned(&[("SCHEDULED_EVENTS", "Main.Nightly")]).settings;
        assert_eq!(settings["ScheduledEventExecution"], "SPECIFIED");
        assert_eq!(settings["MyScheduledEvents"], "Main.Nightly");
        let broken = tried(&[("CONSTANTS", "x"), DATABASE]);
        assert_eq!(broken, Err(Error::Json("CONSTANTS")));
    }

    #[test]
    fn development_mode_is_a_variable() {
        assert_eq!(planned(&[]).settings["DTAPMode"], "P");
        assert_eq!(planned(&[("DEVELOPMENT_MODE", "True")]).settings["DTAPMode"], "D");
    }
}
