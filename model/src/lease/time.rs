use std::time::Duration;

/// A moment of one machine's own clock, as the time since some fixed moment. The clock runs on while the machine is
/// suspended, and nobody sets it (`CLOCK_BOOTTIME`). Moments of two machines cannot be compared.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Moment(pub Duration);

impl Moment {
    /// How long ago `earlier` was; nothing when it is yet to come.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment so much later.
    #[must_use]
    pub const fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }
}

/// How long things may take. All processes of a database must go by the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// A holder whose last answered renewal was sent so long ago kills its child.
    pub limit: Duration,
    /// From then on the child is gone after so long.
    pub kill: Duration,
    /// A holder renews so often.
    pub interval: Duration,
}

/// The terms of this release.
pub const TERMS: Terms = Terms {
    limit: Duration::from_secs(15),
    kill: Duration::from_secs(5),
    interval: Duration::from_secs(2),
};

impl Terms {
    /// A mark that has stood still for so long is that of a process which has ended.
    pub const fn still(&self) -> Duration {
        self.limit.saturating_add(self.kill)
    }

    /// The longest time that two processes may run which must not, when a failover of the database lost the newest
    /// rows: no row that was lost is younger than the failover, and its holder ends so long after its last renewal.
    pub const fn bound(&self) -> Duration {
        self.still()
    }
}
