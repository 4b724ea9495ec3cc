//! One app in a list, and the list.

use super::environment::{EnvironmentSummary, summaries};
use super::{Health, judged};
use crate::gather::GatheredApps;
use jiff::Timestamp;
use mendix_model::conditions;
use mendix_model::crd::MendixApp;
use serde::Serialize;
use std::path::Path;

/// What stands in every view of an app.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppSummary {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// The controller's word: Ready, Provisioning, Building, Starting, Stopped, Failed; our word before it spoke.
    pub state: String,
    /// Why it is not ready, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Address, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Ready and wanted leaders, as `1/1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// Ready and wanted workers, as `2/2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<String>,
    /// Model that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Image that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where the package comes from, without what may be secret in an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
}

/// Many apps, and the environments beside them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppList {
    /// By namespace and name.
    pub apps: Vec<AppSummary>,
    /// Environments of plain manifests, by namespace and name.
    pub environments: Vec<EnvironmentSummary>,
    /// What could not be read, and why.
    pub problems: Vec<String>,
    /// The lists lack something that is there.
    #[serde(skip)]
    pub incomplete: bool,
    /// The apps stand in several namespaces.
    #[serde(skip)]
    pub all_namespaces: bool,
}

impl AppList {
    /// The view of a list.
    pub fn new(gathered: GatheredApps, all_namespaces: bool) -> Self {
        let mut apps: Vec<_> = gathered.apps.iter().map(AppSummary::new).collect();
        apps.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
        Self {
            environments: summaries(&gathered),
            apps,
            incomplete: !gathered.odd.is_empty(),
            problems: [gathered.odd, gathered.unlisted].concat(),
            all_namespaces,
        }
    }

    /// There is nothing to show.
    pub const fn is_empty(&self) -> bool {
        self.apps.is_empty() && self.environments.is_empty()
    }

    /// Of all together: it progresses while any does, for waiting still helps then. What may not be listed beside the
    /// apps says nothing of them.
    pub fn health(&self) -> Health {
        let apps = self.apps.iter().map(|app| app.health);
        let environments = self.environments.iter().map(|environment| environment.health);
        let all: Vec<_> = apps.chain(environments).collect();
        let any = |health| all.contains(&health);
        if any(Health::Progressing) {
            Health::Progressing
        } else if any(Health::Stalled) {
            Health::Stalled
        } else if self.incomplete {
            Health::Unknown
        } else {
            Health::Ready
        }
    }
}

impl AppSummary {
    /// The view of one app.
    pub fn new(app: &MendixApp) -> Self {
        let metadata = &app.metadata;
        let status = app.status.clone().unwrap_or_default();
        let (health, message) = judged(conditions::progress(&status.conditions, metadata.generation));
        Self {
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
            health,
            state: state(app, health),
            message,
            url: status.app_url,
            leader: status.leader,
            workers: status.workers,
            model: status.model,
            image: status.image,
            source: app.spec.source_url.as_deref().map(without_secrets),
            created: metadata.creation_timestamp.as_ref().map(|time| time.0),
        }
    }
}

/// The controller's word for the present generation. A word of an older one would say Ready of what is not built.
fn state(app: &MendixApp, health: Health) -> String {
    if app.metadata.deletion_timestamp.is_some() {
        return "Deleting".to_owned();
    }
    app.status
        .as_ref()
        .filter(|status| status.observed_generation == app.metadata.generation)
        .and_then(|status| status.state.clone())
        .unwrap_or_else(|| {
            if health == Health::Progressing {
                "Pending".to_owned()
            } else {
                health.as_str().to_owned()
            }
        })
}

/// An address without what may be a secret in it: user, folders, query and fragment. An image is shown whole.
fn without_secrets(address: &str) -> String {
    let Some((scheme, rest)) = address
        .split_once("://")
        .filter(|(scheme, _)| *scheme != "oci-image")
    else {
        return address.to_owned();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    let file = path.rsplit('/').next().filter(|file| is_package(file));
    match file {
        Some(file) if file == path => format!("{scheme}://{host}/{file}"),
        Some(file) => format!("{scheme}://{host}/…/{file}"),
        None => format!("{scheme}://{host}/…"),
    }
}

fn is_package(file: &str) -> bool {
    let extension = Path::new(file).extension();
    extension.is_some_and(|extension| {
        extension.eq_ignore_ascii_case("mda") || extension.eq_ignore_ascii_case("zip")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::conditions::Progress;
    use mendix_model::crd::{MendixAppSpec, MendixAppStatus};
    use rstest::rstest;

    fn app(progress: &Progress, observed: i64, generation: i64) -> MendixApp {
        let now = Timestamp::UNIX_EPOCH;
        let mut app = MendixApp::new("shop", MendixAppSpec::default());
        app.metadata.generation = Some(generation);
        app.status = Some(MendixAppStatus {
            observed_generation: Some(observed),
            state: Some("Ready".to_owned()),
            conditions: conditions::conditions(&[], progress, Some(observed), now),
            ..MendixAppStatus::default()
        });
        app
    }

    #[rstest]
    #[case::ready(&Progress::Ready, 1, Health::Ready, "Ready")]
    #[case::older_status(&Progress::Ready, 2, Health::Progressing, "Pending")]
    #[case::older_failure(&Progress::stalled("A", "a"), 2, Health::Progressing, "Pending")]
    fn only_a_status_of_this_generation_counts(
        #[case] progress: &Progress,
        #[case] generation: i64,
        #[case] health: Health,
        #[case] state: &str,
    ) {
        let summary = AppSummary::new(&app(progress, 1, generation));
        assert_eq!((summary.health, summary.state.as_str()), (health, state));
    }

    #[rstest]
    #[case::plain("https://example.com/a.mda", "https://example.com/a.mda")]
    #[case::signed(
        "https://example.com/b/a.mda?X-Amz-Signature=s",
        "https://example.com/…/a.mda"
    )]
    #[case::token_in_the_path("https://example.com/download/secret", "https://example.com/…")]
    #[case::password("https://user:secret@example.com/a.mda", "https://example.com/a.mda")]
    #[case::digest("oci-image://registry/app@sha256:0f", "oci-image://registry/app@sha256:0f")]
    fn addresses_lose_their_secrets(#[case] address: &str, #[case] shown: &str) {
        assert_eq!(without_secrets(address), shown);
    }

    #[test]
    fn a_list_goes_on_while_one_app_does() {
        let health = |all: &[&Progress]| {
            let gathered = GatheredApps {
                apps: all.iter().map(|progress| app(progress, 1, 1)).collect(),
                ..GatheredApps::default()
            };
            AppList::new(gathered, false).health()
        };
        let (working, stalled) = (Progress::working("A", "a"), Progress::stalled("B", "b"));
        assert_eq!(
            health(&[&Progress::Ready, &working, &stalled]),
            Health::Progressing
        );
        assert_eq!(health(&[&Progress::Ready, &stalled]), Health::Stalled);
        assert_eq!(health(&[&Progress::Ready]), Health::Ready);
        assert_eq!(health(&[]), Health::Ready);
    }
}
