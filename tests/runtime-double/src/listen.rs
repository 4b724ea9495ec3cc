//! Opens ports on the addresses that a listen setting names.

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

/// Opens `port` on every address of a list separated by commas; `*` is every address of the host.
///
/// # Errors
/// An address that is none, or a port that cannot be opened; `AddrInUse` when another process has it.
pub async fn bind(addresses: &str, port: u16) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for address in addresses
        .split(',')
        .map(str::trim)
        .filter(|address| !address.is_empty())
    {
        listeners.push(bind_one(address, port).await?);
    }
    Ok(listeners)
}

async fn bind_one(address: &str, port: u16) -> Result<TcpListener> {
    if address != "*" {
        let address: IpAddr = address.parse().map_err(|_| {
            Error::new(
                ErrorKind::InvalidInput,
                format!("{address:?} is not an address to listen on"),
            )
        })?;
        return TcpListener::bind(SocketAddr::from((address, port))).await;
    }
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        // A host without IPv6; with it, the same socket takes IPv4 as well.
        Err(error) if error.kind() != ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await
        }
        other => other,
    }
}

/// The addresses that were opened, for the log.
pub fn describe(listeners: &[TcpListener]) -> String {
    let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok());
    addresses
        .map(|address| address.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
