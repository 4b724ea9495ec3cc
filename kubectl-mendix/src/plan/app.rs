//! What would happen with an app of ours. Pure.

use super::Plan;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use mendix_model::crd::{BuildStatus, Environment, MendixApp, Rollout, Runtime, RuntimeSpec};
use mendix_model::rollout::order::Inputs;
use mendix_model::rollout::situation::{self, input, situation};
use mendix_model::rollout::steps::{Action, Step, steps};
use mendix_model::runtime_spec::{Results, spec};
use std::collections::BTreeSet;

/// Stands for a model or for settings that are not known before they are there.
const NEXT: &str = "next";

/// What is there of an app.
#[derive(Clone, Debug, Default)]
pub struct Present {
    /// The app as it is.
    pub app: Option<MendixApp>,
    /// What the controller runs of it.
    pub runtime: Option<Runtime>,
    /// Its Deployments.
    pub leader: Option<Deployment>,
    /// Its Deployments.
    pub worker: Option<Deployment>,
    /// Its pods.
    pub pods: Vec<Pod>,
    /// Its environment.
    pub environment: Option<Environment>,
}

/// What would happen if the app became `wanted`; `model` is that of a local package.
pub fn of_app(name: &str, wanted: &MendixApp, model: Option<&str>, present: &Present) -> Plan {
    let environment = present.environment.as_ref();
    let rollouts = environment.and_then(|it| it.status.as_ref()?.rollouts.clone());
    let rollouts: Vec<Rollout> = rollouts.unwrap_or_default();
    let Some(runtime) = &present.runtime else {
        return Plan::new(name, first(wanted), &rollouts);
    };
    let image = changed_image(wanted, model, present);
    let next = intended(next(wanted, runtime, image.as_ref(), present), environment);
    let no_nodes = BTreeSet::new();
    let there = situation::Present {
        leader: present.leader.as_ref(),
        worker: present.worker.as_ref(),
        pods: &present.pods,
        cordoned: &no_nodes,
        in_memory: runtime
            .status
            .as_ref()
            .and_then(|it| it.in_memory)
            .unwrap_or_default(),
    };
    let mut all: Vec<Step> = image.as_ref().map(Image::steps).unwrap_or_default();
    all.extend(steps(situation(&next, there, &inputs(&next, runtime, present))));
    let mut plan = Plan::new(name, all, &rollouts);
    plan.notes = notes(environment);
    plan
}

/// Another image than the one that runs.
struct Image {
    is_built: bool,
    model: String,
}

impl Image {
    fn steps(&self) -> Vec<Step> {
        let build = self.is_built.then_some(Action::Build);
        let all = build.into_iter().chain([Action::Pull]);
        all.map(|action| Step { action, serves: true }).collect()
    }
}

fn changed_image(wanted: &MendixApp, model: Option<&str>, present: &Present) -> Option<Image> {
    let running = present.runtime.as_ref().map(|it| it.spec.model.as_str());
    if let Some(model) = model {
        return (running != Some(model)).then(|| Image {
            is_built: true,
            model: model.to_owned(),
        });
    }
    let source = |app: &MendixApp| (app.spec.source_url.clone(), app.spec.source_version.clone());
    let before = present.app.as_ref().map(source);
    let now = source(wanted);
    let is_built = !now
        .0
        .as_deref()
        .is_some_and(|url| url.starts_with("oci-image://"));
    (before != Some(now)).then(|| Image {
        is_built,
        model: NEXT.to_owned(),
    })
}

/// What the app would run. What other parts of it make stays as it is.
fn next(wanted: &MendixApp, runtime: &Runtime, image: Option<&Image>, present: &Present) -> RuntimeSpec {
    let now = &runtime.spec;
    let url = |app: &MendixApp| app.spec.app_url.clone();
    let same_url = present.app.as_ref().map(url) == Some(url(wanted));
    let results = Results {
        build: BuildStatus {
            image: Some(image.map_or_else(|| now.image.clone(), |_| NEXT.to_owned())),
            model: Some(image.map_or_else(|| now.model.clone(), |image| image.model.clone())),
            command: now.command.clone(),
            runtime_version: now.runtime_version.clone(),
            ..BuildStatus::default()
        },
        url: now
            .application_root_url
            .clone()
            .map(|url| if same_url { url } else { NEXT.to_owned() }),
        database_secret: now.database_secret_name.clone(),
        file_secret: now.file_secret_name.clone(),
        secret_store: now.secret_store.clone(),
    };
    spec(wanted, results).unwrap_or_else(|| now.clone())
}

fn intended(mut spec: RuntimeSpec, environment: Option<&Environment>) -> RuntimeSpec {
    if environment.and_then(|it| it.spec.stopped) == Some(true) {
        spec.replicas = 0;
    }
    spec
}

/// Templates are kept while what reaches them stays.
fn inputs(next: &RuntimeSpec, runtime: &Runtime, present: &Present) -> Inputs {
    let same = next.of_pods() == runtime.spec.of_pods();
    let of =
        |deployment: Option<&Deployment>| deployment.filter(|_| same).map_or_else(|| NEXT.to_owned(), input);
    Inputs {
        leader: of(present.leader.as_ref()),
        worker: of(present.worker.as_ref()),
    }
}

/// Nothing of the app is there yet.
fn first(wanted: &MendixApp) -> Vec<Step> {
    let replicas = wanted.spec.replicas.unwrap_or(1);
    let image = Image {
        is_built: true,
        model: NEXT.to_owned(),
    };
    let mut all = image.steps();
    let down = |action| Step {
        action,
        serves: false,
    };
    all.retain(|step| step.action == Action::Build);
    all.extend((replicas > 0).then(|| down(Action::StartLeader)));
    all.extend((replicas > 1).then(|| down(Action::StartWorkers { pods: replicas - 1 })));
    all
}

fn notes(environment: Option<&Environment>) -> Vec<String> {
    let spec = environment.map(|it| it.spec.clone()).unwrap_or_default();
    let told = [
        (spec.paused == Some(true))
            .then_some("the app is paused: nothing happens before kubectl mendix resume"),
        (spec.stopped == Some(true)).then_some("the app is stopped: no pod runs before kubectl mendix start"),
        spec.undo.map(|_| "the app was undone: another model ends that"),
    ];
    told.into_iter().flatten().map(ToOwned::to_owned).collect()
}
