//! The status of an app, from those of its parts. Pure.

use super::observe::Observed;
use super::secret_store;
use crate::report::Report;
use kube::ResourceExt;
use mendix_model::conditions::{self, Fact, Progress, READY};
use mendix_model::crd::app::LicenseStatus;
use mendix_model::crd::{MendixApp, MendixAppStatus};
use mendix_model::names;
use mendix_model::runtime_spec::replicas;

/// How far each part is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts {
    pub(crate) database: Progress,
    pub(crate) file: Progress,
    pub(crate) build: Progress,
    pub(crate) endpoint: Progress,
    pub(crate) runtime: Progress,
}

/// The status of an app that is not acted on.
pub(crate) fn refused(app: &MendixApp, observed: &Observed, progress: Progress) -> Report<MendixAppStatus> {
    let state = if matches!(progress, Progress::Stalled { .. }) {
        "Failed"
    } else {
        "Deleting"
    };
    Report {
        status: MendixAppStatus {
            state: Some(state.to_owned()),
            mendix_app_state: Some(progress.word()),
            ..of_runtime(app, observed)
        },
        progress,
        facts: facts(observed),
        requeue: None,
    }
}

pub(crate) fn report(app: &MendixApp, observed: &Observed, parts: &Parts) -> Report<MendixAppStatus> {
    let progress = overall(parts);
    Report {
        status: MendixAppStatus {
            state: Some(state(app, parts, &progress).to_owned()),
            app_url: observed
                .endpoint
                .as_ref()
                .and_then(|it| it.status.as_ref()?.app_url.clone()),
            build_status: Some(parts.build.word()),
            database_status: Some(parts.database.word()),
            storage_status: Some(parts.file.word()),
            network_status: Some(parts.endpoint.word()),
            runtime_status: Some(parts.runtime.word()),
            mendix_app_state: Some(progress.word()),
            secret_store_settings: secret_store::settings(app, observed),
            service_account_status: observed.account.then(|| "attached".to_owned()),
            ..of_runtime(app, observed)
        },
        progress,
        facts: facts(observed),
        requeue: None,
    }
}

/// What is known of the running app is known of the app.
fn facts(observed: &Observed) -> Vec<Fact> {
    let runtime = observed.runtime.as_ref();
    let status = runtime.and_then(|runtime| runtime.status.as_ref());
    status.map_or_else(Vec::new, |status| conditions::facts(&status.conditions))
}

/// What stopped comes before what goes on: it is what somebody must act on. All of it is told at once.
fn overall(parts: &Parts) -> Progress {
    let all = named(parts);
    let stalled: Vec<_> = all
        .iter()
        .filter_map(|(name, progress)| match progress {
            Progress::Stalled { message, .. } => Some(format!("{name}: {message}")),
            _ => None,
        })
        .collect();
    if !stalled.is_empty() {
        return Progress::stalled("PartStalled", stalled.join("; "));
    }
    let working = all.iter().find_map(|(name, progress)| match progress {
        Progress::Working { message, .. } => {
            Some(Progress::working("PartWorking", format!("{name}: {message}")))
        }
        _ => None,
    });
    working.unwrap_or(Progress::Ready)
}

const fn named(parts: &Parts) -> [(&'static str, &Progress); 5] {
    [
        ("database", &parts.database),
        ("storage", &parts.file),
        ("build", &parts.build),
        ("endpoint", &parts.endpoint),
        ("runtime", &parts.runtime),
    ]
}

fn state(app: &MendixApp, parts: &Parts, progress: &Progress) -> &'static str {
    let ready = |part: &Progress| *part == Progress::Ready;
    match progress {
        Progress::Stalled { .. } => "Failed",
        Progress::Ready if replicas(app) == 0 => "Stopped",
        Progress::Ready => READY,
        Progress::Working { .. } if !ready(&parts.database) || !ready(&parts.file) => "Provisioning",
        Progress::Working { .. } if !ready(&parts.build) => "Building",
        Progress::Working { .. } if !ready(&parts.endpoint) => "Provisioning",
        Progress::Working { .. } if replicas(app) == 0 => "Stopping",
        Progress::Working { .. } => "Starting",
    }
}

/// The licence that the running pods were given. Whether the runtime takes it is its own affair: a refusal stands in
/// its log.
fn license(observed: &Observed) -> Option<LicenseStatus> {
    let resources = observed.runtime.as_ref()?.spec.resources.as_ref()?;
    let license = resources.runtime_license.as_ref()?;
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    set(&license.key)?;
    Some(LicenseStatus {
        license_id: Some(set(&license.id)?),
        mode: Some("Licensed".to_owned()),
    })
}

/// What is told of the pods, also of those that run on while something else fails.
fn of_runtime(app: &MendixApp, observed: &Observed) -> MendixAppStatus {
    let old = app.status.clone().unwrap_or_default();
    let runtime = observed
        .runtime
        .as_ref()
        .and_then(|runtime| runtime.status.clone())
        .unwrap_or_default();
    let started = runtime.state.as_deref() == Some("Started");
    MendixAppStatus {
        license_status: license(observed).filter(|_| started),
        app_state: Some(if started { "Started" } else { "Stopped" }.to_owned()),
        leader: runtime.leader,
        workers: runtime.workers,
        replicas: Some(runtime.replicas.unwrap_or(0)),
        // Always there: an autoscaler refuses to work without it.
        selector: Some(names::selector_text(&names::selector(&app.name_any(), None))),
        image: runtime.image,
        model: runtime.model,
        ..old
    }
}
