//! The variables by which programs find a proxy. Pure.

use crate::task_pod::variable;
use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, SecretKeySelector};
use mendix_model::crd::operator_configuration::Proxy;

const HTTP: &str = "HTTP_PROXY";
const HTTPS: &str = "HTTPS_PROXY";
const DIRECT: &str = "NO_PROXY";

/// What no proxy reaches: the pod itself, and what is inside of the cluster. The kubelet puts the address of the API
/// server in (Kubernetes documentation, "Accessing the Kubernetes API from a Pod").
const INSIDE: &str = "localhost,127.0.0.1,::1,.svc,.cluster.local,$(KUBERNETES_SERVICE_HOST)";

/// The variables; none without a proxy.
pub(crate) fn variables(proxy: Option<&Proxy>) -> Vec<EnvVar> {
    let Some(proxy) = proxy else {
        return Vec::new();
    };
    let secret = proxy.secret_name.as_deref().filter(|name| !name.is_empty());
    let mut all: Vec<_> = [(HTTP, &proxy.http_proxy), (HTTPS, &proxy.https_proxy)]
        .into_iter()
        .filter_map(|(name, field)| match secret {
            Some(secret) => Some(from_secret(name, secret)),
            None => set(field.as_ref()).map(|value| variable(name, value)),
        })
        .collect();
    if !all.is_empty() {
        let more = set(proxy.no_proxy.as_ref())
            .map(|more| format!(",{more}"))
            .unwrap_or_default();
        all.push(variable(DIRECT, format!("{INSIDE}{more}")));
    }
    all
}

fn set(field: Option<&String>) -> Option<&str> {
    field.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn from_secret(name: &str, secret: &str) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: secret.to_owned(),
                key: name.to_owned(),
                optional: Some(true),
            }),
            ..EnvVarSource::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(proxy: serde_json::Value) -> Vec<(String, Option<String>)> {
        let proxy: Proxy = serde_json::from_value(proxy).expect("proxy");
        let named = variables(Some(&proxy)).into_iter();
        named.map(|it| (it.name, it.value)).collect()
    }

    #[test]
    fn what_is_inside_of_the_cluster_is_reached_directly() {
        let all = of(json!({"httpsProxy": "http://proxy:3128", "noProxy": "10.0.0.0/8"}));
        let expected = [
            (HTTPS.to_owned(), Some("http://proxy:3128".to_owned())),
            (DIRECT.to_owned(), Some(format!("{INSIDE},10.0.0.0/8"))),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn without_a_proxy_nothing_is_said() {
        assert_eq!(variables(None), []);
        assert_eq!(of(json!({"noProxy": "10.0.0.0/8", "httpProxy": " "})), []);
    }

    #[test]
    fn a_secret_holds_what_must_not_be_shown() {
        let proxy: Proxy = serde_json::from_value(json!({"secretName": "way-out"})).expect("proxy");
        let all = variables(Some(&proxy));
        let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, [HTTP, HTTPS, DIRECT]);
        let source = all[0]
            .value_from
            .as_ref()
            .and_then(|it| it.secret_key_ref.as_ref());
        let source = source.expect("reference");
        assert_eq!(
            (source.name.as_str(), source.key.as_str(), source.optional),
            ("way-out", HTTP, Some(true))
        );
    }
}
