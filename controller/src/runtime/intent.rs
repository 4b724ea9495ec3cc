//! What people intend with an app besides its spec: `kubectl mendix stop`, `pause` and `restart`. Pure.
//!
//! It stands in the environment, which is ours, so that whoever owns the `MendixApp` (a person, a repository) finds no field
//! of ours in it.

use super::observe::Observed;
use mendix_model::conditions::Progress;
use mendix_model::crd::{EnvironmentSpec, Runtime, RuntimeSpec};

/// The runtime as it is to be while the app is stopped: with all its settings, and without pods.
pub(crate) fn intended(runtime: &Runtime, observed: &Observed) -> Runtime {
    if spec(observed).and_then(|spec| spec.stopped) != Some(true) {
        return runtime.clone();
    }
    Runtime {
        spec: RuntimeSpec {
            replicas: 0,
            ..runtime.spec.clone()
        },
        ..runtime.clone()
    }
}

/// The restart that the pods are to come about by.
pub(crate) fn restart(observed: &Observed) -> Option<&str> {
    let restart = spec(observed)?.restart.as_ref()?;
    Some(&restart.id)
}

/// What is told while nothing may change, of an app that is not as it is wanted.
pub(crate) fn paused(observed: &Observed, progress: &Progress) -> Option<Progress> {
    let is_paused = spec(observed).and_then(|spec| spec.paused) == Some(true);
    (is_paused && *progress != Progress::Ready)
        .then(|| Progress::working("Paused", "changes wait until somebody says kubectl mendix resume"))
}

fn spec(observed: &Observed) -> Option<&EnvironmentSpec> {
    observed.environment.as_ref().map(|environment| &environment.spec)
}
