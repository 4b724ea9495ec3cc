//! What the launcher is told by its argument and its environment variables.

use std::path::PathBuf;

use thiserror::Error;

/// The app folder of a runtime image when no argument names one.
const DEFAULT_APP: &str = "/opt/mendix/app";
/// The admin port when `M2EE_ADMIN_PORT` is not set.
const DEFAULT_ADMIN_PORT: u16 = 8090;
/// The app port when neither `M2EE_RUNTIME_PORT` nor the appcontainer configuration names one.
const DEFAULT_APP_PORT: u16 = 8080;

/// The launcher's surroundings, as read once at the start of the process.
pub struct Environment {
    /// The folder into which the deployment package was unpacked.
    pub app: PathBuf,
    /// `M2EE_ADMIN_PORT`; 0 lets the kernel choose, the log says what it chose.
    pub admin_port: u16,
    /// `M2EE_ADMIN_LISTEN_ADDRESSES`, separated by commas; `*` is every address.
    pub admin_addresses: String,
    /// `M2EE_ADMIN_PASS`.
    pub admin_password: String,
    /// `M2EE_RUNTIME_PORT`; 0 as above.
    pub app_port: u16,
    /// `M2EE_RUNTIME_LISTEN_ADDRESSES`, as above.
    pub app_addresses: String,
    /// The pod's name: the host name as the kernel has it.
    pub host: String,
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
    /// Reads the surroundings from the launcher's argument and a look-up of environment variables.
    ///
    /// # Errors
    /// A port that is no number, or a missing password.
    pub fn read(argument: Option<String>, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let addresses = |name: &str, default: &str| variable(name).unwrap_or_else(|| default.to_owned());
        Ok(Self {
            app: argument.unwrap_or_else(|| DEFAULT_APP.to_owned()).into(),
            admin_port: port("M2EE_ADMIN_PORT", variable("M2EE_ADMIN_PORT"), DEFAULT_ADMIN_PORT)?,
            admin_addresses: addresses("M2EE_ADMIN_LISTEN_ADDRESSES", "127.0.0.1"),
            admin_password: variable("M2EE_ADMIN_PASS")
                .filter(|password| !password.is_empty())
                .ok_or(Error::Password)?,
            app_port: port(
                "M2EE_RUNTIME_PORT",
                variable("M2EE_RUNTIME_PORT"),
                DEFAULT_APP_PORT,
            )?,
            app_addresses: addresses("M2EE_RUNTIME_LISTEN_ADDRESSES", "*"),
            host: host_name(),
        })
    }
}

fn port(name: &'static str, value: Option<String>, default: u16) -> Result<u16, Error> {
    value.map_or(Ok(default), |value| {
        value.parse().map_err(|_| Error::Port { name, value })
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
        Environment::read(None, |name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_password_alone_is_enough() {
        let environment = read(&[("M2EE_ADMIN_PASS", "secret")]).unwrap();
        assert_eq!(environment.app, PathBuf::from("/opt/mendix/app"));
        assert_eq!((environment.admin_port, environment.app_port), (8090, 8080));
        assert_eq!(environment.admin_addresses, "127.0.0.1");
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
