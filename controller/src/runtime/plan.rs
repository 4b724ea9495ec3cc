//! Decides what the running app consists of. Pure.

use super::copies::{self, Copies};
use super::deployment::{Pinned, deployment, pinned};
use super::observe::Observed;
use super::pull::{self, Waits};
use super::rollout::{self, Identity, Inputs, Seen, Situation, Target, Targets};
use super::{budget, environment, guarded, input, intent, pod_template, secret_store, status, strategy};
use crate::configuration::{AUTHORITIES_KEY, authorities};
use crate::guards;
use crate::metadata::is_leaving;
use crate::pod_state::label;
use crate::read;
use crate::report::Report;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::ResourceExt;
use mendix_model::conditions::Progress;
use mendix_model::crd::common::LeaderSelection;
use mendix_model::crd::{Environment, Runtime, RuntimeStatus};
use mendix_model::names::{self, Role};
use mendix_model::rules;
use mendix_model::runtime_configuration::{self, Content};
use mendix_model::secret_store::{IN_MEMORY_DATABASE, database};
use std::collections::BTreeSet;

/// What is written, in this order, and what is reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Writes {
    /// Make the Secret with the admin password, which is never changed afterwards.
    pub(crate) admin_secret: bool,
    pub(crate) copies: Vec<Secret>,
    pub(crate) environment: Option<Environment>,
    pub(crate) budget: Option<PodDisruptionBudget>,
    /// Pods that pull the next image, to make and to take away.
    pub(crate) pull: Vec<Pod>,
    pub(crate) pulled: Vec<Pod>,
    /// Workers before the leader: see [`rollout`].
    pub(crate) deployments: Vec<Deployment>,
    /// Names of copies that nothing mounts any more.
    pub(crate) delete_copies: Vec<String>,
}

/// Writes and report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) writes: Writes,
    pub(crate) report: Report<RuntimeStatus>,
}

pub(crate) fn plan(runtime: &Runtime, observed: &Observed, now: Timestamp) -> Plan {
    let mut plan = decided(runtime, observed, now);
    if let Some(progress) = intent::paused(observed, &plan.report.progress).filter(|_| !is_leaving(runtime)) {
        plan = only(runtime, observed, progress);
    }
    let unwatched = Some(read::UNWATCHED).filter(|_| secret_store::secret_name(&runtime.spec).is_some());
    let unheard = guards::look_again(&observed.pods, &observed.answers);
    plan.report.requeue = unwatched.into_iter().chain(unheard).min();
    plan
}

fn decided(runtime: &Runtime, observed: &Observed, now: Timestamp) -> Plan {
    if is_leaving(runtime) {
        return only(runtime, observed, Progress::working("Deleting", "being deleted"));
    }
    match prepared(runtime, observed) {
        Ok(copies) => running(runtime, observed, &copies, now),
        Err((reason, problems)) => Plan {
            writes: Writes {
                // Stopping works with settings that are wrong: the pods that are there need no new template.
                deployments: if runtime.spec.replicas == 0 {
                    stopped(runtime, observed)
                } else {
                    Vec::new()
                },
                ..Writes::default()
            },
            ..only(runtime, observed, Progress::stalled(reason, problems.join("; ")))
        },
    }
}

fn only(runtime: &Runtime, observed: &Observed, progress: Progress) -> Plan {
    Plan {
        writes: Writes::default(),
        report: status::report(runtime, observed, progress),
    }
}

fn stopped(runtime: &Runtime, observed: &Observed) -> Vec<Deployment> {
    [Role::Worker, Role::Leader]
        .into_iter()
        .filter_map(|role| {
            let pinned = pinned(observed.deployment(role))?;
            Some(deployment(runtime, role, &pinned, 0, strategy::recreate()))
        })
        .collect()
}

