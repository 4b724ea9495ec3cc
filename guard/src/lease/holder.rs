//! Renews, and kills when it has to.

use super::clock;
use super::connection::Connections;
use super::lookout::Lookout;
use super::part::Part;
use super::shared::{Shared, Stage};
use mendix_model::lease::Duty;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The clock is looked at so often: timers stand still while the machine is suspended.
const LOOK: Duration = Duration::from_millis(200);
/// Saying that the process has ended may take so long.
const FAREWELL: Duration = Duration::from_secs(3);

/// The process whose row it is.
pub(super) struct Holder<'a> {
    instance: &'a str,
    shared: &'a Shared,
}

impl<'a> Holder<'a> {
    pub(super) fn new(part: &'a Part, shared: &'a Shared) -> Self {
        Self {
            instance: &part.process.instance,
            shared,
        }
    }

    /// Holds until the guard says that the child has ended. A lease that was lost stays so.
    pub(super) async fn hold(&self, connections: &mut Connections<'_>) {
        tokio::select! {
            () = self.shared.child_ended() => {}
            () = self.renew_for_ever(connections) => {}
        }
    }

    async fn renew_for_ever(&self, connections: &mut Connections<'_>) {
        let mut lookout = Lookout::default();
        loop {
            match self.shared.duty() {
                Duty::Renew => tokio::select! {
                    // Whatever a renewal waits for, the clock goes on being looked at.
                    () = self.look_at_clock() => {}
                    () = self.renew(connections, &mut lookout) => {}
                },
                Duty::Rest(until) => sleep(LOOK.min(until.since(clock::now()))).await,
                Duty::Kill(_) => sleep(LOOK).await,
            }
        }
    }

    /// Ends when the lease is lost.
    async fn look_at_clock(&self) {
        while !matches!(self.shared.duty(), Duty::Kill(_)) {
            sleep(LOOK).await;
        }
    }

    async fn renew(&self, connections: &mut Connections<'_>, lookout: &mut Lookout) {
        let sent = clock::now();
        self.shared.update(|lease| lease.tried(sent));
        match connections
            .ask(async |server| server.renew(self.instance).await)
            .await
        {
            Ok(renewed) => {
                self.shared.update(|lease| lease.answered(sent, renewed));
                lookout.look(connections, self.shared).await;
            }
            Err(failure) => tracing::warn!("failed to renew the lease on the database: {failure}"),
        }
    }

    /// Says that the process has ended. Whom that does not reach waits.
    pub(super) async fn end(&self, connections: &mut Connections<'_>) {
        let told = timeout(FAREWELL, async {
            while let Err(failure) = connections
                .ask(async |server| server.end(self.instance).await)
                .await
            {
                tracing::warn!("failed to give the lease on the database back: {failure}");
                sleep(LOOK).await;
            }
        });
        if told.await.is_err() {
            tracing::warn!(
                "the lease on the database was not given back: the next process waits for it to run out"
            );
        }
        self.shared.tell(Stage::Ended);
    }
}
