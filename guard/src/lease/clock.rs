use mendix_model::lease::Moment;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Now, by a clock that runs on while the machine is suspended; the usual monotonic one stands still then.
pub(super) fn now() -> Moment {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Moment(Duration::new(seconds, nanoseconds))
}
