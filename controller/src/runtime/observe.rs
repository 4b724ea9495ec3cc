//! Reads everything that the plan of a runtime needs.

use super::secret_store;
use crate::app::is_attached;
use crate::configuration;
use crate::context::Context;
use crate::error::Error;
use crate::gate::claim_of;
use crate::guards::Answers;
use crate::metadata::namespace;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret, ServiceAccount};
use mendix_model::crd::claim::Owner;
use mendix_model::crd::{Environment, OperatorConfigurationSpec, Runtime};
use mendix_model::names::{self, Component, Role};
use mendix_model::rollout::situation::{Present, shares};
use mendix_model::secret_store::{IN_MEMORY_DATABASE, database};
use std::collections::BTreeSet;

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) configuration: OperatorConfigurationSpec,
    pub(crate) account: bool,
    /// Whether the Secret with the admin password is there.
    pub(crate) admin_secret: bool,
    pub(crate) database: Option<Secret>,
    pub(crate) file: Option<Secret>,
    /// The Secret that is the secret store of the app.
    pub(crate) secret_store: Option<Secret>,
    /// The Secret with certificates that are trusted besides the usual ones.
    pub(crate) authorities: Option<Secret>,
    /// Names of the immutable copies that are there, of those that the status knows.
    pub(crate) copies: BTreeSet<String>,
    pub(crate) leader: Option<Deployment>,
    pub(crate) worker: Option<Deployment>,
    pub(crate) pods: Vec<Pod>,
    /// Nodes that take no new pods.
    pub(crate) cordoned: BTreeSet<String>,
    /// Pods that pull its next image.
    pub(crate) pullers: Vec<Pod>,
    /// What the guards of those pods say.
    pub(crate) answers: Answers,
    pub(crate) image: String,
    /// The environment, in all clusters.
    pub(crate) owner: Owner,
    /// Claim of the database.
    pub(crate) claim: Option<String>,
    /// Why it cannot be told which database it is.
    pub(crate) unknown_database: Option<String>,
    /// What the gate says of the pods.
    pub(crate) environment: Option<Environment>,
}

impl Observed {
    /// The declared takeover of the database from another owner.
    pub(crate) fn adopt(&self) -> Option<&str> {
        let adopt = self.environment.as_ref()?.spec.adopt.as_ref()?;
        Some(&adopt.id)
    }

    /// Whether the database is in the memory of the runtime.
    pub(crate) fn in_memory(&self) -> bool {
        let secret = self.database.as_ref().or(self.secret_store.as_ref());
        let data = secret.and_then(|secret| secret.data.as_ref());
        let type_ = data.and_then(|data| data.get(database::TYPE));
        type_.is_some_and(|type_| type_.0 == IN_MEMORY_DATABASE.as_bytes())
    }

    /// What the order of a rollout is decided from.
    pub(crate) fn present(&self) -> Present<'_> {
        Present {
            leader: self.leader.as_ref(),
            worker: self.worker.as_ref(),
            pods: &self.pods,
            cordoned: &self.cordoned,
            in_memory: self.in_memory(),
        }
    }

    /// Leaders and workers that are wanted in the end.
    pub(crate) fn shares(&self, runtime: &Runtime) -> (i32, i32) {
        shares(&runtime.spec, self.in_memory())
    }

    pub(crate) const fn deployment(&self, role: Role) -> Option<&Deployment> {
        match role {
            Role::Leader => self.leader.as_ref(),
            Role::Worker => self.worker.as_ref(),
        }
    }
}

pub(crate) async fn observe(context: &Context, runtime: &Runtime) -> Result<Observed, Error> {
    let namespace = namespace(runtime);
    let app = runtime.spec.environment.as_str();
    let account = crate::read::metadata::<ServiceAccount>(context, &namespace, app).await?;
    let admin = crate::read::metadata::<Secret>(context, &namespace, &names::admin_secret(app)).await?;
    let deployment = |role| names::deployment(app, role);
    let leader = crate::read::optional(context, &namespace, &deployment(Role::Leader)).await?;
    let worker = crate::read::optional(context, &namespace, &deployment(Role::Worker)).await?;
    let selector = names::selector_text(&names::selector(app, None));
    let configuration = configuration::read(context, &namespace).await?;
    let authorities = configuration::authorities(&configuration);
    let database = secret(context, &namespace, runtime.spec.database_secret_name.as_deref()).await?;
    let owner = Owner {
        cluster: context.cluster().await?,
        namespace: namespace.clone(),
        environment: app.to_owned(),
    };
    let secret_store = secret(context, &namespace, secret_store::secret_name(&runtime.spec)).await?;
    let named = database.as_ref().or(secret_store.as_ref());
    let claim = claim_of(secret_store::source(&runtime.spec, named), &owner);
    let file = secret(context, &namespace, runtime.spec.file_secret_name.as_deref()).await?;
    let copies = copies(context, &namespace, runtime).await?;
    let pullers = format!(
        "{}={app},{}={}",
        names::ENVIRONMENT_LABEL,
        names::COMPONENT_LABEL,
        Component::Puller.as_str()
    );
    let pullers = crate::read::list(context, &namespace, &pullers).await?;
    // Pods last: one that a Deployment made meanwhile is seen, so that its Secrets are not taken from it.
    let pods = crate::read::list(context, &namespace, &selector).await?;
    Ok(Observed {
        unknown_database: claim.as_ref().err().cloned(),
        claim: claim.ok(),
        owner,
        environment: crate::read::optional(context, &namespace, app).await?,
        authorities: secret(context, &namespace, authorities).await?,
        configuration,
        account: is_attached(account.as_ref()),
        admin_secret: admin.is_some(),
        database,
        secret_store,
        file,
        copies,
        leader,
        worker,
        answers: context.ask_guards(&pods).await,
        cordoned: context.cordoned.borrow().clone(),
        pullers,
        pods,
        image: context.image.clone(),
    })
}

async fn secret(context: &Context, namespace: &str, name: Option<&str>) -> Result<Option<Secret>, Error> {
    match name {
        Some(name) => crate::read::optional(context, namespace, name).await,
        None => Ok(None),
    }
}

async fn copies(context: &Context, namespace: &str, runtime: &Runtime) -> Result<BTreeSet<String>, Error> {
    let mut there = BTreeSet::new();
    let known = runtime.status.as_ref().and_then(|status| status.copies.as_ref());
    for name in known.into_iter().flatten() {
        if crate::read::metadata::<Secret>(context, namespace, name)
            .await?
            .is_some()
        {
            there.insert(name.clone());
        }
    }
    Ok(there)
}
