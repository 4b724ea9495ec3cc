//! Tells API servers which authorities to believe: in each webhook of both configurations.

use super::OwnError;
use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use kube::api::{Api, Patch, PatchParams};
use kube::core::ClusterResourceScope;
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

/// A configuration of either kind.
trait Configuration:
    Resource<DynamicType = (), Scope = ClusterResourceScope> + Clone + Debug + DeserializeOwned
{
    /// Name of each webhook, and how it is called.
    fn webhooks(&self) -> Vec<(&str, &WebhookClientConfig)>;
}

impl Configuration for ValidatingWebhookConfiguration {
    fn webhooks(&self) -> Vec<(&str, &WebhookClientConfig)> {
        let all = self.webhooks.iter().flatten();
        all.map(|it| (it.name.as_str(), &it.client_config)).collect()
    }
}

impl Configuration for MutatingWebhookConfiguration {
    fn webhooks(&self) -> Vec<(&str, &WebhookClientConfig)> {
        let all = self.webhooks.iter().flatten();
        all.map(|it| (it.name.as_str(), &it.client_config)).collect()
    }
}

/// Writes the bundle wherever it is not there yet.
pub(super) async fn publish(client: &Client, name: &str, bundle: &str) -> Result<(), OwnError> {
    into::<ValidatingWebhookConfiguration>(client, name, bundle).await?;
    into::<MutatingWebhookConfiguration>(client, name, bundle).await
}

/// A configuration that is not there, as while the chart is uninstalled, is none to tell.
async fn into<K: Configuration>(client: &Client, name: &str, bundle: &str) -> Result<(), OwnError> {
    let api: Api<K> = Api::all(client.clone());
    let failed = |source| OwnError::Api {
        what: format!("write the authority into {} {name}", K::kind(&())),
        source: Box::new(source),
    };
    let Some(found) = api.get_opt(name).await.map_err(failed)? else {
        return Ok(());
    };
    if let Some(patch) = patch(&found.webhooks(), bundle) {
        // By the name of each webhook, so that nothing else of it is touched.
        let patch = Patch::Strategic(patch);
        api.patch(name, &PatchParams::default(), &patch)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

fn patch(webhooks: &[(&str, &WebhookClientConfig)], bundle: &str) -> Option<Value> {
    let bundle = ByteString(bundle.as_bytes().to_vec());
    let stale = webhooks
        .iter()
        .filter(|(_, it)| it.ca_bundle.as_ref() != Some(&bundle));
    let stale: Vec<_> = stale
        .map(|(name, _)| json!({ "name": name, "clientConfig": { "caBundle": bundle } }))
        .collect();
    (!stale.is_empty()).then(|| json!({ "webhooks": stale }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_up_to_date_is_written() {
        let with = |bundle: Option<&str>| WebhookClientConfig {
            ca_bundle: bundle.map(|it| ByteString(it.as_bytes().to_vec())),
            ..WebhookClientConfig::default()
        };
        let (new, old, none) = (with(Some("new")), with(Some("old")), with(None));
        let written = patch(&[("a", &new), ("b", &old), ("c", &none)], "new").unwrap();
        let names: Vec<_> = written["webhooks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].clone())
            .collect();
        assert_eq!(names, ["b", "c"]);
        assert_eq!(written["webhooks"][0]["clientConfig"]["caBundle"], "bmV3");
        assert_eq!(patch(&[("a", &new)], "new"), None);
    }
}
