//! Wires everything: health checks, the Lease, and one controller a kind and namespace.
//!
//! Only metadata is watched, of our own kinds and of what they own; everything else is read when it is needed.
//! That keeps the memory small, and an object whose form is wrong cannot stop a watch.

use crate::Arguments;
use crate::context::Context;
use crate::drain;
use crate::error::words;
use crate::guards::{self, Place};
use crate::health::{self, Readiness};
use crate::lease::Election;
use crate::reconcile::{Kind, error_policy, reconcile};
use futures::future::{BoxFuture, join_all};
use futures::{FutureExt, Stream, StreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::core::{NamespaceResourceScope, PartialObjectMeta};
use kube::runtime::controller::{self, Controller};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::Config;
use kube::{Api, Client, Resource, ResourceExt};
use mendix_model::crd::{
    Build, DatabaseClaim, Endpoint, Environment, MendixApp, OperatorConfiguration, Runtime, StorageInstance,
    StoragePlan,
};
use mendix_model::names::{self, Component};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// See [`at_once`].
const RECONCILES: u16 = 16;

type Metadata<K> = PartialObjectMeta<K>;

/// Runs until a signal ends it, or until another controller has taken over.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let client = Client::try_default().await?;
    let readiness = Readiness::default();
    let mut election = Election::new(client.clone(), &arguments.lease_namespace, &arguments.identity);
    let context = Context::new(client, &arguments.image, &arguments.identity).managing(arguments.managed());
    let context = Arc::new(context);
    let work = async {
        election.acquire(|| readiness.reached()).await;
        readiness.reached();
        tracing::info!(namespaces = ?arguments.namespaces, "Started");
        tokio::select! {
            () = election.hold() => {
                tracing::error!("Lost the Lease: another controller acts now");
                ExitCode::FAILURE
            }
            () = act(&context, &arguments) => ExitCode::FAILURE,
        }
    };
    let code = tokio::select! {
        code = work => code,
        served = health::serve(arguments.listen, readiness.clone(), context.metrics.clone()) => return served.map(|()| ExitCode::FAILURE),
        stopped = stop_signal() => {
            stopped?;
            ExitCode::SUCCESS
        }
    };
    election.release().await;
    Ok(code)
}

/// Runs all controllers. A controller ends only when its watches do, which they never do by themselves.
async fn act(context: &Arc<Context>, arguments: &Arguments) {
    let namespaces = arguments.managed();
    if namespaces.is_empty() {
        tracing::warn!(
            "No namespace is managed, so only plain manifests are guarded: name some with --namespaces"
        );
    }
    futures::join!(
        gate(context),
        join_all(controllers(context, &namespaces)),
        guards::watch(context),
        drain::watch(context),
    );
}

/// Guards pods in the whole cluster.
pub(crate) async fn gate(context: &Arc<Context>) {
    let plain = crate::gate::watch_plain_pods(context);
    futures::join!(plain, start(environments(context), context));
}

async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn controllers(context: &Arc<Context>, namespaces: &[String]) -> Vec<BoxFuture<'static, ()>> {
    namespaces
        .iter()
        .flat_map(|namespace| {
            [
                start(apps(context, namespace), context),
                start(stores(context, namespace), context),
                start(builds(context, namespace), context),
                start(endpoints(context, namespace), context),
                start(runtimes(context, namespace), context),
            ]
        })
        .collect()
}

fn start<K: Kind>(controller: Controller<Metadata<K>>, context: &Arc<Context>) -> BoxFuture<'static, ()> {
    controller
        .run(reconcile::<K>, error_policy::<K>, context.clone())
        .for_each(|result| {
            // Failed reconciles are told by the error policy; what is left are watches that start again.
            if let Err(kube::runtime::controller::Error::QueueError(error)) = result {
                tracing::warn!(controller = %K::kind(&()), "Failed to watch: {}; trying again", words(&error));
            }
            std::future::ready(())
        })
        .boxed()
}

fn apps(context: &Context, namespace: &str) -> Controller<Metadata<MendixApp>> {
    controller::<MendixApp>(context, namespace)
        .owns(metadata::<StorageInstance>(context, namespace), config())
        .owns(metadata::<Build>(context, namespace), config())
        .owns(metadata::<Endpoint>(context, namespace), config())
        .owns(metadata::<Runtime>(context, namespace), config())
}

fn stores(context: &Context, namespace: &str) -> Controller<Metadata<StorageInstance>> {
    let controller = controller::<StorageInstance>(context, namespace);
    let all = controller.store();
    controller
        .watches(
            metadata::<Pod>(context, namespace),
            component(Component::Provisioner),
            // By label: pods that take a store down have no owner.
            |pod| labelled::<StorageInstance>(&pod, names::STORAGE_INSTANCE_LABEL),
        )
        .watches(metadata::<StoragePlan>(context, namespace), config(), move |_| {
            everything(&all)
        })
}

fn builds(context: &Context, namespace: &str) -> Controller<Metadata<Build>> {
    let controller = controller::<Build>(context, namespace);
    let all = controller.store();
    controller
        .owns(metadata::<Pod>(context, namespace), component(Component::Builder))
        .watches(
            metadata::<OperatorConfiguration>(context, namespace),
            config(),
            move |_| everything(&all),
        )
}

