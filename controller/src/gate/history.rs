//! What the gate sees of a rollout. Pure.
//!
//! Of an app of ours its `Runtime` says what is wanted and how far it is; of plain manifests their workloads and pods do.

use super::judged::{self, JudgedPods};
use super::observe::Observed;
use super::plain::{Plain, Template, revision};
use crate::metadata::is_leaving;
use crate::pod_state::{crashes, is_ready};
use jiff::Timestamp;
use kube::ResourceExt;
use mendix_model::conditions::{Progress, progress};
use mendix_model::crd::rollout::Wanted;
use mendix_model::crd::{Environment, Rollout, Runtime};
use mendix_model::gate::Decision;
use mendix_model::rollout::history::{Seen, Stage, remember};

/// Rollouts that the status is to remember now.
pub(super) fn remembered(
    environment: &Environment,
    observed: &Observed,
    judged: &JudgedPods,
    decision: &Decision,
    now: Timestamp,
) -> Vec<Rollout> {
    let status = environment.status.as_ref();
    let known = status
        .and_then(|status| status.rollouts.clone())
        .unwrap_or_default();
    match seen(observed, judged, decision) {
        Some(seen) => remember(&known, &seen, now),
        None => known,
    }
}

fn seen(observed: &Observed, judged: &JudgedPods, decision: &Decision) -> Option<Seen> {
    let (wanted, stage) = match (&observed.plain, &observed.runtime) {
        (Some(plain), _) => of_manifests(observed, plain, judged, decision)?,
        (None, Some(runtime)) => of_app(runtime)?,
        (None, None) => return None,
    };
    let serves = observed.pods.iter().any(|pod| is_ready(pod) && !is_leaving(pod));
    Some(Seen {
        wanted,
        stage,
        serves,
    })
}

/// What is wanted and its conditions were written at once, so they speak of the same.
fn of_app(runtime: &Runtime) -> Option<(Wanted, Stage)> {
    let status = runtime.status.as_ref()?;
    let written_for = status.conditions.first()?.observed_generation;
    let stage = match progress(&status.conditions, written_for) {
        Progress::Ready => Stage::Done,
        Progress::Stalled { message, .. } => Stage::Failed(message),
        Progress::Working { .. } => Stage::Running,
    };
    Some((status.wanted.clone()?, stage))
}

/// Nothing while the leading workload is scaled to nothing, or not known well enough.
fn of_manifests(
    observed: &Observed,
    plain: &Plain,
    judged: &JudgedPods,
    decision: &Decision,
) -> Option<(Wanted, Stage)> {
    let leading = judged::leading(plain);
    let template = leading.first()?;
    if plain.workloads.is_stopped() {
        return None;
    }
    let wanted = Wanted {
        model: judged.wanted.clone()?,
        image: judged.image.clone(),
        command: None,
        settings: template.revision.clone(),
        by: plain.workloads.author(),
    };
    let is_done = decision.held.is_empty() && plain.workloads.are_settled(&observed.pods);
    let stage = match failure(observed, template) {
        Some(message) => Stage::Failed(message),
        None if is_done => Stage::Done,
        None => Stage::Running,
    };
    Some((wanted, stage))
}

/// Why a pod of the leading template ends again and again.
fn failure(observed: &Observed, template: &Template<'_>) -> Option<String> {
    let mut pods = observed
        .pods
        .iter()
        .filter(|pod| !is_leaving(*pod) && revision(pod) == template.revision);
    pods.find_map(|pod| Some(format!("pod {}: {}", pod.name_any(), crashes(pod)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::conditions::conditions;
    use mendix_model::crd::{RuntimeSpec, RuntimeStatus};
    use rstest::rstest;

    fn runtime(progress: &Progress, wanted: Option<Wanted>) -> Runtime {
        let mut runtime = Runtime::new("shop", RuntimeSpec::default());
        runtime.status = Some(RuntimeStatus {
            wanted,
            conditions: conditions(&[], progress, Some(1), Timestamp::UNIX_EPOCH),
            ..RuntimeStatus::default()
        });
        runtime
    }

    fn wanted() -> Wanted {
        Wanted {
            model: "one".to_owned(),
            image: None,
            command: None,
            settings: "hash".to_owned(),
            by: None,
        }
    }

    #[rstest]
    #[case::ready(Progress::Ready, Stage::Done)]
    #[case::on_its_way(Progress::working("Starting", "0 of 1 pods are ready"), Stage::Running)]
    #[case::stopped_short(
        Progress::stalled("CrashLoop", "pod shop-0: it ended"),
        Stage::Failed("pod shop-0: it ended".to_owned())
    )]
    fn an_app_says_how_far_its_rollout_is(#[case] progress: Progress, #[case] expected: Stage) {
        let seen = of_app(&runtime(&progress, Some(wanted())));
        assert_eq!(seen, Some((wanted(), expected)));
    }

    #[test]
    fn a_stopped_app_has_no_rollout() {
        assert_eq!(of_app(&runtime(&Progress::Ready, None)), None);
    }
}
