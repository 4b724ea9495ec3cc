//! Defaults that the Mendix documentation gives ("Advanced resource customization"), as one table.

use crate::crd::Quantity;
use crate::crd::common::Resources;
use crate::crd::quantity::Quantities;

/// Seconds a runtime may take to stop.
pub const TERMINATION_GRACE_PERIOD_SECONDS: i64 = 300;
/// Seconds an app goes on serving after it was asked to stop: load balancers and nodes learn of it by then.
pub const TERMINATION_DELAY_SECONDS: i64 = 3;
/// Seconds until a Deployment without progress is reported; above the time a schema synchronisation may take.
pub const PROGRESS_DEADLINE_SECONDS: i32 = 3600;
/// Mode of an app that names none: production, which refuses an app without security instead of opening it.
pub const DTAP_MODE: &str = "P";
/// Ports of an app's Service.
pub const SERVICE_PORTS: [i32; 1] = [8080];
/// Name of an image below the registry's address.
pub const IMAGE_NAME_TEMPLATE: &str = "{{.Name}}:{{.Generation}}";

/// Resources of container `mendix`.
pub fn runtime_resources() -> Resources {
    resources(["1000m", "512Mi", "256Mi"], ["100m", "512Mi", "256Mi"])
}

/// Resources of build pods.
pub fn build_resources() -> Resources {
    resources(["1", "256Mi", "2Gi"], ["250m", "64Mi", "2Gi"])
}

/// Resources of provisioner pods.
pub fn provisioner_resources() -> Resources {
    resources(["250m", "64Mi", "16Mi"], ["10m", "16Mi", "16Mi"])
}

/// Resources of the init container that hands the guard over.
pub fn guard_install_resources() -> Resources {
    resources(["250m", "64Mi", "64Mi"], ["10m", "16Mi", "64Mi"])
}

/// What is wanted, each resource from the first that names it.
pub fn merged(first: Option<&Resources>, second: &Resources) -> Resources {
    let merge = |first: Option<&Quantities>, second: Option<&Quantities>| {
        let mut all = second.cloned().unwrap_or_default();
        all.extend(first.cloned().unwrap_or_default());
        Some(all)
    };
    Resources {
        limits: merge(first.and_then(|it| it.limits.as_ref()), second.limits.as_ref()),
        requests: merge(
            first.and_then(|it| it.requests.as_ref()),
            second.requests.as_ref(),
        ),
    }
}

fn resources(limits: [&str; 3], requests: [&str; 3]) -> Resources {
    Resources {
        limits: Some(quantities(limits)),
        requests: Some(quantities(requests)),
    }
}

fn quantities([cpu, memory, storage]: [&str; 3]) -> Quantities {
    [("cpu", cpu), ("memory", memory), ("ephemeral-storage", storage)]
        .map(|(name, quantity)| (name.to_owned(), Quantity::from(quantity)))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_names_wins_and_the_rest_stays() {
        let app = Resources {
            limits: Some([("cpu".to_owned(), "2".into())].into()),
            requests: None,
        };
        let merged = merged(Some(&app), &runtime_resources());
        let limits = merged.limits.expect("limits");
        assert_eq!(
            (limits["cpu"].0.as_str(), limits["memory"].0.as_str()),
            ("2", "512Mi")
        );
    }
}
