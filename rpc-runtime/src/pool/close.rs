//! The end of a pool.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rpc_wire::{Stage, Status};

use super::{Connection, Pool, not_run};

/// What became of the calls that ran when a pool was closed with a time limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseReport {
    /// Calls that ended within the limit, however they did.
    pub finished: usize,
    /// Calls that still ran at the limit and were ended.
    pub cut: usize,
}

impl fmt::Display for CloseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CloseReport { finished, cut } = self;
        write!(f, "{finished} calls finished, {cut} were cut")
    }
}

impl<C: Connection> Pool<C> {
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed.is_some()
    }

    /// Whether it is closed, and its last connection and call have ended.
    pub(crate) fn is_over(&self) -> bool {
        self.is_closed() && self.remaining().is_empty() && self.held.have_ended()
    }

    /// Takes no more calls, and ends those that wait or run with `reason`.
    pub(crate) fn close(&self, reason: Status) {
        self.shut(&reason);
        for connection in self.remaining() {
            connection.cut(reason.clone());
        }
        self.held.cut(&reason);
    }

    /// Takes no more calls, and waits until those that run have ended; those that take longer than `limit`
    /// are ended then.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped the pool stays closed, and the calls that run go on.
    pub(crate) async fn close_within(self: Arc<Self>, limit: Duration) -> CloseReport {
        self.watch_runtime();
        self.shut(&closed());
        let running = self.calls();
        for connection in self.remaining() {
            connection.leave("the client closed its channel");
        }
        let all_ended = async {
            loop {
                let ended = self.ended.notified();
                if self.remaining().is_empty() {
                    break;
                }
                ended.await;
            }
            self.held.all_ended().await;
        };
        let mut in_time = pin!({
            let _runtime = self.runtime.enter();
            tokio::time::timeout(limit, all_ended)
        });
        // The last connection to end with the runtime wakes whoever waits here.
        let in_time = poll_fn(|cx| {
            let polled = self.poll_in_runtime(|| in_time.as_mut().poll(cx));
            match self.has_lost_runtime() {
                true => Poll::Ready(false),
                false => polled.map(|ended| ended.is_ok()),
            }
        });
        if in_time.await {
            return CloseReport {
                finished: running,
                cut: 0,
            };
        }
        let cut = self.calls();
        self.close(
            Status::cancelled(format!(
                "the channel was closed, and the call took longer than the {limit:?} which close_within gave it"
            )),
        );
        CloseReport {
            finished: running.saturating_sub(cut),
            cut,
        }
    }

    /// Takes no more calls; those that wait end.
    fn shut(&self, reason: &Status) {
        let mut state = self.lock();
        state
            .closed
            .get_or_insert_with(|| not_run(reason.clone(), Stage::Queue));
        let waiting = state.queue.take();
        let open = std::mem::take(&mut state.open);
        state.leaving.extend(open);
        self.publish(&mut state);
        drop(state);
        for waiter in waiting {
            // It may have gone.
            let _ = waiter.send(Err(not_run(reason.clone(), Stage::Queue)));
        }
        if let Some(tell) = self.on_close.get() {
            tell(self);
        }
    }

    fn remaining(&self) -> Vec<Arc<C>> {
        let state = self.lock();
        let entries = state.open.iter().chain(&state.leaving);
        entries.map(|entry| Arc::clone(&entry.connection)).collect()
    }

    fn calls(&self) -> usize {
        let connections = self.remaining();
        let calls = connections.iter().map(|connection| connection.load().calls);
        calls.sum::<usize>() + self.held.count()
    }
}

/// What ends the calls of a pool that is closed.
pub(crate) fn closed() -> Status {
    Status::cancelled("the channel was closed; connect again to make more calls")
}
