//! `Environment`: opens the gates of an app's pods, one after the other, as `mendix_model::gate` decides.
//!
//! Everything is read anew in each round, the claim before the pods; nothing is believed from a cache. Each write
//! names the version that it was decided on, so that what is outdated fails and is decided again.

mod act;
mod claim;
mod fence;
mod found;
mod history;
mod identity;
mod judged;
mod leave;
mod observe;
mod plain;
mod pod;
mod read;
mod situation;
mod status;
mod tell;

pub(crate) use found::watch as watch_plain_pods;
pub(crate) use identity::{Source, claim_of};
pub(crate) use pod::{is_tracked, waits};

use crate::context::Context;
use crate::error::Error;
use crate::guards::{self, Answers, Beside};
use crate::reconcile::Kind;
use crate::report::Report;
use act::Outcome;
use jiff::Timestamp;
use judged::JudgedPods;
use mendix_model::crd::claim::DatabaseClaimSpec;
use mendix_model::crd::{Environment, EnvironmentStatus};
use mendix_model::gate::{contest, decide};
use mendix_model::rollout;
use observe::Observed;
use plain::{Images, Pulls};

/// Rounds of one reconcile. A pod is written by scheduler and kubelet as well, so a round that fails on an outdated
/// version is usual; a round that opens follows the one that wrote the claim.
const ROUNDS: usize = 8;

impl Kind for Environment {
    async fn reconcile(&self, context: &Context, now: Timestamp) -> Result<Report<EnvironmentStatus>, Error> {
        let cluster = context.cluster().await?;
        let mut known = None;
        for _ in 0..ROUNDS {
            let observed = match known.take() {
                Some(observed) => observed,
                None => Box::pin(observe::observe(context, self, &cluster)).await?,
            };
            if observed.is_over(self) {
                tell::nothing(context, self);
                return act::end(context, self, &observed, now).await;
            }
            if leave::may_leave(&observed) {
                tell::nothing(context, self);
                return leave::leave(context, self, &observed, now).await;
            }
            let (pulls, judged) = judge(self, &observed, now);
            let situation = situation::situation(self, &observed, &judged);
            let decision = decide(&situation);
            let deletions = rollout::plan(&situation);
            tell::broken_glass(context, &observed).await;
            match act::act(context, &observed, &judged, &situation, &decision, &deletions).await? {
                Outcome::Done => {
                    act::leave_earlier_claim(context, self, &observed).await?;
                    act::pull(context, &pulls, now).await?;
                    // Last: guards are slow where a network drops what is sent to them.
                    let answers = context.ask_guards(&observed.pods).await;
                    if let Some(record) = contested(&observed, &answers) {
                        if let Outcome::ClaimWritten(claim) =
                            claim::write(context, &observed, &record).await?
                        {
                            known = observed.with(*claim);
                        }
                        continue;
                    }
                    let rollouts = history::remembered(self, &observed, &judged, &decision, now);
                    let report = status::report(self, &observed, &decision, pulls, &answers, rollouts);
                    tell::held(context, self, &observed, &report.status).await;
                    return Ok(report);
                }
                Outcome::ClaimWritten(claim) => known = observed.with(*claim),
                Outcome::Outdated => {}
            }
        }
        Ok(status::unsettled(self))
    }
}

/// The record of the claim, where the guards have seen that others came onto its database, or went. A guard that is not
/// heard changes nothing. Pure.
fn contested(observed: &Observed, answers: &Answers) -> Option<DatabaseClaimSpec> {
    let others = match guards::foreign(&observed.pods, answers) {
        Beside::Others(_) => true,
        Beside::Nobody => false,
        Beside::Unknown => return None,
    };
    let own = observe::own(observed.claim.as_ref(), &observed.owner);
    contest(&own?.spec, others)
}

/// Digests of the images of plain manifests, and what they tell of the pods. Pure.
fn judge(environment: &Environment, observed: &Observed, now: Timestamp) -> (Pulls, JudgedPods) {
    let Some(plain) = &observed.plain else {
        return Default::default();
    };
    let known = environment
        .status
        .as_ref()
        .and_then(|status| status.images.clone());
    let templates = judged::templates(observed, plain);
    let mut pulls = plain::pulls(
        environment,
        &templates,
        &Images(known.unwrap_or_default()),
        &plain.pulls,
        now,
    );
    for image in judged::remembered(environment, observed) {
        if !pulls.images.contains(&image) {
            pulls.images.push(image);
        }
    }
    pulls
        .images
        .sort_by(|one, other| (&one.image, &one.revision).cmp(&(&other.image, &other.revision)));
    let judged = judged::judged(observed, plain, &Images(pulls.images.clone()));
    (pulls, judged)
}

impl Observed {
    /// The same pods under the claim as it was just written. A claim that was just made asks for a new list: pods may
    /// have been reserved under an earlier one meanwhile.
    fn with(self, claim: mendix_model::crd::DatabaseClaim) -> Option<Self> {
        let same = self.claim.as_ref().map(|it| &it.metadata.uid) == Some(&claim.metadata.uid);
        same.then_some(Self {
            claim: Some(claim),
            ..self
        })
    }
}
