//! Decides what the running app consists of. Pure.

use super::copies::{self, Copies};
use super::deployment::{Pinned, deployment, pinned};
use super::observe::Observed;
use super::prepare::prepared;
use super::pull::{self, Waits};
use super::{budget, guarded, input, intent, pod_template, secret_store, status};
use crate::guards;
use crate::metadata::is_leaving;
use crate::read;
use crate::report::Report;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use mendix_model::conditions::Progress;
use mendix_model::crd::{Environment, Runtime, RuntimeStatus};
use mendix_model::names::Role;
use mendix_model::rollout::order::{self, Inputs, Target, Targets};
use mendix_model::rollout::situation::situation;
use mendix_model::rollout::strategy;
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
    /// Workers before the leader: see [`order`].
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
    let inputs = input::inputs(runtime, observed);
    let mut plan = decided(runtime, observed, &inputs, now);
    if let Some(progress) = intent::paused(observed, &plan.report.progress).filter(|_| !is_leaving(runtime)) {
        plan = only(runtime, observed, &inputs, progress);
    }
    let unwatched = Some(read::UNWATCHED).filter(|_| secret_store::secret_name(&runtime.spec).is_some());
    let unheard = guards::look_again(&observed.pods, &observed.answers);
    plan.report.requeue = unwatched.into_iter().chain(unheard).min();
    plan
}

fn decided(runtime: &Runtime, observed: &Observed, inputs: &Inputs, now: Timestamp) -> Plan {
    if is_leaving(runtime) {
        return only(
            runtime,
            observed,
            inputs,
            Progress::working("Deleting", "being deleted"),
        );
    }
    match prepared(runtime, observed) {
        Ok(copies) => running(runtime, observed, inputs, &copies, now),
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
            ..only(
                runtime,
                observed,
                inputs,
                Progress::stalled(reason, problems.join("; ")),
            )
        },
    }
}

fn only(runtime: &Runtime, observed: &Observed, inputs: &Inputs, progress: Progress) -> Plan {
    Plan {
        writes: Writes::default(),
        report: status::report(runtime, observed, inputs, progress),
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

fn running(runtime: &Runtime, observed: &Observed, inputs: &Inputs, copies: &Copies, now: Timestamp) -> Plan {
    let template = |role, input: &str| template(runtime, observed, copies, role, input);
    let leader = template(Role::Leader, &inputs.leader);
    let worker = template(Role::Worker, &inputs.worker);
    let inputs = &Inputs {
        leader: leader.input.clone(),
        worker: worker.input.clone(),
    };
    let situation = situation(&runtime.spec, observed.present(), inputs);
    let targets = order::targets(&situation);
    let spec = leader.template.spec.clone().unwrap_or_default();
    let pulls = pull::pulls(runtime, observed, &spec, now);
    if let Some(waits) = pulls.waits {
        let progress = match waits {
            Waits::For(what) => Progress::working("Pulling", what),
            Waits::InVain(why) => Progress::stalled("ImagePullFailed", why),
        };
        let mut plan = only(runtime, observed, inputs, progress);
        plan.writes.pull = pulls.create;
        plan.writes.pulled = pulls.delete;
        return plan;
    }
    let rolls = order::rolls(&situation);
    let deployments = deployments(runtime, &targets, &leader, &worker, rolls);
    let needed: BTreeSet<String> = deployments.iter().flat_map(mounted).collect();
    let made: Vec<Secret> = copies
        .all()
        .filter(|secret| needed.contains(&copies::name(secret)))
        .cloned()
        .collect();
    let delete = obsolete(runtime, observed, &needed);
    let progress = status::progress(runtime, observed, &targets, &deployments);
    let mut report = status::report(runtime, observed, inputs, progress);
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

/// The template that is there while its input is the same, else a new one. An input that makes the same template is no
/// other one: nothing is to be replaced for it.
fn template(runtime: &Runtime, observed: &Observed, copies: &Copies, role: Role, input: &str) -> Pinned {
    let present = pinned(observed.deployment(role));
    // A copy that somebody deleted can only be made again in its present form, which a kept template does not name.
    let complete = |pinned: &Pinned| {
        let spec = pinned.template.spec.as_ref();
        let made: BTreeSet<_> = copies.all().map(copies::name).collect();
        spec.into_iter()
            .flat_map(copies::mounted)
            .all(|name| observed.copies.contains(&name) || made.contains(&name))
    };
    let kept = present.filter(complete);
    if let Some(kept) = kept.clone().filter(|kept| kept.input == input) {
        return kept;
    }
    let template = pod_template::pod_template(runtime, observed, copies, role);
    kept.filter(|kept| kept.template == template)
        .unwrap_or_else(|| Pinned {
            input: input.to_owned(),
            template,
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

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(crate) mod tests;

#[cfg(test)]
#[path = "fields_tests.rs"]
mod fields_tests;
