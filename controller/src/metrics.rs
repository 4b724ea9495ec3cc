//! What Prometheus reads of the controller, at `/metrics`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Media type of the text (`OpenMetrics` 1.0).
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct HeldLabels {
    namespace: String,
    environment: String,
    rule: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct NamespaceLabel {
    namespace: String,
}

/// An environment's namespace and name.
type Place = (String, String);

/// All metrics. A restart begins them anew, as Prometheus expects of counters.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    held: Family<HeldLabels, Gauge>,
    /// Rules that were told of each environment, so that those which hold nothing any more are taken back.
    told: Mutex<BTreeMap<Place, Vec<HeldLabels>>>,
    broken_glass: Family<NamespaceLabel, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let (held, broken_glass) = (Family::default(), Family::default());
        let mut registry = Registry::with_prefix("mendix");
        registry.register("held_pods", "Pods that wait at the gate, by rule", held.clone());
        registry.register(
            "broken_glass",
            "Pods that somebody took from the gate by hand",
            broken_glass.clone(),
        );
        Self {
            registry,
            held,
            told: Mutex::default(),
            broken_glass,
        }
    }
}

impl Metrics {
    /// Pods of an environment that wait, one rule for each.
    pub(crate) fn hold<'a>(&self, namespace: &str, environment: &str, rules: impl Iterator<Item = &'a str>) {
        let mut counts = BTreeMap::new();
        for rule in rules {
            *counts.entry(rule).or_insert(0_i64) += 1;
        }
        let labels = |rule: &str| HeldLabels {
            namespace: namespace.to_owned(),
            environment: environment.to_owned(),
            rule: rule.to_owned(),
        };
        let Ok(mut told) = self.told.lock() else { return };
        let place = (namespace.to_owned(), environment.to_owned());
        for earlier in told.remove(&place).unwrap_or_default() {
            if !counts.contains_key(earlier.rule.as_str()) {
                self.held.remove(&earlier);
            }
        }
        for (rule, count) in &counts {
            self.held.get_or_create(&labels(rule)).set(*count);
        }
        if !counts.is_empty() {
            told.insert(place, counts.keys().map(|rule| labels(rule)).collect());
        }
    }

    /// Somebody took a pod of this namespace from the gate.
    pub(crate) fn break_glass(&self, namespace: &str) {
        let labels = NamespaceLabel {
            namespace: namespace.to_owned(),
        };
        self.broken_glass.get_or_create(&labels).inc();
    }

    /// As text of [`CONTENT_TYPE`].
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_hold_nothing_any_more_are_taken_back() {
        let metrics = Metrics::default();
        metrics.hold("team-a", "shop", ["MX011", "MX011", "MX009"].into_iter());
        metrics.hold("team-b", "shop", ["MX011"].into_iter());
        metrics.hold("team-a", "shop", ["MX009"].into_iter());
        let text = metrics.text().expect("text");
        let held: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("mendix_held_pods{"))
            .collect();
        assert_eq!(held.len(), 2, "{text}");
        assert!(
            text.contains(r#"mendix_held_pods{namespace="team-a",environment="shop",rule="MX009"} 1"#),
            "{text}"
        );
    }

    #[test]
    fn broken_glass_is_counted() {
        let metrics = Metrics::default();
        metrics.break_glass("team-a");
        metrics.break_glass("team-a");
        let text = metrics.text().expect("text");
        assert!(
            text.contains(r#"mendix_broken_glass_total{namespace="team-a"} 2"#),
            "{text}"
        );
    }
}
