//! Decides what an app consists of. Pure.

use super::children;
use super::observe::Observed;
use super::runtime;
use super::secret_store;
use super::status::{self, Parts};
use crate::metadata::is_leaving;
use crate::read;
use crate::report::Report;
use mendix_model::conditions::Progress;
use mendix_model::crd::storage::{Purpose, TaskPhase};
use mendix_model::crd::{Build, Endpoint, MendixApp, MendixAppStatus, Runtime, RuntimeSpec, StorageInstance};
use mendix_model::rules;
use mendix_model::runtime_spec::{self, Results, replicas};

/// What is written, and what is reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) children: Option<Children>,
    /// The runtime alone, with another number of pods, for an app that is refused.
    pub(crate) scaled: Option<Runtime>,
    pub(crate) report: Report<MendixAppStatus>,
}

/// The objects that an app consists of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Children {
    /// Nothing when the secret store names the database.
    pub(crate) database: Option<StorageInstance>,
    /// Nothing when the secret store names the file store.
    pub(crate) file: Option<StorageInstance>,
    pub(crate) build: Build,
    pub(crate) endpoint: Endpoint,
    pub(crate) runtime: Option<Runtime>,
}

pub(crate) fn plan(app: &MendixApp, observed: &Observed) -> Plan {
    let mut plan = decided(app, observed);
    plan.report.requeue = Some(read::UNWATCHED).filter(|_| secret_store::is_allowed(app));
    plan
}

fn decided(app: &MendixApp, observed: &Observed) -> Plan {
    if is_leaving(app) {
        // The garbage collector is at work; making anything again would only hold it up.
        return nothing(app, observed, Progress::working("Deleting", "being deleted"));
    }
    let violations = rules::review(app);
    if !violations.is_empty() {
        let all: Vec<_> = violations.iter().map(ToString::to_string).collect();
        return Plan {
            // Stopping works whatever is wrong: it needs none of the settings that are refused.
            scaled: scaled(app, observed.runtime.as_ref()).map(|spec| runtime::runtime(app, spec)),
            ..nothing(app, observed, Progress::stalled("Refused", all.join("; ")))
        };
    }
    match wanted(app, observed) {
        Ok(children) => with_children(app, observed, children),
        Err(problems) => Plan {
            scaled: scaled(app, observed.runtime.as_ref()).map(|spec| runtime::runtime(app, spec)),
            ..nothing(
                app,
                observed,
                Progress::stalled("Incomplete", problems.join("; ")),
            )
        },
    }
}

fn nothing(app: &MendixApp, observed: &Observed, progress: Progress) -> Plan {
    Plan {
        children: None,
        scaled: None,
        report: status::refused(app, observed, progress),
    }
}

/// All children but the runtime, or everything that is not set.
fn wanted(app: &MendixApp, observed: &Observed) -> Result<Children, Vec<String>> {
    let secret_store = secret_store::secret_store(app, observed);
    let store = |purpose, present: Option<&StorageInstance>| {
        children::store(app, purpose, present, secret_store.as_ref())
    };
    let database = store(Purpose::Database, observed.database.as_ref());
    let file = store(Purpose::File, observed.file.as_ref());
    match (database, file, children::build(app)) {
        (Ok(database), Ok(file), Ok(build)) => Ok(Children {
            database,
            file,
            build,
            endpoint: children::endpoint(app),
            runtime: None,
        }),
        (database, file, build) => Err([database.err(), file.err(), build.err()]
            .into_iter()
            .flatten()
            .collect()),
    }
}

fn with_children(app: &MendixApp, observed: &Observed, mut children: Children) -> Plan {
    let mut parts = progress_of(app, observed, &children);
    children.runtime = runtime(app, observed, &children, &parts);
    parts.runtime = runtime_progress(app, observed, children.runtime.as_ref());
    Plan {
        report: status::report(app, observed, &parts),
        children: Some(children),
        scaled: None,
    }
}

fn progress_of(app: &MendixApp, observed: &Observed, children: &Children) -> Parts {
    let store = |seen: Option<&StorageInstance>, wanted: Option<&StorageInstance>| {
        wanted.map_or(Progress::Ready, |wanted| {
            children::progress(app, seen, seen.is_some_and(|it| it.spec == wanted.spec))
        })
    };
    let build = observed.build.as_ref();
    let endpoint = observed.endpoint.as_ref();
    Parts {
        database: store(observed.database.as_ref(), children.database.as_ref()),
        file: store(observed.file.as_ref(), children.file.as_ref()),
        build: children::progress(app, build, build.is_some_and(|it| it.spec == children.build.spec)),
        endpoint: children::progress(
            app,
            endpoint,
            endpoint.is_some_and(|it| it.spec == children.endpoint.spec),
        ),
        runtime: Progress::working("Waiting", "waiting for stores, build and endpoint"),
    }
}

fn runtime_progress(app: &MendixApp, observed: &Observed, wanted: Option<&Runtime>) -> Progress {
    match wanted {
        None => Progress::working("Waiting", "waiting for stores, build and endpoint"),
        Some(wanted) => {
            let seen = observed.runtime.as_ref();
            children::progress(app, seen, seen.is_some_and(|it| it.spec == wanted.spec))
        }
    }
}

/// The runtime is changed as a whole only when all it stands on is Ready, or when only the build has failed: then
/// the app goes on with the image it has, and stays editable. Stopping and scaling always work.
fn runtime(app: &MendixApp, observed: &Observed, children: &Children, parts: &Parts) -> Option<Runtime> {
    let ready = |progress: &Progress| *progress == Progress::Ready;
    let others = ready(&parts.database) && ready(&parts.file) && ready(&parts.endpoint);
    let build =
        ready(&parts.build) || (build_failed(observed) && observed.runtime.is_some() && !building(parts));
    let whole = if others && build {
        runtime_spec::spec(app, results(app, observed, children))
    } else {
        None
    };
    let spec = whole.or_else(|| scaled(app, observed.runtime.as_ref()))?;
    Some(runtime::runtime(app, spec))
}

fn building(parts: &Parts) -> bool {
    matches!(parts.build, Progress::Working { .. })
}

fn build_failed(observed: &Observed) -> bool {
    let status = observed.build.as_ref().and_then(|build| build.status.as_ref());
    status.is_some_and(|status| status.phase == Some(TaskPhase::Failed) && status.image.is_some())
}

fn scaled(app: &MendixApp, present: Option<&Runtime>) -> Option<RuntimeSpec> {
    Some(RuntimeSpec {
        replicas: replicas(app),
        ..present?.spec.clone()
    })
}

/// A store that the app no longer names counts no more, although it stays where its data is.
fn results(app: &MendixApp, observed: &Observed, children: &Children) -> Results {
    let secret = |wanted: Option<&StorageInstance>, seen: Option<&StorageInstance>| {
        wanted.and(seen)?.status.as_ref()?.secret_name.clone()
    };
    Results {
        build: observed
            .build
            .as_ref()
            .and_then(|it| it.status.clone())
            .unwrap_or_default(),
        url: observed
            .endpoint
            .as_ref()
            .and_then(|it| it.status.as_ref()?.app_url.clone()),
        database_secret: secret(children.database.as_ref(), observed.database.as_ref()),
        file_secret: secret(children.file.as_ref(), observed.file.as_ref()),
        secret_store: secret_store::secret_store(app, observed),
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(crate) mod tests;
