//! Letting other tasks run first.

use std::future::poll_fn;
use std::task::Poll;

/// Puts the task behind all others that are ready, where any thread of the runtime finds it, and wakes
/// one that sleeps.
///
/// `tokio::task::yield_now` keeps a task where only its own thread finds it again, which may be about to
/// be busy with a handler for long.
pub(crate) async fn reschedule() {
    let mut awake = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut awake, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
