//! The address of an app. Pure.

use super::service::ports;
use k8s_openapi::api::core::v1::Service;
use mendix_model::crd::operator_configuration::EndpointConfiguration;
use std::net::Ipv6Addr;

/// Scheme and host.
pub(crate) fn of_host(host: &str, tls: bool) -> String {
    format!("{}://{host}", if tls { "https" } else { "http" })
}

/// The host of an app that names none.
pub(crate) fn generated_host(app: &str, domain: &str) -> String {
    format!("{app}.{domain}")
}

/// What a load balancer made up, once it has.
pub(crate) fn of_load_balancer(
    service: Option<&Service>,
    configuration: &EndpointConfiguration,
    tls: bool,
) -> Option<String> {
    let status = service?.status.as_ref()?.load_balancer.as_ref()?;
    let first = status.ingress.as_ref()?.first()?;
    let host = first
        .hostname
        .clone()
        .or_else(|| first.ip.as_deref().map(literal))?;
    Some(with_port(&host, configuration, tls))
}

/// The address inside of the cluster, where nothing else leads to the Service.
pub(crate) fn in_cluster(app: &str, namespace: &str, configuration: &EndpointConfiguration) -> String {
    with_port(
        &format!("{app}.{namespace}.svc.cluster.local"),
        configuration,
        false,
    )
}

fn with_port(host: &str, configuration: &EndpointConfiguration, tls: bool) -> String {
    let usual = if tls { 443 } else { 80 };
    let ports = ports(configuration);
    let url = of_host(host, tls);
    match ports.first() {
        Some(port) if !ports.contains(&usual) => format!("{url}:{port}"),
        _ => url,
    }
}

/// IPv6 addresses stand in brackets in a URL.
fn literal(ip: &str) -> String {
    if ip.parse::<Ipv6Addr>().is_ok() {
        format!("[{ip}]")
    } else {
        ip.to_owned()
    }
}
