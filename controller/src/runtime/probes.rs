//! Probes of runtime pods: the documented defaults, under what the `OperatorConfiguration` sets. Pure.

use k8s_openapi::api::core::v1::{HTTPGetAction, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use mendix_model::crd::OperatorConfigurationSpec;
use mendix_model::names;

/// Mendix documentation, "Advanced resource customization": delay 60, period 15, timeout 3, threshold 3.
pub(crate) fn liveness(configuration: &OperatorConfigurationSpec) -> Probe {
    let default = probe("/m2ee-sidecar/v1/livez", [60, 15, 3, 3]);
    over(configuration.runtime_liveness_probe.as_ref(), default)
}

/// Mendix documentation, "Advanced resource customization": delay 5, period 1, timeout 1, threshold 3.
pub(crate) fn readiness(configuration: &OperatorConfigurationSpec) -> Probe {
    let default = probe("/m2ee-sidecar/v1/readyz", [5, 1, 1, 3]);
    over(configuration.runtime_readiness_probe.as_ref(), default)
}

fn probe(path: &str, [delay, period, timeout, threshold]: [i32; 4]) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::Int(names::PROBE_PORT),
            ..HTTPGetAction::default()
        }),
        initial_delay_seconds: Some(delay),
        period_seconds: Some(period),
        timeout_seconds: Some(timeout),
        failure_threshold: Some(threshold),
        ..Probe::default()
    }
}

/// The numbers of a partial probe. What it asks stays ours: only the guard knows how the runtime is.
fn over(partial: Option<&Probe>, default: Probe) -> Probe {
    let Some(partial) = partial else {
        return default;
    };
    Probe {
        initial_delay_seconds: partial.initial_delay_seconds.or(default.initial_delay_seconds),
        period_seconds: partial.period_seconds.or(default.period_seconds),
        timeout_seconds: partial.timeout_seconds.or(default.timeout_seconds),
        failure_threshold: partial.failure_threshold.or(default.failure_threshold),
        success_threshold: partial.success_threshold.or(default.success_threshold),
        ..default
    }
}
