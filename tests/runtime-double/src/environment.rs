//! What the launcher is told by its name, its argument and its environment variables.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::launch::{Launch, Variables};

/// The admin port when `M2EE_ADMIN_PORT` is not set.
const DEFAULT_ADMIN_PORT: u16 = 8090;
/// The app port when neither a variable nor the appcontainer configuration names one.
const DEFAULT_APP_PORT: u16 = 8080;

/// The launcher's surroundings, as read once at the start of the process.
pub struct Environment {
    /// Who sets the runtime going.
    pub launch: Launch,
    /// The folder into which the deployment package was unpacked.
    pub app: PathBuf,
    /// The admin port, where one is open.
    pub admin: Option<AdminPort>,
    /// `M2EE_RUNTIME_PORT`, for the buildpack `PORT`; 0 lets the kernel choose, the log says what it chose.
    pub app_port: u16,
    /// `M2EE_RUNTIME_LISTEN_ADDRESSES`, as above.
    pub app_addresses: String,
    /// The pod's name: the host name as the kernel has it.
    pub host: String,
    /// All variables, for the ways of a start that are configured by them.
    pub variables: Variables,
}

/// Where the admin port listens, and to whom it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminPort {
    /// `M2EE_ADMIN_PORT`; 0 as above.
    pub port: u16,
    /// `M2EE_ADMIN_LISTEN_ADDRESSES`, separated by commas; `*` is every address.
    pub addresses: String,
    /// `M2EE_ADMIN_PASS`.
    pub password: String,
}

/// Why the surroundings cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// A port variable holds something else than a port.
    #[error("failed to read {name}: {value:?} is not a port number; set it to a number from 0 to 65535")]
    Port { name: &'static str, value: String },
    /// The admin port would be open to everybody.
    #[error("failed to read M2EE_ADMIN_PASS: it is not set; set it to the admin port's password")]
    Password,
}

impl Environment {
    /// Reads the surroundings from the launcher's name, its argument and the environment variables.
    ///
    /// # Errors
    /// A port that is no number, or a missing password.
    pub fn read(program: &Path, argument: Option<String>, variables: Variables) -> Result<Self, Error> {
        let launch = Launch::of(program);
        let app_port = match launch {
            Launch::Buildpack => "PORT",
            Launch::Admin | Launch::Portable => "M2EE_RUNTIME_PORT",
        };
        Ok(Self {
            launch,
            app: launch.app(program, argument),
            admin: admin_port(launch, &variables)?,
            app_port: port(app_port, &variables, DEFAULT_APP_PORT)?,
            app_addresses: addresses("M2EE_RUNTIME_LISTEN_ADDRESSES", &variables, "*"),
            host: host_name(),
            variables,
        })
    }

    #[cfg(test)]
    pub(crate) fn for_tests(launch: Launch, variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            launch,
            app: "/opt/mendix/build".into(),
            admin: None,
            app_port: DEFAULT_APP_PORT,
            app_addresses: "*".to_owned(),
            host: "shop".to_owned(),
            variables: variables.iter().map(owned).collect(),
        }
    }
}

/// A runtime that nobody else starts has an admin port only when somebody has a password for it; the buildpack keeps
/// its own to itself.
fn admin_port(launch: Launch, variables: &Variables) -> Result<Option<AdminPort>, Error> {
    let password = variables
        .get("M2EE_ADMIN_PASS")
        .filter(|password| !password.is_empty());
    match (launch, password) {
        (Launch::Buildpack, _) | (Launch::Portable, None) => Ok(None),
        (Launch::Admin, None) => Err(Error::Password),
        (_, Some(password)) => Ok(Some(AdminPort {
            port: port("M2EE_ADMIN_PORT", variables, DEFAULT_ADMIN_PORT)?,
            addresses: addresses("M2EE_ADMIN_LISTEN_ADDRESSES", variables, "127.0.0.1"),
            password: password.clone(),
        })),
    }
}

fn addresses(name: &str, variables: &Variables, default: &str) -> String {
    variables.get(name).map_or(default, String::as_str).to_owned()
}

fn port(name: &'static str, variables: &Variables, default: u16) -> Result<u16, Error> {
    variables.get(name).map_or(Ok(default), |value| {
        value.parse().map_err(|_| Error::Port {
            name,
            value: value.clone(),
        })
    })
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, Error> {
        read_as("/opt/mendix/runtime/launcher/runtime-double", variables)
    }

    fn read_as(program: &str, variables: &[(&str, &str)]) -> Result<Environment, Error> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Environment::read(Path::new(program), None, variables.iter().map(owned).collect())
    }

    #[test]
    fn the_password_alone_is_enough() {
        let environment = read(&[("M2EE_ADMIN_PASS", "secret")]).unwrap();
        assert_eq!(environment.app, PathBuf::from("/opt/mendix/app"));
        let admin = environment.admin.unwrap();
        assert_eq!((admin.port, environment.app_port), (8090, 8080));
        assert_eq!(admin.addresses, "127.0.0.1");
    }

    #[test]
    fn start_scripts_need_no_password() {
        let buildpack = read_as("/opt/mendix/build/startup", &[("PORT", "80")]).unwrap();
        assert_eq!((buildpack.admin, buildpack.app_port), (None, 80));
        assert_eq!(read_as("./bin/start", &[]).unwrap().admin, None);
        let portable = read_as("./bin/start", &[("M2EE_ADMIN_PASS", "secret")]).unwrap();
        assert_eq!(portable.admin.unwrap().port, 8090);
    }

    #[test]
    fn a_missing_password_and_a_bad_port_are_told() {
        assert!(matches!(read(&[]), Err(Error::Password)));
        let error = read(&[("M2EE_ADMIN_PASS", "secret"), ("M2EE_ADMIN_PORT", "nine")])
            .err()
            .unwrap();
        assert!(error.to_string().contains("M2EE_ADMIN_PORT"), "{error}");
    }
}