type Problems = (&'static str, Vec<String>);

/// Checks everything and makes the content of the pods' Secrets.
fn prepared(runtime: &Runtime, observed: &Observed) -> Result<Copies, Problems> {
    if runtime.spec.leader_selection == Some(LeaderSelection::Leaderless) {
        let message = "spec.runtimeLeaderSelection leaderless is not supported yet: take assigned or none";
        return Err(("NotSupported", vec![message.to_owned()]));
    }
    if let Some(violation) = rules::in_memory_replicas(in_memory(observed), runtime.spec.replicas) {
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

fn running(runtime: &Runtime, observed: &Observed, copies: &Copies, now: Timestamp) -> Plan {
    let situation = situation(runtime, observed);
    let targets = rollout::targets(&situation);
    let template = |role, input: &str| template(runtime, observed, copies, role, input);
    let leader = template(Role::Leader, &situation.inputs.leader);
    let worker = template(Role::Worker, &situation.inputs.worker);
    let spec = leader.template.spec.clone().unwrap_or_default();
    let pulls = pull::pulls(runtime, observed, &spec, now);
    if let Some(waits) = pulls.waits {
        let progress = match waits {
            Waits::For(what) => Progress::working("Pulling", what),
            Waits::InVain(why) => Progress::stalled("ImagePullFailed", why),
        };
        let mut plan = only(runtime, observed, progress);
        plan.writes.pull = pulls.create;
        plan.writes.pulled = pulls.delete;
        return plan;
    }
    let rolls = rollout::rolls(&situation);
    let deployments = deployments(runtime, &targets, &leader, &worker, rolls);
    let needed: BTreeSet<String> = deployments.iter().flat_map(mounted).collect();
    let made: Vec<Secret> = copies
        .all()
        .filter(|secret| needed.contains(&copies::name(secret)))
        .cloned()
        .collect();
    let delete = obsolete(runtime, observed, &needed);
    let progress = status::progress(runtime, observed, &targets, &deployments);
    let mut report = status::report(runtime, observed, progress);
    report.status.copies = Some(known(runtime, &made, &delete));
    Plan {
        writes: Writes {
            admin_secret: !observed.admin_secret,
            copies: made,
            environment: Some(guarded::environment(runtime)),
            budget: Some(budget::budget(runtime)),
            pull: Vec::new(),
            pulled: pulls.delete,
            deployments,
            delete_copies: delete,
        },
        report,
    }
}

/// The template that is there while its input is the same, else a new one.
fn template(runtime: &Runtime, observed: &Observed, copies: &Copies, role: Role, input: &str) -> Pinned {
    let kept = pinned(observed.deployment(role)).filter(|pinned| pinned.input == input);
    // A copy that somebody deleted can only be made again in its present form, which a kept template does not name.
    let complete = |pinned: &Pinned| {
        let spec = pinned.template.spec.as_ref();
        let made: BTreeSet<_> = copies.all().map(copies::name).collect();
        spec.into_iter()
            .flat_map(copies::mounted)
            .all(|name| observed.copies.contains(&name) || made.contains(&name))
    };
    kept.filter(complete).unwrap_or_else(|| Pinned {
        input: input.to_owned(),
        template: pod_template::pod_template(runtime, observed, copies, role),
    })
}

fn deployments(
    runtime: &Runtime,
    targets: &Targets,
    leader: &Pinned,
    worker: &Pinned,
    rolls: bool,
) -> Vec<Deployment> {
    let of_workers = if rolls {
        strategy::rolling(runtime.spec.deployment_strategy.as_ref())
    } else {
        strategy::recreate()
    };
    let both = [
        (Role::Worker, &targets.worker, worker, of_workers),
        (Role::Leader, &targets.leader, leader, strategy::recreate()),
    ];
    both.into_iter()
        .filter_map(|(role, target, pinned, strategy)| match target {
            Target::Scale(replicas) => Some(deployment(runtime, role, pinned, *replicas, strategy)),
            Target::Hold(_) => None,
        })
        .collect()
}

fn mounted(deployment: &Deployment) -> Vec<String> {
    let spec = deployment
        .spec
        .as_ref()
        .and_then(|spec| spec.template.spec.as_ref());
    spec.into_iter().flat_map(copies::mounted).collect()
}

/// Copies that neither a wanted nor a present pod mounts.
fn obsolete(runtime: &Runtime, observed: &Observed, needed: &BTreeSet<String>) -> Vec<String> {
    let present = copies::in_use(
        [&observed.leader, &observed.worker].into_iter().flatten(),
        &observed.pods,
    );
    let known = runtime
        .status
        .as_ref()
        .and_then(|status| status.copies.clone())
        .unwrap_or_default();
    known
        .into_iter()
        .filter(|name| !needed.contains(name) && !present.contains(name))
        .collect()
}

/// A crash before this is written loses the name of a copy at most until the app is deleted, and the copy with it.
fn known(runtime: &Runtime, made: &[Secret], deleted: &[String]) -> Vec<String> {
    let old = runtime
        .status
        .as_ref()
        .and_then(|status| status.copies.clone())
        .unwrap_or_default();
    let all: BTreeSet<String> = old.into_iter().chain(made.iter().map(copies::name)).collect();
    all.into_iter().filter(|name| !deleted.contains(name)).collect()
}

/// Leaders and workers that are wanted in the end.
pub(super) fn shares(runtime: &Runtime, observed: &Observed) -> (i32, i32) {
    let spec = &runtime.spec;
    let mode = spec.leader_selection.unwrap_or_default();
    rollout::shares(mode, spec.replicas, in_memory(observed))
}

/// What [`rollout`] decides from.
fn situation(runtime: &Runtime, observed: &Observed) -> Situation {
    let spec = &runtime.spec;
    let pods = |role: Role| {
        let of_role = move |pod: &&Pod| label(pod, names::ROLE_LABEL) == Some(role.as_str());
        observed.pods.iter().filter(of_role).map(of_pod).collect()
    };
    Situation {
        wanted: Identity {
            model: spec.model.clone(),
            leader_selection: spec.leader_selection.unwrap_or_default().as_str().to_owned(),
        },
        inputs: Inputs {
            leader: input::hash(runtime, observed, Role::Leader),
            worker: input::hash(runtime, observed, Role::Worker),
        },
        mode: spec.leader_selection.unwrap_or_default(),
        replicas: spec.replicas,
        in_memory: in_memory(observed),
        may_surge: !in_memory(observed) && strategy::may_surge(spec.deployment_strategy.as_ref()),
        leader: observed.leader.as_ref().map(seen),
        worker: observed.worker.as_ref().map(seen),
        leader_pods: pods(Role::Leader),
        worker_pods: pods(Role::Worker),
    }
}

fn in_memory(observed: &Observed) -> bool {
    let secret = observed.database.as_ref().or(observed.secret_store.as_ref());
    let data = secret.and_then(|secret| secret.data.as_ref());
    let type_ = data.and_then(|data| data.get(database::TYPE));
    type_.is_some_and(|type_| type_.0 == IN_MEMORY_DATABASE.as_bytes())
}

fn of_pod(pod: &Pod) -> Identity {
    identity(
        pod.labels().get(names::MODEL_LABEL),
        pod.annotations().get(names::LEADER_SELECTION_ANNOTATION),
    )
}

fn identity(model: Option<&String>, leader_selection: Option<&String>) -> Identity {
    Identity {
        model: model.cloned().unwrap_or_default(),
        leader_selection: leader_selection.cloned().unwrap_or_default(),
    }
}

fn seen(deployment: &Deployment) -> Seen {
    let spec = deployment.spec.as_ref();
    let template = spec.and_then(|spec| spec.template.metadata.as_ref());
    let labels = template.and_then(|template| template.labels.as_ref());
    let annotations = template.and_then(|template| template.annotations.as_ref());
    Seen {
        identity: identity(
            labels.and_then(|labels| labels.get(names::MODEL_LABEL)),
            annotations.and_then(|annotations| annotations.get(names::LEADER_SELECTION_ANNOTATION)),
        ),
        replicas: spec.and_then(|spec| spec.replicas).unwrap_or(1),
        observed: status::is_observed(deployment),
        ready: status::is_rolled_out(deployment) && status::ready_replicas(deployment) > 0,
        serves: status::ready_replicas(deployment) > 0,
        rolls: strategy::is_rolling(deployment),
        input: deployment
            .annotations()
            .get(names::INPUT_ANNOTATION)
            .cloned()
            .unwrap_or_default(),
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(crate) mod tests;

#[cfg(test)]
#[path = "fields_tests.rs"]
mod fields_tests;
