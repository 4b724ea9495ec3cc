//! One app with everything it is made of.

use super::held::Waiting;
use super::parts::{self, BuildView, EndpointView, PartView, RuntimeView, StorageView};
use super::sorted::Sorted;
use super::{AppSummary, ClaimView, Health, PodView};
use crate::gather::{Gathered, Part};
use mendix_model::crd::storage::Purpose;
use mendix_model::names;
use serde::Serialize;

/// One app with everything it is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppView {
    /// The app itself.
    #[serde(flatten)]
    pub summary: AppSummary,
    /// Its database; absent when it needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PartView<StorageView>>,
    /// Its file store; absent when it needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<PartView<StorageView>>,
    /// Its image.
    pub build: PartView<BuildView>,
    /// Its address.
    pub endpoint: PartView<EndpointView>,
    /// The claim of its database, once the gate has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimView>,
    /// Its running form.
    pub runtime: PartView<RuntimeView>,
    /// What could not be read, and why.
    pub problems: Vec<String>,
}

impl AppView {
    /// The view of what was read.
    pub fn new(gathered: Gathered) -> Self {
        let summary = AppSummary::new(&gathered.app);
        let name = summary.name.clone();
        let environment = gathered.environment.found();
        let waiting = Waiting::new(environment, gathered.pods.found(), &gathered.nodes);
        let Sorted { runtime, tasks } = Sorted::of_app(&gathered.pods, &gathered.runtime, &waiting);
        let spec = &gathered.app.spec;
        let store = |purpose, wanted: bool, part: &_| {
            let view = parts::storage(names::storage_instance(&name, purpose), part, &tasks);
            // Credentials out of a secret store: nothing is made, and nothing is missing.
            (wanted || !matches!(part, Part::Absent)).then_some(view)
        };
        Self {
            database: store(Purpose::Database, spec.database.is_some(), &gathered.database),
            files: store(Purpose::File, spec.storage.is_some(), &gathered.files),
            build: parts::build(names::build(&name), &gathered.build, &tasks),
            endpoint: parts::endpoint(name.clone(), &gathered.endpoint),
            claim: environment.and_then(ClaimView::new),
            runtime: parts::runtime(name, &gathered.runtime, runtime),
            summary,
            problems: gathered.problems,
        }
    }

    /// How the app is. Its own conditions decide, since parts may speak of a generation before; but what was written into
    /// its environment changes no generation of the app, and reaches its runtime first.
    pub const fn health(&self) -> Health {
        match (self.summary.health, self.runtime.health) {
            (Health::Ready, Health::Progressing | Health::Stalled) => Health::Progressing,
            (own, _) => own,
        }
    }

