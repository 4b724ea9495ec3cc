//! Native metrics and the metrics agent (Mendix documentation, "Customize runtime metrics").

use super::certificates::Files;
use super::{InvalidField, Kind, fields};
use crate::crd::common::RuntimeMetricsConfiguration;
use serde::{Deserialize, Serialize};

/// File with the configuration of the metrics agent.
const AGENT: &str = "mx-agent.json";
/// File with its instrumentation.
const INSTRUMENTATION: &str = "mx-agent-instrumentation.json";

/// Files of the metrics agent, beside the document.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsAgent {
    /// Name of its configuration.
    pub configuration: String,
    /// Name of its instrumentation.
    pub instrumentation: Option<String>,
}

/// Where metrics come from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Mode {
    /// They are off.
    #[default]
    Off,
    /// From the runtime itself.
    Native,
    /// From the statistics of the admin port.
    Compatibility,
}

/// The app's attributes, each over that of the namespace; an empty one is none.
pub fn merged_metrics(
    app: Option<&RuntimeMetricsConfiguration>,
    namespace: Option<&RuntimeMetricsConfiguration>,
) -> RuntimeMetricsConfiguration {
    let attribute = |read: fn(&RuntimeMetricsConfiguration) -> &Option<String>| {
        let set = |all: Option<&RuntimeMetricsConfiguration>| {
            let text = read(all?).clone();
            text.filter(|text| !text.trim().is_empty())
        };
        set(app).or_else(|| set(namespace))
    };
    RuntimeMetricsConfiguration {
        mode: attribute(|it| &it.mode),
        interval: attribute(|it| &it.interval),
        mx_agent_config: attribute(|it| &it.mx_agent_config),
        mx_agent_instrumentation_config: attribute(|it| &it.mx_agent_instrumentation_config),
    }
}

pub(super) fn mode(metrics: Option<&RuntimeMetricsConfiguration>) -> Result<Mode, InvalidField> {
    match metrics.and_then(|it| it.mode.as_deref()).map(str::trim) {
        None | Some("") => Ok(Mode::Off),
        Some("native") => Ok(Mode::Native),
        Some("compatibility") => Ok(Mode::Compatibility),
        Some(_) => Err(InvalidField {
            kind: Kind::Value,
            field: "runtimeMetricsConfiguration.mode".to_owned(),
            problem: "is neither native nor compatibility; leave it empty for what the namespace says"
                .to_owned(),
        }),
    }
}

/// All attributes but the mode are of the native one.
fn native(metrics: Option<&RuntimeMetricsConfiguration>) -> Option<&RuntimeMetricsConfiguration> {
    metrics.filter(|_| mode(metrics) == Ok(Mode::Native))
}

/// Seconds between two computations; none when the field is empty.
pub(super) fn interval(metrics: Option<&RuntimeMetricsConfiguration>) -> Result<Option<u64>, InvalidField> {
    let text = native(metrics)
        .and_then(|it| it.interval.as_deref())
        .map(str::trim);
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    // The parser also takes words, which the runtime's documentation does not know.
    let parsed: Option<jiff::SignedDuration> = text.parse().ok().filter(|_| text.starts_with('P'));
    let seconds = parsed.and_then(|it| u64::try_from(it.as_secs()).ok());
    seconds
        .filter(|it| *it > 0)
        .map(Some)
        .ok_or_else(|| InvalidField {
            kind: Kind::Value,
            field: "runtimeMetricsConfiguration.interval".to_owned(),
            problem: "is not an ISO 8601 duration of at least a second, such as PT1M".to_owned(),
        })
}

/// The agent and its files, or every document that is none. The agent is part of the native mode only.
pub(super) fn agent(
    metrics: Option<&RuntimeMetricsConfiguration>,
) -> Result<(Option<MetricsAgent>, Files), Vec<InvalidField>> {
    let Some(metrics) = native(metrics) else {
        return Ok((None, Files::new()));
    };
    let configuration = document("mxAgentConfig", metrics.mx_agent_config.as_deref());
    let instrumentation = document(
        "mxAgentInstrumentationConfig",
        metrics.mx_agent_instrumentation_config.as_deref(),
    );
    match (configuration, instrumentation) {
        // The documentation: the second only counts beside the first.
        (Ok(None), Ok(_)) => Ok((None, Files::new())),
        (Ok(Some(configuration)), Ok(instrumentation)) => {
            let mut files = Files::from([(AGENT.to_owned(), configuration)]);
            let named = instrumentation.map(|text| {
                files.insert(INSTRUMENTATION.to_owned(), text);
                INSTRUMENTATION.to_owned()
            });
            let agent = MetricsAgent {
                configuration: AGENT.to_owned(),
                instrumentation: named,
            };
            Ok((Some(agent), files))
        }
        (one, other) => Err([one.err(), other.err()].into_iter().flatten().collect()),
    }
}

