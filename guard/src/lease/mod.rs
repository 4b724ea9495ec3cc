//! Level L3: the process holds a row in the database itself, or its child does not run (docs/lease.md).
//!
//! What may and must be done is decided in [`mendix_model::lease`]; here it is performed. Everything is on a thread of
//! its own: nothing that the guard does besides can keep a renewal, or a kill, back.

mod clock;
mod connection;
mod failure;
mod holder;
mod login;
mod part;
mod shared;
mod statements;
mod taker;
mod tls;

pub(crate) use connection::random;
pub(crate) use part::{Absence, Part, part};
pub(crate) use shared::{Handle, Stage};

use std::sync::Arc;

/// Begins to take the lease; [`Handle::decided`] tells how far that is.
pub(crate) fn begin(part: Part) -> std::io::Result<Handle> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let handle = Handle::new();
    let shared = Arc::clone(&handle.shared);
    std::thread::Builder::new()
        .name("lease".to_owned())
        .spawn(move || runtime.block_on(live(part, &shared)))?;
    Ok(handle)
}

async fn live(part: Part, shared: &shared::Shared) {
    let Some(mut connections) = taker::take(&part, shared).await else {
        return;
    };
    let holder = holder::Holder::new(&part, shared);
    holder.hold(&mut connections).await;
    holder.end(&mut connections).await;
}
