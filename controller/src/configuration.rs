//! The `OperatorConfiguration` of a namespace, and what it and an app say of all pods.

use crate::context::Context;
use crate::error::Error;
use mendix_model::crd::common::{ForAllPods, StringMap};
use mendix_model::crd::operator_configuration::Proxy;
use mendix_model::crd::{MendixApp, OperatorConfiguration, OperatorConfigurationSpec};
use mendix_model::names;

/// Reads the one configuration of a namespace; defaults when there is none.
pub(crate) async fn read(context: &Context, namespace: &str) -> Result<OperatorConfigurationSpec, Error> {
    let name = names::OPERATOR_CONFIGURATION;
    let read = crate::read::optional::<OperatorConfiguration>(context, namespace, name).await?;
    Ok(read.map(|configuration| configuration.spec).unwrap_or_default())
}

/// Labels, annotations and node selector of every pod of an app.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PodExtras {
    pub(crate) labels: StringMap,
    pub(crate) annotations: StringMap,
    pub(crate) node_selector: StringMap,
    /// Secret with certificates that tasks trust besides the usual ones.
    pub(crate) authorities: Option<String>,
    /// How tasks get out of the cluster.
    pub(crate) proxy: Option<Proxy>,
}

/// Key of a Secret with certificates (Mendix documentation, "Custom TLS trust").
pub(crate) const AUTHORITIES_KEY: &str = "custom.crt";

/// Name of the Secret with certificates that are trusted besides the usual ones.
pub(crate) fn authorities(configuration: &OperatorConfigurationSpec) -> Option<&str> {
    let name = configuration.trust.as_ref()?.custom_ca_secret_name.as_deref();
    name.filter(|name| !name.is_empty())
}

/// The app's entries over those of the configuration.
pub(crate) fn pod_extras(configuration: &OperatorConfigurationSpec, app: Option<&MendixApp>) -> PodExtras {
    let merged = |general: &Option<ForAllPods>, own: Option<&Option<ForAllPods>>| {
        let mut all = entries(general.as_ref());
        all.extend(entries(own.and_then(Option::as_ref)));
        all
    };
    let spec = app.map(|app| &app.spec);
    PodExtras {
        proxy: configuration.proxy.clone(),
        authorities: authorities(configuration).map(ToOwned::to_owned),
        labels: merged(
            &configuration.custom_pod_labels,
            spec.map(|it| &it.custom_pod_labels),
        ),
        annotations: merged(
            &configuration.custom_pod_annotations,
            spec.map(|it| &it.custom_pod_annotations),
        ),
        node_selector: merged(
            &configuration.custom_pod_node_selector,
            spec.map(|it| &it.custom_pod_node_selector),
        ),
    }
}

fn entries(general: Option<&ForAllPods>) -> StringMap {
    general.and_then(|it| it.general.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::MendixAppSpec;

    fn general(value: &str) -> ForAllPods {
        ForAllPods {
            general: Some([("team".to_owned(), value.to_owned())].into()),
        }
    }

    #[test]
    fn an_app_wins_over_the_configuration() {
        let configuration = OperatorConfigurationSpec {
            custom_pod_labels: Some(general("platform")),
            custom_pod_annotations: Some(general("platform")),
            ..OperatorConfigurationSpec::default()
        };
        let app = MendixApp::new(
            "shop",
            MendixAppSpec {
                custom_pod_labels: Some(general("shop")),
                ..MendixAppSpec::default()
            },
        );
        let extras = pod_extras(&configuration, Some(&app));
        assert_eq!(
            (
                extras.labels["team"].as_str(),
                extras.annotations["team"].as_str()
            ),
            ("shop", "platform")
        );
    }
}
