//! Letting other tasks run, first or meanwhile.

use std::future::poll_fn;
use std::task::Poll;

/// Reads and writes of a connection in a row after which everything else gets a turn: its deadlines, and
/// at a server all other tasks.
pub(crate) const TURNS_IN_A_ROW: u32 = 32;

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

/// Has another thread of the runtime look after sockets and timers while this task keeps its own busy.
///
/// A thread that is about to sleep leaves the sockets to one that watches them at that moment, and that may be
/// this one, on its way to this task. Whoever is woken from here finds that nobody watches them.
pub(crate) fn wake_another_thread() {
    // A task that is spawned waits where only this thread finds it, and wakes nobody; the next takes its place there.
    for _ in 0..2 {
        tokio::spawn(async {});
    }
}

/// To be awaited before what may keep a thread busy for long. Whatever is polled once in its connection's task is pending
/// here, so that it goes on in a task of its own; and there another thread is woken.
pub(crate) async fn step_aside() {
    reschedule().await;
    wake_another_thread();
}
