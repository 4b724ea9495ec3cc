use super::Source;
use crate::database::kind::Kind;
use crate::database::{Address, Problem, text};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// JSON object of runtime settings; the buildpack lays `MXRUNTIME_…` over it.
pub(in crate::database) const CUSTOM: &str = "CUSTOM_RUNTIME_SETTINGS";

/// What the buildpack's variables of settings begin with.
pub(super) const BUILDPACK: &str = "MXRUNTIME_";
/// What those of the portable runtime begin with.
pub(super) const PORTABLE: &str = "RUNTIME_PARAMS_";
/// The database's password of the portable runtime.
pub(super) const PORTABLE_PASSWORD: &str = "RUNTIME_PARAMS_DATABASEPASSWORD";
/// Setting with the database's password (Mendix documentation, "Runtime customization").
const PASSWORD: &str = "DatabasePassword";

/// A setting of the runtime and the variables that set it.
struct Setting {
    name: &'static str,
    buildpack: &'static str,
    portable: &'static str,
}

/// In the order in which they decide which database it is.
const SETTINGS: [Setting; 6] = [
    Setting {
        name: "DatabaseJdbcUrl",
        buildpack: "MXRUNTIME_DatabaseJdbcUrl",
        portable: "RUNTIME_PARAMS_DATABASEJDBCURL",
    },
    Setting {
        name: "DatabaseHost",
        buildpack: "MXRUNTIME_DatabaseHost",
        portable: "RUNTIME_PARAMS_DATABASEHOST",
    },
    Setting {
        name: "DatabaseName",
        buildpack: "MXRUNTIME_DatabaseName",
        portable: "RUNTIME_PARAMS_DATABASENAME",
    },
    Setting {
        name: "OracleServiceName",
        buildpack: "MXRUNTIME_OracleServiceName",
        portable: "RUNTIME_PARAMS_ORACLESERVICENAME",
    },
    Setting {
        name: "DatabaseType",
        buildpack: "MXRUNTIME_DatabaseType",
        portable: "RUNTIME_PARAMS_DATABASETYPE",
    },
    Setting {
        name: "DatabaseUserName",
        buildpack: "MXRUNTIME_DatabaseUserName",
        portable: "RUNTIME_PARAMS_DATABASEUSERNAME",
    },
];

/// Settings of the runtime about its database, each with the variable that sets it.
#[derive(Clone)]
pub(super) struct Settings(BTreeMap<&'static str, (&'static str, String)>);

impl Settings {
    pub(super) fn of_buildpack(variables: &BTreeMap<String, String>) -> Self {
        Self::collect(|setting| Some((setting.buildpack, variables.get(setting.buildpack)?.clone())))
    }

    pub(super) fn of_portable(variables: &BTreeMap<String, String>) -> Self {
        Self::collect(|setting| Some((setting.portable, variables.get(setting.portable)?.clone())))
    }

    pub(super) fn custom(variables: &BTreeMap<String, String>) -> Result<Self, Problem> {
        let object = object(variables, CUSTOM)?;
        Ok(Self::collect(|setting| {
            Some((CUSTOM, object.get(setting.name)?.as_str()?.to_owned()))
        }))
    }

    /// The database's password among the settings of the buildpack.
    pub(super) fn password_of_buildpack(
        variables: &BTreeMap<String, String>,
    ) -> Result<Option<String>, Problem> {
        if let Some(own) = variables.get(&format!("{BUILDPACK}{PASSWORD}")) {
            return Ok(Some(own.clone()));
        }
        let custom = object(variables, CUSTOM)?;
        Ok(custom.get(PASSWORD).and_then(Value::as_str).map(str::to_owned))
    }

    fn collect(value: impl Fn(&Setting) -> Option<(&'static str, String)>) -> Self {
        let present = |setting: &Setting| {
            let (variable, value) = value(setting)?;
            Some((setting.name, (variable, text::present(&value)?.to_owned())))
        };
        Self(SETTINGS.iter().filter_map(present).collect())
    }

    /// These, and of the others what these leave open.
    pub(super) fn over(mut self, others: &Self) -> Self {
        for (name, stated) in &others.0 {
            self.0.entry(name).or_insert_with(|| stated.clone());
        }
        self
    }

    /// Nothing when they do not say which database it is.
    pub(super) fn source(&self) -> Option<Source> {
        let address = self.address();
        address.is_named().then(|| Source {
            variables: self.variables(),
            address,
        })
    }

    fn variables(&self) -> Vec<&'static str> {
        let stated = SETTINGS.iter().filter_map(|setting| self.0.get(setting.name));
        stated.map(|(variable, _)| *variable).collect()
    }

    fn address(&self) -> Address {
        let value = |name: &str| self.0.get(name).map(|(_, value)| value.clone());
        let mut address = Address {
            type_: value("DatabaseType"),
            jdbc_url: value("DatabaseJdbcUrl"),
            host: value("DatabaseHost"),
            name: value("DatabaseName"),
            user_name: value("DatabaseUserName"),
            schema: None,
        };
        if address.kind() == Some(Kind::Oracle) {
            address.name = value("OracleServiceName").or(address.name);
        }
        address
    }
}

/// The JSON object in a variable; an empty one when the variable is not there.
pub(super) fn object(
    variables: &BTreeMap<String, String>,
    name: &'static str,
) -> Result<Map<String, Value>, Problem> {
    match variables.get(name).and_then(|text| text::present(text)) {
        Some(text) => serde_json::from_str(text).map_err(|_| Problem::Json.at(name)),
        None => Ok(Map::new()),
    }
}
