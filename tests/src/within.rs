//! Tests fail rather than hang.

use std::future::Future;
use std::panic::{Location, resume_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Longer than anything that works takes, on the slowest machine.
pub const LIMIT: Duration = Duration::from_secs(30);

/// What `future` gives, if it does within `limit`.
///
/// # Panics
///
/// If it takes longer; the message says which call of `within` it was.
#[track_caller]
pub fn within<F: Future>(limit: Duration, future: F) -> impl Future<Output = F::Output> {
    let caller = Location::caller();
    async move {
        let timed = tokio::time::timeout(limit, future).await;
        timed.unwrap_or_else(|_| panic!("nothing came of it within {limit:?}: {caller}"))
    }
}

/// What `test`, which may block, gives on a thread of its own, if it does within `limit`.
///
/// # Panics
///
/// As `test` does, or if it takes longer; the thread is then left to itself.
pub fn within_blocking<R: Send + 'static>(
    limit: Duration,
    test: impl FnOnce() -> R + Send + 'static,
) -> R {
    let (ended, end) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        // Dropped when the test ends, however it ends.
        let _ended = ended;
        test()
    });
    if end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
        panic!("it still blocks after {limit:?}");
    }
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}
