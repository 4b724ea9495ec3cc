//! The ways in which a runtime gets going, told by the name under which the program is called, as in real images.

mod buildpack;
mod database_url;
mod portable;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::environment::Environment;
use crate::package::Package;

/// Environment variables.
pub type Variables = BTreeMap<String, String>;

/// Who sets the runtime going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launch {
    /// A client on the admin port.
    Admin,
    /// The start script of docker-mendix-buildpack, `/opt/mendix/build/startup`.
    Buildpack,
    /// The start script of a portable package, `bin/start`: leaderless.
    Portable,
}

/// What a process that starts itself goes by.
#[derive(Debug, PartialEq)]
pub struct Plan {
    pub settings: Map<String, Value>,
    pub synchronise: Synchronise,
}

/// What a process does about a schema that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronise {
    /// Updates it.
    Lead,
    /// Waits until somebody else has updated it.
    Follow,
    /// Updates it under a lock, unless somebody else was first.
    First,
}

/// Why the environment variables do not lead to a start. Names variables, never their values.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Error {
    #[error(
        "failed to find a database in the environment variables; set DATABASE_ENDPOINT, DATABASE_URL or MXRUNTIME_Database…"
    )]
    NoDatabase,
    #[error("failed to read the database's address: {0}")]
    Address(&'static str),
    #[error("failed to read {0}: it is no JSON object")]
    Json(&'static str),
}

impl Launch {
    /// Tells by the program's name.
    pub fn of(program: &Path) -> Self {
        match program.file_name().and_then(|name| name.to_str()) {
            Some("startup") => Self::Buildpack,
            Some("start") => Self::Portable,
            _ => Self::Admin,
        }
    }

    /// The app folder: an argument of the launcher; around the start scripts it is where packages have it.
    pub fn app(self, program: &Path, argument: Option<String>) -> PathBuf {
        let folder = program.parent().unwrap_or(program);
        match self {
            Self::Admin => argument.map_or_else(|| DEFAULT_APP.into(), PathBuf::from),
            Self::Buildpack => folder.to_owned(),
            Self::Portable => folder.join("../app"),
        }
    }

    /// The exit code after a start that failed. docker-mendix-buildpack's script ends with 0 whatever the buildpack
    /// said, so such a container is `Completed`.
    pub fn failure_code(self) -> u8 {
        match self {
            Self::Admin | Self::Portable => 1,
            Self::Buildpack => 0,
        }
    }
}

/// The app folder of an official runtime image when no argument names one.
const DEFAULT_APP: &str = "/opt/mendix/app";

/// What a process that starts itself goes by; nothing for one that a client starts.
///
/// # Errors
/// The environment variables name no database, or cannot be read.
pub fn plan(environment: &Environment, package: &Package) -> Result<Option<Plan>, Error> {
    match environment.launch {
        Launch::Admin => Ok(None),
        Launch::Buildpack => buildpack::plan(environment, package).map(Some),
        Launch::Portable => Ok(Some(portable::plan(environment, package))),
    }
}

/// Settings that every start script gives.
fn common(environment: &Environment) -> Map<String, Value> {
    let app = environment.app.to_string_lossy();
    let settings = [
        ("DTAPMode", "P"),
        ("BasePath", &app),
        ("RuntimePath", "/opt/mendix/runtime"),
    ];
    settings
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_program_tells_who_starts_it() {
        let launch = |program: &str| Launch::of(Path::new(program));
        assert_eq!(launch("/opt/mendix/build/startup"), Launch::Buildpack);
        assert_eq!(launch("./bin/start"), Launch::Portable);
        assert_eq!(
            launch("/opt/mendix/runtime/launcher/runtime-double"),
            Launch::Admin
        );
    }

    #[test]
    fn the_app_lies_beside_the_start_script() {
        let app = |program: &str| Launch::of(Path::new(program)).app(Path::new(program), None);
        assert_eq!(app("/opt/mendix/build/startup"), Path::new("/opt/mendix/build"));
        assert_eq!(app("./bin/start"), Path::new("./bin/../app"));
        assert_eq!(app("runtime-double"), Path::new("/opt/mendix/app"));
    }
}