fn document(field: &str, text: Option<&str>) -> Result<Option<Vec<u8>>, InvalidField> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    fields::json_object(&format!("runtimeMetricsConfiguration.{field}"), Some(text))?;
    Ok(Some(text.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn metrics(interval: &str, agent: &str, instrumentation: &str) -> RuntimeMetricsConfiguration {
        RuntimeMetricsConfiguration {
            mode: Some("native".to_owned()),
            interval: Some(interval.to_owned()),
            mx_agent_config: Some(agent.to_owned()),
            mx_agent_instrumentation_config: Some(instrumentation.to_owned()),
        }
    }

    #[rstest]
    #[case::minute("PT1M", Ok(Some(60)))]
    #[case::seconds("PT30S", Ok(Some(30)))]
    #[case::empty("", Ok(None))]
    #[case::bare_number("60", Err(()))]
    #[case::words("1 minute", Err(()))]
    #[case::nothing("PT0S", Err(()))]
    #[case::negative("-PT1M", Err(()))]
    fn an_interval_is_a_duration(#[case] text: &str, #[case] expected: Result<Option<u64>, ()>) {
        assert_eq!(interval(Some(&metrics(text, "", ""))).map_err(drop), expected);
    }

    #[test]
    fn the_instrumentation_counts_only_beside_the_configuration() {
        let (agent, files) = super::agent(Some(&metrics("", "", "{}"))).expect("valid");
        assert_eq!((agent, files.len()), (None, 0));
        let (agent, files) = super::agent(Some(&metrics("", r#"{"a":1}"#, "{}"))).expect("valid");
        let agent = agent.expect("there");
        assert_eq!(files[&agent.configuration], br#"{"a":1}"#);
        assert_eq!(files[&agent.instrumentation.expect("there")], b"{}");
    }

    #[test]
    fn documents_that_are_no_json_are_named() {
        let problems = super::agent(Some(&metrics("", "{", "x"))).expect_err("invalid");
        let fields: Vec<_> = problems.iter().map(|it| it.field.as_str()).collect();
        let expected = [
            "runtimeMetricsConfiguration.mxAgentConfig",
            "runtimeMetricsConfiguration.mxAgentInstrumentationConfig",
        ];
        assert_eq!(fields, expected);
    }

    #[rstest]
    #[case::absent(None, Ok(Mode::Off))]
    #[case::empty(Some(""), Ok(Mode::Off))]
    #[case::native(Some("native"), Ok(Mode::Native))]
    #[case::compatibility(Some("compatibility"), Ok(Mode::Compatibility))]
    #[case::other(Some("prometheus"), Err(()))]
    fn there_are_two_modes(#[case] text: Option<&str>, #[case] expected: Result<Mode, ()>) {
        let metrics = RuntimeMetricsConfiguration {
            mode: text.map(ToOwned::to_owned),
            ..RuntimeMetricsConfiguration::default()
        };
        assert_eq!(mode(Some(&metrics)).map_err(drop), expected);
    }

    #[test]
    fn each_attribute_of_an_app_wins_by_itself() {
        let namespace = metrics("PT1M", "{}", "");
        let app = RuntimeMetricsConfiguration {
            mode: Some(String::new()),
            interval: Some("PT30S".to_owned()),
            ..RuntimeMetricsConfiguration::default()
        };
        let both = merged_metrics(Some(&app), Some(&namespace));
        assert_eq!(
            (both.mode.as_deref(), both.interval.as_deref()),
            (Some("native"), Some("PT30S"))
        );
        assert_eq!(
            (
                both.mx_agent_config.as_deref(),
                both.mx_agent_instrumentation_config
            ),
            (Some("{}"), None)
        );
        assert_eq!(merged_metrics(None, None), RuntimeMetricsConfiguration::default());
    }

    #[test]
    fn attributes_of_the_native_mode_are_ignored_in_the_other() {
        let other = RuntimeMetricsConfiguration {
            mode: Some("compatibility".to_owned()),
            ..metrics("soon", "{", "x")
        };
        assert_eq!(interval(Some(&other)), Ok(None));
        assert_eq!(super::agent(Some(&other)), Ok((None, Files::new())));
    }

    #[test]
    fn without_native_metrics_there_is_no_agent() {
        let off = RuntimeMetricsConfiguration {
            mode: None,
            ..metrics("", "{", "")
        };
        assert_eq!(super::agent(Some(&off)), Ok((None, Files::new())));
    }
}
