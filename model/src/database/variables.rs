//! What the variables of a container say of its database.
//!
//! Known are those of the buildpack for Docker (`DATABASE_ENDPOINT`, which it copies over `DATABASE_URL`), of the
//! Cloud Foundry buildpack within it (`MXRUNTIME_…`, `CUSTOM_RUNTIME_SETTINGS`, `VCAP_SERVICES`), and of the portable
//! runtime (`RUNTIME_PARAMS_…`). Sources: the buildpacks' own code; Mendix documentation, "Mendix Portable Runtime".

mod login;
mod services;
mod settings;
#[cfg(test)]
mod tests;

use super::{Address, Identity, Problem};
pub use login::keys_from_variables;
pub(super) use settings::CUSTOM;
use settings::Settings;
use std::collections::BTreeMap;

/// What the variables of a container say of its database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FromVariables {
    /// The database; nothing when no variable names one. A problem when one does so wrongly, or two name different
    /// ones: which of them counts depends on the image, and on the release that it was made with.
    pub identity: Result<Option<Identity>, Problem>,
    /// Names of the variables that name a database, those first that a buildpack looks at first.
    pub sources: Vec<&'static str>,
}

/// What names a database, and what that says.
struct Source {
    variables: Vec<&'static str>,
    address: Address,
}

impl Source {
    /// The variable that decides which database it is.
    fn place(&self) -> &'static str {
        self.variables.first().copied().unwrap_or_default()
    }

    fn identity(&self, namespace: &str) -> Result<Identity, Problem> {
        self.address
            .identity(namespace)
            .map_err(|problem| problem.at(self.place()))
    }
}

/// Which database the variables of a container name to a pod in `namespace`. The variables are as the container gets
/// them: from Secrets and maps, and with references expanded.
pub fn from_variables(variables: &BTreeMap<String, String>, namespace: &str) -> FromVariables {
    match sources(variables) {
        Err(problem) => FromVariables {
            identity: Err(problem),
            sources: Vec::new(),
        },
        Ok((whole, partial)) => FromVariables {
            identity: agreed(&whole, &partial, namespace),
            sources: names(&whole),
        },
    }
}

type Sources = Vec<Source>;

/// Sources that must name a database as they are, and parts of them, which must not name another one when they name
/// one.
fn sources(variables: &BTreeMap<String, String>) -> Result<(Sources, Sources), Problem> {
    let runtime = Settings::of_buildpack(variables);
    let custom = Settings::custom(variables)?;
    let whole = [
        runtime.clone().over(&custom).source(),
        services::source(variables)?,
        address(variables, "DATABASE_ENDPOINT"),
        address(variables, "DATABASE_URL"),
        Settings::of_portable(variables).source(),
    ];
    let partial = [runtime.source(), custom.source()];
    Ok((
        whole.into_iter().flatten().collect(),
        partial.into_iter().flatten().collect(),
    ))
}

fn address(variables: &BTreeMap<String, String>, name: &'static str) -> Option<Source> {
    let address = Address {
        jdbc_url: variables.get(name).cloned(),
        ..Address::default()
    };
    address.is_named().then(|| Source {
        variables: vec![name],
        address,
    })
}

fn agreed(whole: &[Source], partial: &[Source], namespace: &str) -> Result<Option<Identity>, Problem> {
    let mut found: Option<(Identity, &'static str)> = None;
    let whole = whole
        .iter()
        .map(|source| (source.identity(namespace), source.place()));
    let named_too = |source: &Source| Some((Ok(source.identity(namespace).ok()?), source.place()));
    for (identity, place) in whole.chain(partial.iter().filter_map(named_too)) {
        let identity = identity?;
        match &found {
            None => found = Some((identity, place)),
            Some((first, _)) if *first == identity => {}
            Some((_, first)) => return Err(Problem::Differ { first, second: place }),
        }
    }
    Ok(found.map(|(identity, _)| identity))
}

fn names(sources: &[Source]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for name in sources.iter().flat_map(|source| &source.variables) {
        if !names.contains(name) {
            names.push(*name);
        }
    }
    names
}
