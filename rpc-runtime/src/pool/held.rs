//! Calls of a pool that interceptors hold, of which no connection may know.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use rpc_wire::Status;
use tokio::sync::watch;

use super::{Connection, Pool};

/// The calls that interceptors hold.
#[derive(Default)]
pub(super) struct HeldCalls {
    /// Why they end now. Each of them has a receiver.
    cut: watch::Sender<Option<Status>>,
    /// Those that the pool has too: they wait for a place, or a connection counts them.
    lent: AtomicUsize,
}

impl HeldCalls {
    /// Ends them now; the first reason counts.
    pub(super) fn cut(&self, reason: &Status) {
        self.cut.send_if_modified(|cut| {
            let is_first = cut.is_none();
            cut.get_or_insert_with(|| reason.clone());
            is_first
        });
    }

    /// How many there are that no connection counts.
    pub(super) fn count(&self) -> usize {
        let lent = self.lent.load(Ordering::Relaxed);
        self.cut.receiver_count().saturating_sub(lent)
    }

    /// Whether there is none.
    pub(super) fn have_ended(&self) -> bool {
        self.cut.receiver_count() == 0
    }

    /// Waits until there is none.
    pub(super) async fn all_ended(&self) {
        self.cut.closed().await;
    }
}

/// A call that interceptors hold. Dropping it says that they do not any more.
pub(crate) struct HeldCall {
    cut: Pin<Box<dyn Future<Output = Status> + Send>>,
}

impl HeldCall {
    /// Waits until the pool ends the call; gives the reason, once.
    pub(crate) fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        self.cut.as_mut().poll(cx)
    }
}

impl<C: Connection> Pool<C> {
    /// Has the pool know of a call that interceptors hold from now on.
    ///
    /// # Errors
    ///
    /// The pool is closed.
    pub(crate) fn hold(self: &Arc<Self>) -> Result<HeldCall, Status> {
        self.watch_runtime();
        // Before it is asked: whoever closes the pool in between waits for the call.
        let mut cut = self.held.cut.subscribe();
        if let Some(status) = &self.lock().closed {
            return Err(status.clone());
        }
        let cut = Box::pin(async move {
            let reason = cut.wait_for(Option::is_some).await;
            match reason.ok().and_then(|reason| reason.clone()) {
                Some(reason) => reason,
                None => pending().await,
            }
        });
        Ok(HeldCall { cut })
    }

    /// Interceptors have handed a call on to the pool, until [`take_back`](Self::take_back).
    pub(crate) fn lend(&self) {
        self.held.lent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn take_back(&self) {
        self.held.lent.fetch_sub(1, Ordering::Relaxed);
    }
}
