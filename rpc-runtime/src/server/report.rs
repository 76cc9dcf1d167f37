//! What a shutdown came to.

use std::fmt;
use std::ops::AddAssign;
use std::sync::atomic::Ordering;

use crate::connection::shutdown::Tally;

/// What became of the calls of a server from the signal to shut down to its end.
///
/// Each call is counted once. Those that their clients cancelled, or left behind, are not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Calls that were answered, with a reply or an error.
    pub finished: u64,
    /// Calls that came too late, or over a limit. They were not executed.
    pub refused: u64,
    /// Calls that took longer than `shutdown_grace` and were cancelled.
    pub cut: u64,
}

impl ShutdownReport {
    pub(super) fn of(tally: &Tally) -> Self {
        ShutdownReport {
            finished: tally.finished.load(Ordering::Relaxed),
            refused: tally.refused.load(Ordering::Relaxed),
            cut: tally.cut.load(Ordering::Relaxed),
        }
    }
}

/// Adds what became of the calls of another server.
impl AddAssign for ShutdownReport {
    fn add_assign(&mut self, other: Self) {
        self.finished += other.finished;
        self.refused += other.refused;
        self.cut += other.cut;
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ShutdownReport {
            finished,
            refused,
            cut,
        } = self;
        write!(
            f,
            "{finished} calls finished, {refused} were refused, {cut} were cut"
        )
    }
}