    /// Task pods that failed: they stay until somebody deletes them, and nothing goes on before.
    pub fn failed_task_pods(&self) -> Vec<&PodView> {
        let stores = [&self.database, &self.files]
            .into_iter()
            .flatten()
            .filter_map(|part| part.details.task_pod.as_ref());
        stores
            .chain(self.build.details.task_pod.as_ref())
            .filter(|pod| pod.failed)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::Nodes;
    use jiff::Timestamp;
    use k8s_openapi::api::core::v1::Pod;
    use mendix_model::conditions::{Progress, conditions};
    use mendix_model::crd::runtime::{RuntimePod, RuntimeStatus};
    use mendix_model::crd::storage::{StorageInstanceSpec, StorageInstanceStatus, TaskPhase};
    use mendix_model::crd::{
        Endpoint, MendixApp, MendixAppSpec, MendixAppStatus, Runtime, RuntimeSpec, StorageInstance,
    };
    use serde_json::json;

    fn gathered() -> Gathered {
        let mut app = MendixApp::new("shop", MendixAppSpec::default());
        app.spec.database = Some(mendix_model::crd::app::ServicePlan::default());
        Gathered {
            app,
            database: Part::Absent,
            files: Part::Absent,
            build: Part::Absent,
            endpoint: Part::<Endpoint>::Unknown,
            runtime: Part::Absent,
            environment: Part::Absent,
            pods: Part::Absent,
            nodes: Nodes::new(),
            problems: vec!["failed to get endpoints".to_owned()],
        }
    }

    #[test]
    fn what_is_not_there_is_told_from_what_cannot_be_read() {
        let view = AppView::new(gathered());
        let health = |part: Option<&PartView<StorageView>>| part.map(|part| part.health);
        assert_eq!(health(view.database.as_ref()), Some(Health::Absent));
        assert_eq!(health(view.files.as_ref()), None, "the app wants no file store");
        assert_eq!(view.endpoint.health, Health::Unknown);
        assert_eq!(view.problems, ["failed to get endpoints"]);
    }

    #[test]
    fn without_the_right_to_list_pods_the_controller_is_believed() {
        let mut runtime = Runtime::new("shop", RuntimeSpec::default());
        runtime.status = Some(RuntimeStatus {
            pods: Some(vec![RuntimePod {
                name: "shop-master-0".to_owned(),
                ready: Some(true),
                ..RuntimePod::default()
            }]),
            ..RuntimeStatus::default()
        });
        let mut gathered = gathered();
        gathered.runtime = Part::Found(runtime);
        gathered.pods = Part::Unknown;
        let pods = AppView::new(gathered).runtime.details.pods;
        assert_eq!(
            (pods[0].name.as_str(), pods[0].state.as_str()),
            ("shop-master-0", "Ready")
        );
    }

    #[test]
    fn an_app_whose_runtime_is_on_its_way_is_not_ready_yet() {
        let with = |progress: &Progress| {
            let conditions = |progress| conditions(&[], progress, None, Timestamp::UNIX_EPOCH);
            let mut runtime = Runtime::new("shop", RuntimeSpec::default());
            runtime.status = Some(RuntimeStatus {
                conditions: conditions(progress),
                ..RuntimeStatus::default()
            });
            let mut gathered = gathered();
            gathered.app.status = Some(MendixAppStatus {
                conditions: conditions(&Progress::Ready),
                ..MendixAppStatus::default()
            });
            gathered.runtime = Part::Found(runtime);
            AppView::new(gathered).health()
        };
        assert_eq!(
            with(&Progress::working("Starting", "0 of 1")),
            Health::Progressing
        );
        assert_eq!(with(&Progress::Ready), Health::Ready);
    }

    #[test]
    fn task_pods_stand_below_what_they_work_for_until_it_is_ready() {
        let task: Pod = serde_json::from_value(json!({
            "metadata": {"name": "shop-database", "labels": {"kubectl-mendix.io/component": "provisioner"}},
            "status": {"phase": "Failed"},
        }))
        .expect("pod");
        let with = |progress: &Progress| {
            let spec = StorageInstanceSpec {
                plan_name: "postgres".to_owned(),
                purpose: Purpose::Database,
                environment: "shop".to_owned(),
            };
            let mut instance = StorageInstance::new("shop-database", spec);
            instance.status = Some(StorageInstanceStatus {
                phase: Some(TaskPhase::Failed),
                task_pod: Some("shop-database".to_owned()),
                conditions: conditions(&[], progress, None, Timestamp::UNIX_EPOCH),
                ..StorageInstanceStatus::default()
            });
            let mut gathered = gathered();
            gathered.database = Part::Found(instance);
            gathered.pods = Part::Found(vec![task.clone()]);
            AppView::new(gathered)
        };
        let stalled = with(&Progress::stalled("TaskFailed", "wrong password"));
        assert_eq!(stalled.failed_task_pods().len(), 1);
        assert!(
            stalled.runtime.details.pods.is_empty(),
            "a task pod is no pod of the runtime"
        );
        assert!(with(&Progress::Ready).failed_task_pods().is_empty());
    }
}
