//! Types and ports of a Service.

use std::collections::BTreeSet;

/// Types of Services that lead to pods.
const SERVICE_TYPES: [&str; 3] = ["ClusterIP", "LoadBalancer", "NodePort"];
const PORTS: std::ops::RangeInclusive<i32> = 1..=65535;

/// A type of Services.
///
/// # Errors
/// When there is none of this name that leads to pods.
pub fn service_type(text: &str) -> Result<(), String> {
    if SERVICE_TYPES.contains(&text) {
        return Ok(());
    }
    Err(format!(
        "an app has no Service of type {text:?}: take ClusterIP or LoadBalancer"
    ))
}

/// The ports of one Service.
///
/// # Errors
/// The first one that is none, or that is there twice.
pub fn ports(all: &[i32]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for port in all {
        if !PORTS.contains(port) {
            return Err(format!("{port} is no port: take a number from 1 to 65535"));
        }
        if !seen.insert(port) {
            return Err(format!("port {port} is there twice: take one of them out"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ports, service_type};
    use rstest::rstest;

    #[rstest]
    #[case::usual(&[80, 443], None)]
    #[case::none(&[], None)]
    #[case::zero(&[0], Some("0 is no port"))]
    #[case::too_high(&[80, 70000], Some("70000 is no port"))]
    #[case::negative(&[-1], Some("-1 is no port"))]
    #[case::twice(&[80, 443, 80], Some("port 80 is there twice"))]
    fn a_port_is_a_number_that_is_there_once(#[case] all: &[i32], #[case] said: Option<&str>) {
        let problem = ports(all).err();
        assert_eq!(problem.is_some(), said.is_some(), "{problem:?}");
        assert!(problem.unwrap_or_default().contains(said.unwrap_or_default()));
    }

    #[rstest]
    #[case::inside("ClusterIP", true)]
    #[case::balanced("LoadBalancer", true)]
    #[case::other_case("loadbalancer", false)]
    #[case::without_pods("ExternalName", false)]
    fn a_service_leads_to_pods(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(service_type(text).is_ok(), expected);
    }
}
