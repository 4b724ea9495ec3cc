//! Looks who else is on the database. Level L3 cannot end them; it can tell.

use super::clock;
use super::connection::{Connection, Connections, within};
use super::failure::Failure;
use super::shared::Shared;
use super::statements::{HEARTBEATS, SESSIONS};
use mendix_model::lease::{Moment, Sighting, Strangers};
use std::time::Duration;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(10);
/// After a look that failed: each costs the next renewal its connection, and some servers never tell.
const AFTER_FAILURE: Duration = Duration::from_mins(5);

/// Looks from time to time, over the connection that renews.
#[derive(Default)]
pub(super) struct Lookout {
    strangers: Strangers,
    next: Moment,
}

impl Lookout {
    /// Looks when it is time to, and tells what it has seen.
    pub(super) async fn look(&mut self, connections: &mut Connections<'_>, shared: &Shared) {
        let now = clock::now();
        if now < self.next {
            return;
        }
        self.next = now.after(INTERVAL);
        match connections.ask(sighting).await {
            Ok(sighting) => shared.tell_foreign(self.strangers.see(&sighting, clock::now())),
            Err(failure) => {
                self.next = now.after(AFTER_FAILURE);
                tracing::warn!("failed to look who else is on the database: {failure}");
            }
        }
    }
}

async fn sighting(connection: &Connection) -> Result<Sighting, Failure> {
    let mut sighting = Sighting::default();
    let Connection { client, server, .. } = connection;
    let sessions = within(server, client.query_typed(SESSIONS, &[])).await?;
    let mut has_heartbeats = false;
    for session in &sessions {
        has_heartbeats = session.get(0);
        let Some(address) = session.get::<_, Option<String>>(1) else {
            continue;
        };
        let is_ours = session.get::<_, Option<bool>>(2) == Some(true);
        let seen = if is_ours {
            &mut sighting.ours
        } else {
            &mut sighting.active
        };
        seen.insert(address);
    }
    if !has_heartbeats {
        return Ok(sighting);
    }
    for row in within(server, client.query_typed(HEARTBEATS, &[])).await? {
        if let (Some(runtime), Some(at)) = (row.get::<_, Option<String>>(0), row.get::<_, Option<String>>(1))
        {
            sighting.heartbeats.insert(runtime, at);
        }
        sighting.instances.extend(row.get::<_, Option<String>>(2));
    }
    Ok(sighting)
}
