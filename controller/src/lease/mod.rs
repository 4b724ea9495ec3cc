//! One of several controllers acts: the holder of a Lease.
//!
//! Two that act at once by mistake break nothing (every write may be repeated, and names are fixed), they only
//! waste requests. So losing the Lease simply ends the process, and its successor starts from what is there.

mod decide;

use crate::error::Error;
use decide::{Decision, Observation, decide};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use std::time::Duration;

/// Name of the Lease.
const NAME: &str = "mendix-controller";
/// A holder that was silent for so long has lost the Lease.
const DURATION_SECONDS: i32 = 15;
/// The same after an uninstall has let all pods go.
const LEAVING_SECONDS: i32 = 600;
/// A holder that could not renew for so long gives up, before another can take over.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// Between two tries.
const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// Our side of the Lease.
pub(crate) struct Election {
    api: Api<Lease>,
    me: String,
    observation: Option<Observation>,
}

impl Election {
    pub(crate) fn new(client: Client, namespace: &str, me: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            me: me.to_owned(),
            observation: None,
        }
    }

    /// Waits until the Lease is ours. `reached` is called whenever the API server has answered.
    pub(crate) async fn acquire(&mut self, reached: impl Fn()) {
        loop {
            match self.attempt().await {
                Ok(true) => return,
                Ok(false) => reached(),
                Err(error) => tracing::warn!("Failed to acquire the Lease: {error}"),
            }
            tokio::time::sleep(RETRY_PERIOD).await;
        }
    }

    /// Takes the Lease from whoever holds it, and waits until that one must have noticed.
    pub(crate) async fn seize(&mut self) -> Result<(), Error> {
        loop {
            let lease = self.read().await?;
            let seized = next(lease, &self.me, Decision::Acquire, Timestamp::now());
            match self.write(&seized).await {
                Ok(_) => break,
                // The holder has just renewed it.
                Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => {}
                Err(error) => return Err(Error::write(what())(error)),
            }
        }
        tokio::time::sleep(RENEW_DEADLINE).await;
        Ok(())
    }

    /// Leaves the Lease to nobody for longer than the chart takes to delete the controllers.
    pub(crate) async fn keep_others_waiting(&self) -> Result<(), Error> {
        let mut last = next(self.read().await?, &self.me, Decision::Renew, Timestamp::now());
        if let Some(spec) = &mut last.spec {
            spec.lease_duration_seconds = Some(LEAVING_SECONDS);
        }
        self.write(&last).await.map(drop).map_err(Error::write(what()))
    }

    /// Keeps the Lease; returns when it is lost.
    pub(crate) async fn hold(&mut self) {
        let mut renewed = tokio::time::Instant::now();
        while renewed.elapsed() < RENEW_DEADLINE {
            tokio::time::sleep(RETRY_PERIOD).await;
            // A request that hangs must not outlast the deadline.
            let left = RENEW_DEADLINE.saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, self.attempt()).await {
                Ok(Ok(true)) => renewed = tokio::time::Instant::now(),
                Ok(Ok(false)) => return,
                Ok(Err(error)) => tracing::warn!("Failed to renew the Lease: {error}"),
                Err(_) => tracing::warn!("Failed to renew the Lease: no answer"),
            }
        }
    }

    /// Gives the Lease back, so that a successor need not wait for its end.
    pub(crate) async fn release(&self) {
        let Ok(Some(mut lease)) = self.api.get_opt(NAME).await else {
            return;
        };
        let Some(spec) = lease
            .spec
            .as_mut()
            .filter(|spec| spec.holder_identity.as_ref() == Some(&self.me))
        else {
            return;
        };
        spec.holder_identity = None;
        if let Err(error) = self.api.replace(NAME, &PostParams::default(), &lease).await {
            tracing::debug!("Failed to release the Lease: {error}");
        }
    }

    /// One look at the Lease, and one write if it is ours to write. Tells whether it is ours afterwards.
    async fn attempt(&mut self) -> Result<bool, Error> {
        let lease = self.read().await?;
        let now = Timestamp::now();
        let spec = lease
            .as_ref()
            .and_then(|lease| lease.spec.clone())
            .unwrap_or_default();
        self.observation = Some(Observation::next(self.observation.take(), &spec, now));
        let decision = decide(self.observation.as_ref(), &self.me, now);
        if decision == Decision::Yield {
            return Ok(false);
        }
        let next = next(lease, &self.me, decision, now);
        match self.write(&next).await {
            Ok(_) => Ok(true),
            // Somebody else was faster; the next look tells who.
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => Ok(false),
            Err(error) => Err(Error::write(what())(error)),
        }
    }

    async fn read(&self) -> Result<Option<Lease>, Error> {
        self.api.get_opt(NAME).await.map_err(Error::read(what()))
    }

    /// With the resource version that was read: of two that write at once, one gets a conflict.
    async fn write(&self, lease: &Lease) -> Result<Lease, kube::Error> {
        if lease.metadata.resource_version.is_none() {
            return self.api.create(&PostParams::default(), lease).await;
        }
        self.api.replace(NAME, &PostParams::default(), lease).await
    }
}

fn what() -> String {
    format!("Lease {NAME}")
}

/// The Lease as we want it.
fn next(lease: Option<Lease>, me: &str, decision: Decision, now: Timestamp) -> Lease {
    let lease = lease.unwrap_or_else(|| Lease {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            ..ObjectMeta::default()
        },
        ..Lease::default()
    });
    let old = lease.spec.unwrap_or_default();
    let taken = decision == Decision::Acquire;
    Lease {
        metadata: lease.metadata,
        spec: Some(LeaseSpec {
            holder_identity: Some(me.to_owned()),
            lease_duration_seconds: Some(DURATION_SECONDS),
            acquire_time: if taken {
                Some(MicroTime(now))
            } else {
                old.acquire_time
            },
            renew_time: Some(MicroTime(now)),
            lease_transitions: Some(old.lease_transitions.unwrap_or(0) + i32::from(taken)),
            ..LeaseSpec::default()
        }),
    }
}