fn endpoints(context: &Context, namespace: &str) -> Controller<Metadata<Endpoint>> {
    let controller = controller::<Endpoint>(context, namespace);
    let all = controller.store();
    controller
        .owns(metadata::<Service>(context, namespace), environment())
        .owns(metadata::<Ingress>(context, namespace), environment())
        .watches(
            metadata::<OperatorConfiguration>(context, namespace),
            config(),
            move |_| everything(&all),
        )
}

fn runtimes(context: &Context, namespace: &str) -> Controller<Metadata<Runtime>> {
    let controller = controller::<Runtime>(context, namespace);
    let all = controller.store();
    controller
        .owns(metadata::<Deployment>(context, namespace), environment())
        .owns(metadata::<PodDisruptionBudget>(context, namespace), environment())
        .owns(metadata::<Environment>(context, namespace), config())
        .owns(metadata::<Pod>(context, namespace), component(Component::Puller))
        .watches(
            metadata::<Pod>(context, namespace),
            component(Component::Runtime),
            |pod| labelled::<Runtime>(&pod, names::ENVIRONMENT_LABEL),
        )
        .reconcile_on(woken(context.wakes.subscribe(), Some(namespace.to_owned())))
        .watches(
            metadata::<OperatorConfiguration>(context, namespace),
            config(),
            move |_| everything(&all),
        )
}

/// Of the whole cluster: plain manifests are guarded in any namespace.
///
/// Few watches: those of one controller share one back-off, so that each that starts anew makes all the others wait. What
/// the gate learns of an app of ours comes with [`Context::told`] for that reason.
fn environments(context: &Context) -> Controller<Metadata<Environment>> {
    let everywhere = || -> Api<Metadata<Environment>> { Api::all(context.client.clone()) };
    let pods: Api<Metadata<Pod>> = Api::all(context.client.clone());
    let claims: Api<Metadata<DatabaseClaim>> = Api::all(context.client.clone());
    let namespaces: Api<Metadata<Namespace>> = Api::all(context.client.clone());
    let controller = Controller::new(everywhere(), config()).with_config(at_once());
    let all = controller.store();
    controller
        // Whether a namespace is to be let go stands in its label.
        .watches(
            namespaces,
            Config::default().labels(names::GUARD_LABEL),
            move |namespace| {
                let mut inside = everything(&all);
                inside.retain(|environment| environment.namespace == namespace.metadata.name);
                inside
            },
        )
        .watches(pods, environment(), |pod| {
            labelled::<Environment>(&pod, names::ENVIRONMENT_LABEL)
        })
        .watches(claims, config(), |claim| {
            let name = claim.labels().get(names::ENVIRONMENT_LABEL)?;
            Some(ObjectRef::new(name).within(claim.labels().get(names::NAMESPACE_LABEL)?))
        })
        .reconcile_on(woken(context.wakes.subscribe(), None))
        .reconcile_on(woken(context.told.subscribe(), None))
}

/// Reconciles that run at once. Each holds what it has read of a namespace, so their number bounds the memory.
pub(crate) fn at_once() -> controller::Config {
    controller::Config::default().concurrency(RECONCILES)
}

fn controller<K: Kind>(context: &Context, namespace: &str) -> Controller<Metadata<K>> {
    Controller::new(metadata::<K>(context, namespace), config())
}

fn metadata<K>(context: &Context, namespace: &str) -> Api<Metadata<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::namespaced(context.client.clone(), namespace)
}

fn config() -> Config {
    Config::default()
}

/// Objects of environments only: whoever takes this label off one of ours is seen to delete it, and it is put back.
fn environment() -> Config {
    Config::default().labels(names::ENVIRONMENT_LABEL)
}

fn component(component: Component) -> Config {
    Config::default().labels(&format!("{}={}", names::COMPONENT_LABEL, component.as_str()))
}

/// The object of kind `K` that a label names.
fn labelled<K>(pod: &Metadata<Pod>, label: &str) -> Option<ObjectRef<Metadata<K>>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let name = pod.labels().get(label)?;
    Some(ObjectRef::new(name).within(&pod.namespace()?))
}

/// What a channel of names wakes: guards' words, and what was told of runtimes; in one namespace or in all.
fn woken<K>(
    wakes: Receiver<Place>,
    namespace: Option<String>,
) -> impl Stream<Item = ObjectRef<Metadata<K>>> + Send + 'static
where
    K: Kind,
{
    futures::stream::unfold((wakes, namespace), async |(mut wakes, namespace)| {
        loop {
            match wakes.recv().await {
                Ok((inside, name)) if namespace.as_ref().is_none_or(|only| *only == inside) => {
                    return Some((ObjectRef::new(&name).within(&inside), (wakes, namespace)));
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
}

fn everything<K>(store: &Store<Metadata<K>>) -> Vec<ObjectRef<Metadata<K>>>
where
    K: Kind,
{
    store
        .state()
        .iter()
        .map(|object| ObjectRef::from_obj(object.as_ref()))
        .collect()
}
