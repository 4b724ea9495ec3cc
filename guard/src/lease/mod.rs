//! Level L3: the process holds a row in the database itself, or its child does not run (docs/lease.md).
//!
//! What may and must be done is decided in [`mendix_model::lease`]; here it is performed. Everything is on a thread of
//! its own: nothing that the guard does besides can keep a renewal, or a kill, back.

mod authorities;
mod clock;
mod connection;
mod failure;
mod holder;
mod login;
mod lookout;
mod part;
mod shared;
mod statements;
mod taker;

pub(crate) use connection::random;
pub(crate) use part::{Absence, Given, Part, part};
pub(crate) use shared::{Handle, Stage};

use authorities::AuthorityError;
use mendix_postgres_tls::{Connector, SetUpError};
use std::sync::Arc;

/// Why nothing could be begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Tls(#[from] SetUpError),
    #[error("failed to start the thread of the lease: {0}; give the container more memory, or processes")]
    Thread(#[from] std::io::Error),
}

/// Begins to take the lease; [`Handle::decided`] tells how far that is.
pub(crate) fn begin(part: Part) -> Result<Handle, BeginError> {
    let connector = Connector::new(part.tls, authorities::read(&part.authorities)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let handle = Handle::new();
    let shared = Arc::clone(&handle.shared);
    std::thread::Builder::new()
        .name("lease".to_owned())
        .spawn(move || runtime.block_on(live(part, &connector, &shared)))?;
    Ok(handle)
}

async fn live(part: Part, connector: &Connector, shared: &shared::Shared) {
    let Some(mut connections) = taker::take(&part, connector, shared).await else {
        return;
    };
    let holder = holder::Holder::new(&part, shared);
    holder.hold(&mut connections).await;
    holder.end(&mut connections).await;
}
