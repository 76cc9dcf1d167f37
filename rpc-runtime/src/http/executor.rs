//! Where the requests of an HTTP/2 connection are answered.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::rt::Executor;
use pin_project_lite::pin_project;

use crate::connection::reschedule::TURNS_IN_A_ROW;

/// Requests that are answered before their replies are written: so many share a system call, and their client is not idle
/// until all that it sent were answered.
const TOGETHER: usize = 8;

/// The requests that a connection has read. Each is polled once where its connection is served, and moves to a task of its own
/// if it has to wait: a handler that is ready at once costs no task.
#[derive(Clone, Default)]
pub(super) struct InlineFirst {
    read: Arc<Mutex<VecDeque<Answering>>>,
}

/// A request that is answered by its future.
type Answering = Pin<Box<dyn Future<Output = ()> + Send>>;

impl InlineFirst {
    /// Answers the next requests; true if none are left.
    fn answer(&self, cx: &mut Context<'_>) -> bool {
        for _ in 0..TOGETHER {
            let next = self.lock().pop_front();
            let Some(mut request) = next else {
                break;
            };
            if request.as_mut().poll(cx).is_pending() {
                tokio::spawn(request);
            }
        }
        self.is_empty()
    }

    fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Answering>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Executor<F> for InlineFirst
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, request: F) {
        self.lock().push_back(Box::pin(request));
    }
}

pin_project! {
    /// A connection that gives its requests to [`InlineFirst`]. They are answered when it has read all there are, because it writes
    /// whenever it looks for another: so one write carries several replies.
    pub(super) struct Answered<C> {
        #[pin]
        pub(super) connection: C,
        pub(super) requests: InlineFirst,
    }
}

impl<C: Future> Future for Answered<C> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        let mut this = self.project();
        // A reply wakes whoever polled its connection last: that is nobody, because the connection is polled again anyway.
        let mut nobody = Context::from_waker(Waker::noop());
        for _ in 0..TURNS_IN_A_ROW {
            let polled = this.connection.as_mut().poll(&mut nobody);
            if polled.is_ready() {
                return polled;
            }
            if this.requests.answer(&mut nobody) {
                let polled = this.connection.as_mut().poll(cx);
                if polled.is_ready() || this.requests.is_empty() {
                    return polled;
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn requests_that_came_together_are_answered_some_at_a_time_and_the_connection_writes_in_between()
     {
        let requests = InlineFirst::default();
        let (executor, answered) = (requests.clone(), Arc::new(AtomicUsize::new(0)));
        let mut seen = Vec::new();
        let connection = poll_fn(|_| {
            let first = seen.is_empty();
            for _ in 0..if first { TOGETHER + 1 } else { 0 } {
                let answered = Arc::clone(&answered);
                executor.execute(async move {
                    answered.fetch_add(1, Ordering::Relaxed);
                });
            }
            seen.push(answered.load(Ordering::Relaxed));
            Poll::<()>::Pending
        });
        let mut served = Box::pin(Answered {
            connection,
            requests,
        });
        let mut cx = Context::from_waker(Waker::noop());
        assert!(served.as_mut().poll(&mut cx).is_pending());
        drop(served);
        assert_eq!(seen, [0, TOGETHER, TOGETHER + 1]);
    }
}
