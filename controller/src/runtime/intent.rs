//! What people intend with an app besides its spec: `kubectl mendix stop`, `pause`, `restart` and `undo`. Pure.
//!
//! It stands in the environment, which is ours, so that whoever owns the `MendixApp` (a person, a repository) finds no field
//! of ours in it.

use super::observe::Observed;
use mendix_model::conditions::Progress;
use mendix_model::crd::{EnvironmentSpec, Runtime};

/// The runtime as it is to be: stopped, with all its settings and without pods; or with the model of a way back.
pub(crate) fn intended(runtime: &Runtime, observed: &Observed) -> Runtime {
    let mut intended = runtime.clone();
    let Some(spec) = spec(observed) else {
        return intended;
    };
    if spec.stopped == Some(true) {
        intended.spec.replicas = 0;
    }
    // Over once the app asks for yet another model.
    if let Some(undo) = spec.undo.as_ref().filter(|undo| undo.from == runtime.spec.model) {
        intended.spec.model.clone_from(&undo.model);
        intended.spec.image.clone_from(&undo.image);
        intended.spec.command.clone_from(&undo.command);
    }
    intended
}

/// The restart that the pods are to come about by.
pub(crate) fn restart(observed: &Observed) -> Option<&str> {
    let restart = spec(observed)?.restart.as_ref()?;
    Some(&restart.id)
}

/// The wish for present defaults that the templates are to follow.
pub(crate) fn refresh(observed: &Observed) -> Option<&str> {
    let refresh = spec(observed)?.refresh.as_ref()?;
    Some(&refresh.id)
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

#[cfg(test)]
#[path = "intent_tests.rs"]
mod tests;
