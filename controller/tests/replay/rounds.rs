//! The controller at work: every object of every kind reconciled once.

use crate::cluster;
use crate::server::Server;
use crate::world::Phase;
use futures::FutureExt;
use kube::ResourceExt;
use kube::core::PartialObjectMeta;
use mendix_controller::Context;
use mendix_controller::testing::{Answers, Error, Kind, NoAnswer, reconcile_at};
use mendix_model::crd::{Build, Endpoint, Environment, MendixApp, Runtime, StorageInstance};
use mendix_model::lease::{GuardStatus, LeaseState, LeaseStatus, SYNCHRONISING};
use std::collections::BTreeMap;
use std::sync::Arc;

async fn reconcile_all<K: Kind>(server: &Server, context: &Arc<Context>) -> Result<(), Error> {
    let (version, plural) = (K::api_version(&()), K::plural(&()));
    for object in cluster::all(server, &format!("/apis/{version}/namespaces/prod/{plural}")) {
        let trigger: PartialObjectMeta<K> = serde_json::from_value(object).expect("metadata");
        assert!(!trigger.name_any().is_empty());
        let now = server.state().world.now;
        match reconcile_at(Arc::new(trigger), context.clone(), now).await {
            Ok(_) | Err(Error::Leaving { .. } | Error::Invalid { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(crate) async fn round(server: &Server, context: &Arc<Context>) -> Result<(), Error> {
    Watches::default().round(server, context).await
}

/// What the watches of a controller have shown it, by the kind that they wake.
#[derive(Default)]
pub(crate) struct Watches(BTreeMap<String, String>);

impl Watches {
    /// Reconciles the kinds of which something has changed.
    pub(crate) async fn round(&mut self, server: &Server, context: &Arc<Context>) -> Result<(), Error> {
        self.one::<MendixApp>(server, context).await?;
        self.one::<StorageInstance>(server, context).await?;
        self.one::<Build>(server, context).await?;
        self.one::<Endpoint>(server, context).await?;
        self.one::<Runtime>(server, context).await?;
        self.one::<Environment>(server, context).await
    }

    async fn one<K: Kind>(&mut self, server: &Server, context: &Arc<Context>) -> Result<(), Error> {
        let kind = K::kind(&()).into_owned();
        let seen = seen(server, &kind);
        if self.0.get(&kind) == Some(&seen) {
            return Ok(());
        }
        // Also after a failure it is tried again.
        self.0.remove(&kind);
        reconcile_all::<K>(server, context).await?;
        self.0.insert(kind, seen);
        Ok(())
    }
}

/// Versions of what wakes a kind: as `run.rs` of the controller watches, and what guards say.
fn seen(server: &Server, kind: &str) -> String {
    let state = server.state();
    let (plurals, component): (&[&str], &str) = match kind {
        "MendixApp" => (
            &[
                "mendixapps",
                "storageinstances",
                "builds",
                "endpoints",
                "runtimes",
            ],
            "",
        ),
        "StorageInstance" => (&["storageinstances", "storageplans"], "provisioner"),
        "Build" => (&["builds", "operatorconfigurations"], "builder"),
        "Endpoint" => (
            &["endpoints", "services", "ingresses", "operatorconfigurations"],
            "",
        ),
        _ => return format!("{} {:?}", state.version(), state.world.phases()),
    };
    let watched = state.objects.iter().filter(|(path, object)| {
        let plural = path.rsplit('/').nth(1).unwrap_or_default();
        let of_pod = cluster::label(object, "kubectl-mendix.io/component");
        plurals.contains(&plural) || (plural == "pods" && of_pod == component)
    });
    let versions = watched.map(|(path, object)| format!("{path} {}", object["metadata"]["resourceVersion"]));
    versions.collect::<Vec<_>>().join(" ")
}

pub(crate) fn context(server: &Server) -> Arc<Context> {
    let asked = server.clone();
    let context = Context::new(server.client(), "mendix:test", "test")
        .managing(vec!["prod".to_owned()])
        .answering(move |pods| {
            let answers = pods
                .iter()
                .filter_map(|pod| Some((pod.name_any(), answer(&asked, &pod.uid()?)?)));
            std::future::ready(answers.collect::<Answers>()).boxed()
        });
    Arc::new(context)
}

/// What the guard of a pod says, while there is one that can be reached.
fn answer(server: &Server, uid: &str) -> Option<Result<GuardStatus, NoAnswer>> {
    let world = server.state().world.clone();
    let process = world.processes.get(uid)?;
    let does = match process.phase {
        Phase::Starting => "startingModel",
        Phase::Synchronising => SYNCHRONISING,
        Phase::Ready => "running",
        _ => return None,
    };
    if !world.is_heard(&process.node) {
        return Some(Err(NoAnswer::Late));
    }
    let lease = LeaseStatus {
        state: LeaseState::Held,
        message: None,
        remaining_seconds: None,
        bound_seconds: Some(20),
        foreign: None,
    };
    Some(Ok(GuardStatus {
        state: Some(does.to_owned()),
        since: Some(process.since.to_string()),
        schema_statements: (does == SYNCHRONISING).then_some(12),
        ..GuardStatus::of_lease(lease)
    }))
}
