//! Tests fail rather than hang.

use std::future::Future;
use std::panic::Location;
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
