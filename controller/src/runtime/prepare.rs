//! Checks what an app is to run with, and makes the content of its pods' Secrets. Pure.

use super::copies::{self, Copies};
use super::observe::Observed;
use super::{environment, pod_template, secret_store};
use crate::configuration::{AUTHORITIES_KEY, authorities};
use mendix_model::crd::Runtime;
use mendix_model::crd::common::LeaderSelection;
use mendix_model::rules;
use mendix_model::runtime_configuration::{self, Content};

/// A reason in one word, and all that is wrong.
pub(super) type Problems = (&'static str, Vec<String>);

/// Checks everything and makes the content of the pods' Secrets.
pub(super) fn prepared(runtime: &Runtime, observed: &Observed) -> Result<Copies, Problems> {
    if runtime.spec.leader_selection == Some(LeaderSelection::Leaderless) {
        let message = "spec.runtimeLeaderSelection leaderless is not supported yet: take assigned or none";
        return Err(("NotSupported", vec![message.to_owned()]));
    }
    if let Some(violation) = rules::in_memory_replicas(observed.in_memory(), runtime.spec.replicas) {
        return Err(("Refused", vec![violation.to_string()]));
    }
    let configuration = configuration(runtime, observed).map_err(|problems| ("SettingsInvalid", problems))?;
    if let Some(problem) = &observed.unknown_database {
        return Err(("DatabaseUnknown", vec![problem.clone()]));
    }
    let unusable = secret_store::problems(&runtime.spec, observed);
    if !unusable.is_empty() {
        return Err(("SecretStoreInvalid", unusable));
    }
    let missing = missing_secrets(runtime, observed);
    if !missing.is_empty() {
        return Err(("SecretMissing", missing));
    }
    Ok(Copies {
        configuration: copies::of_configuration(runtime, &configuration),
        database: observed
            .database
            .as_ref()
            .map(|secret| copies::of_secret(runtime, secret)),
        file: observed
            .file
            .as_ref()
            .map(|secret| copies::of_secret(runtime, secret)),
        secret_store: observed
            .secret_store
            .as_ref()
            .map(|secret| copies::of_secret_store(runtime, secret)),
    })
}

fn configuration(runtime: &Runtime, observed: &Observed) -> Result<Content, Vec<String>> {
    let (spec, configuration) = (&runtime.spec, &observed.configuration);
    let settings = spec.settings.as_ref();
    let log_format = settings.and_then(|settings| settings.log_format_type.as_deref());
    let log_format = log_format.filter(|text| !text.is_empty());
    let resources = pod_template::resources(runtime, observed);
    let heap = spec.jvm_memory_settings.as_ref();
    let own = spec.resources.as_ref();
    let authorities = observed.authorities.as_ref().and_then(|it| it.data.as_ref());
    let configured = configuration.runtime_metrics_configuration.as_ref();
    let metrics = runtime_configuration::merged_metrics(spec.metrics.as_ref(), configured);
    let made = runtime_configuration::configuration(&runtime_configuration::Input {
        settings,
        metrics: Some(&metrics),
        log_format: log_format.or(configuration.runtime_log_format_type.as_deref()),
        license: own.and_then(|own| own.runtime_license.as_ref()),
        memory_limit: resources.limits.as_ref().and_then(|limits| limits.get("memory")),
        heap_limit: heap.and_then(|heap| heap.heap_limit.as_ref()),
        authorities: authorities
            .and_then(|data| data.get(AUTHORITIES_KEY))
            .map(|bundle| bundle.0.as_slice()),
        application_root_url: spec.application_root_url.as_deref(),
        termination_delay_seconds: u64::try_from(pod_template::delay(observed)).ok(),
        termination_grace_period_seconds: u64::try_from(pod_template::grace(observed)).unwrap_or_default(),
    });
    let mut problems = environment::reserved(spec);
    match made {
        Ok(made) if problems.is_empty() => Ok(made),
        Ok(_) => Err(prefixed(problems)),
        Err(invalid) => {
            problems.extend(invalid.iter().map(ToString::to_string));
            Err(prefixed(problems))
        }
    }
}

fn prefixed(problems: Vec<String>) -> Vec<String> {
    problems
        .into_iter()
        .map(|problem| format!("spec.{problem}"))
        .collect()
}

fn missing_secrets(runtime: &Runtime, observed: &Observed) -> Vec<String> {
    let authorities = authorities(&observed.configuration);
    let of_authorities = observed.authorities.as_ref().and_then(|it| it.data.as_ref());
    let untrusted = authorities
        .filter(|_| of_authorities.is_none_or(|data| !data.contains_key(AUTHORITIES_KEY)))
        .map(|name| {
            format!(
                "Secret {name} of trust.customCASecretName is not there, or has no key {AUTHORITIES_KEY}: make it, or \
                 take the field out of the OperatorConfiguration"
            )
        });
    let spec = &runtime.spec;
    let stores = [
        (
            spec.database_secret_name.as_deref(),
            &observed.database,
            "database",
        ),
        (spec.file_secret_name.as_deref(), &observed.file, "file store"),
        (secret_store::secret_name(spec), &observed.secret_store, "app"),
    ];
    let gone = stores
        .into_iter()
        .filter(|(_, secret, _)| secret.is_none())
        .filter_map(|(name, _, what)| {
            Some(format!(
                "Secret {} with the credentials of the {what} is gone: restore it",
                name?
            ))
        });
    gone.chain(untrusted).collect()
}
