//! The variables of container `mendix`. Pure.

use super::observe::Observed;
use crate::task_pod::variable;
use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, SecretKeySelector};
use mendix_model::crd::app::EnvironmentVariable;
use mendix_model::crd::{Runtime, RuntimeSpec};
use mendix_model::lease::Told;
use mendix_model::names::{self, Role};
use mendix_model::runtime_configuration::variable as guard;
use std::collections::BTreeMap;

/// What images of the Mendix runtime are started with (repository mendix/privatecloud-runtime-images).
const DEFAULT_COMMAND: &str = "/opt/mendix/app/mxruntime.sh";
const OURS: [&str; 9] = [
    guard::LEASE,
    guard::DATABASE_CLAIM,
    guard::NAMESPACE,
    guard::ROLE,
    guard::COMMAND,
    guard::ADMIN_PASSWORD,
    guard::ADMIN_PORT,
    guard::ADMIN_LISTEN_ADDRESSES,
    guard::RUNTIME_PORT,
];

/// Variables of the app that would change what the guard is told.
pub(crate) fn reserved(spec: &RuntimeSpec) -> Vec<String> {
    own(spec)
        .filter(|own| OURS.contains(&own.name.as_str()))
        .map(|own| {
            format!(
                "runtime.environmentVariables: {} is set by the controller: remove it",
                own.name
            )
        })
        .collect()
}

/// The app's variables, then ours.
pub(crate) fn variables(runtime: &Runtime, role: Role) -> Vec<EnvVar> {
    // By name: of two with one name the later one counts, as it does in a container.
    let own: BTreeMap<_, _> = own(&runtime.spec)
        .map(|own| (own.name.clone(), converted(own)))
        .collect();
    let mut all: Vec<_> = own.into_values().collect();
    all.extend([
        // A literal, never a reference: a worker that lost its role would lead (invariant I5).
        variable(guard::ROLE, role.as_str()),
        variable(guard::COMMAND, command(&runtime.spec)),
        admin_password(&runtime.spec.environment),
        variable(guard::ADMIN_PORT, names::ADMIN_PORT.to_string()),
        variable(guard::ADMIN_LISTEN_ADDRESSES, "127.0.0.1"),
        variable(guard::RUNTIME_PORT, names::APP_PORT.to_string()),
    ]);
    all
}

/// Whose the pod is, for its row in the database; a literal, so that it stays what it was when the gate opened.
pub(crate) fn lease(runtime: &Runtime, observed: &Observed) -> EnvVar {
    let told = Told {
        owner: observed.owner.clone(),
        model: runtime.spec.model.clone(),
        leader_selection: runtime.spec.leader_selection.unwrap_or_default(),
        adopt: observed.adopt().map(ToOwned::to_owned),
    };
    variable(guard::LEASE, serde_json::json!(told).to_string())
}

fn own(spec: &RuntimeSpec) -> impl Iterator<Item = &EnvironmentVariable> {
    let settings = spec.settings.as_ref();
    settings
        .and_then(|settings| settings.environment_variables.as_ref())
        .into_iter()
        .flatten()
}

fn converted(own: &EnvironmentVariable) -> EnvVar {
    let secret = own
        .value_from
        .as_ref()
        .and_then(|from| from.secret_key_ref.as_ref());
    EnvVar {
        name: own.name.clone(),
        value: own.value.clone().filter(|_| secret.is_none()),
        value_from: secret.map(|secret| from_secret(&secret.name, &secret.key)),
    }
}

fn admin_password(app: &str) -> EnvVar {
    EnvVar {
        name: guard::ADMIN_PASSWORD.to_owned(),
        value: None,
        value_from: Some(from_secret(&names::admin_secret(app), names::ADMIN_PASSWORD_KEY)),
    }
}

fn from_secret(name: &str, key: &str) -> EnvVarSource {
    EnvVarSource {
        secret_key_ref: Some(SecretKeySelector {
            name: name.to_owned(),
            key: key.to_owned(),
            optional: None,
        }),
        ..EnvVarSource::default()
    }
}

fn command(spec: &RuntimeSpec) -> String {
    let command = spec.command.clone().filter(|command| !command.is_empty());
    serde_json::json!(command.unwrap_or_else(|| vec![DEFAULT_COMMAND.to_owned()])).to_string()
}
