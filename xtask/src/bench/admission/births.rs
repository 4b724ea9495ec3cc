//! The policy by which the API server itself adds the gate to pods: a part of ours, so in force with it alone.

use super::objects::{ASKED, pod};
use anyhow::Result;
use k8s_openapi::api::admissionregistration::v1::MutatingAdmissionPolicyBinding as Binding;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client, ResourceExt};
use mendix_cases::dry_run;
use mendix_model::names::ENVIRONMENT_LABEL;

/// What binds it, as the chart has installed it.
pub(super) struct Births {
    client: Client,
    bindings: Vec<Binding>,
}

impl Births {
    pub(super) async fn read(client: Client) -> Result<Self> {
        let installed = Api::<Binding>::all(client.clone())
            .list(&ListParams::default())
            .await?;
        let ours = installed
            .into_iter()
            .filter(|it| it.name_any().contains("gate-birth"));
        let bindings: Vec<_> = ours.map(super::modes::fresh).collect();
        anyhow::ensure!(!bindings.is_empty(), "the chart has no policy that adds the gate");
        Ok(Self { client, bindings })
    }

    pub(super) async fn bind(&self) -> Result<()> {
        for binding in &self.bindings {
            self.api().create(&PostParams::default(), binding).await?;
        }
        Ok(())
    }

    pub(super) async fn unbind(&self) -> Result<()> {
        for binding in &self.bindings {
            super::modes::absent(
                self.api()
                    .delete(&binding.name_any(), &DeleteParams::default())
                    .await,
            )?;
        }
        Ok(())
    }

    fn api(&self) -> Api<Binding> {
        Api::all(self.client.clone())
    }

    /// By the toleration that a pod gets.
    pub(super) async fn in_force(&self) -> Result<bool> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), ASKED);
        let made = api.create(&dry_run(), &pod("asked")?).await?;
        let tolerations = made.spec.and_then(|it| it.tolerations).unwrap_or_default();
        Ok(tolerations
            .iter()
            .any(|it| it.key.as_deref() == Some(ENVIRONMENT_LABEL)))
    }
}
