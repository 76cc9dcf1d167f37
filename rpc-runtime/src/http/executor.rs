//! Where the requests of an HTTP/2 connection are answered.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use hyper::rt::Executor;
use pin_project_lite::pin_project;

use crate::connection::reschedule::TURNS_IN_A_ROW;

/// Requests that are answered before their replies are written: so many share a system call, and their client is not idle
/// until all that it sent were answered.
const TOGETHER: usize = 8;

thread_local! {
    /// The request that is polled waits for more of itself.
    static IS_ARRIVING: Cell<bool> = const { Cell::new(false) };
}

/// Says of the request that is polled that it waits for more of itself, which its connection has to read.
pub(super) fn wait_for_more() {
    IS_ARRIVING.set(true);
}

/// Takes the requests that a connection has read. Each is polled where its connection is served until all of it has arrived, and
/// moves to a task of its own if it has to wait for anything else: a handler that is ready at once costs no task.
///
/// Every request has one of these, so it must not keep the requests alive.
#[derive(Clone)]
pub(super) struct InlineFirst {
    read: Weak<Unanswered>,
}

/// The requests that were read and not polled.
#[derive(Default)]
struct Unanswered {
    requests: Mutex<VecDeque<Answering>>,
}

/// A request that is answered by its future.
type Answering = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A request that is polled where its connection is served: ready when it was answered, or has moved to a task.
struct Inline(Option<Answering>);

impl Future for Inline {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(request) = &mut self.0 else {
            return Poll::Ready(());
        };
        IS_ARRIVING.set(false);
        if request.as_mut().poll(cx).is_pending() {
            if IS_ARRIVING.get() {
                return Poll::Pending;
            }
            self.0.take().map(tokio::spawn);
        }
        Poll::Ready(())
    }
}

impl Unanswered {
    fn pop(&self) -> Option<Answering> {
        self.lock().pop_front()
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Answering>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Executor<F> for InlineFirst
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, request: F) {
        // Nobody answers the requests of a connection that has ended.
        if let Some(read) = self.read.upgrade() {
            read.lock().push_back(Box::pin(request));
        }
    }
}

pin_project! {
    /// A connection that gives its requests to [`InlineFirst`]. They are answered when it has read all there are, because it writes
    /// whenever it looks for another: so one write carries several replies.
    pub(super) struct Answered<C> {
        #[pin]
        pub(super) connection: C,
        requests: Requests,
    }
}

/// The requests of a connection that are not answered, and not in tasks.
struct Requests {
    read: Arc<Unanswered>,
    /// Those that were polled, and wait for more of themselves.
    arriving: FuturesUnordered<Inline>,
    max_waiting: usize,
}

impl Requests {
    /// Answers the next requests, and all that are more than may wait; true if none are left that can be answered.
    fn answer(&mut self, cx: &mut Context<'_>) -> bool {
        for _ in 0..self.at_once(self.read.len()) {
            let Some(request) = self.read.pop() else {
                break;
            };
            let mut request = Inline(Some(request));
            if Pin::new(&mut request).poll(cx).is_pending() {
                self.arriving.push(request);
            }
        }
        let has_more = (0..self.at_once(self.arriving.len())).all(|_| self.answer_arrived(cx));
        !has_more && self.read.len() == 0
    }

    /// Answers a request of which more has arrived; false if there is none.
    fn answer_arrived(&mut self, cx: &mut Context<'_>) -> bool {
        let arriving = Pin::new(&mut self.arriving);
        matches!(arriving.poll_next(cx), Poll::Ready(Some(())))
    }

    /// How many of so many requests are answered before the connection writes.
    fn at_once(&self, waiting: usize) -> usize {
        waiting.saturating_sub(self.max_waiting).max(TOGETHER)
    }
}

impl<C> Answered<C> {
    /// The connection that `serve` makes. Beside those that it has just read, no more than `max_waiting`
    /// requests wait: a client may give up any number, and make others in their place.
    pub(super) fn new(max_waiting: usize, serve: impl FnOnce(InlineFirst) -> C) -> Self {
        let read = Arc::<Unanswered>::default();
        let executor = InlineFirst {
            read: Arc::downgrade(&read),
        };
        Answered {
            connection: serve(executor),
            requests: Requests {
                read,
                arriving: FuturesUnordered::new(),
                max_waiting,
            },
        }
    }
}

impl<C: Future> Future for Answered<C> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        let this = self.project();
        let (mut connection, requests) = (this.connection, this.requests);
        // A reply wakes whoever polled its connection last, and what arrives whoever polled its request: that is nobody, because both
        // are polled again anyway.
        let mut nobody = Context::from_waker(Waker::noop());
        requests.answer(&mut nobody);
        for _ in 0..TURNS_IN_A_ROW {
            let polled = connection.as_mut().poll(&mut nobody);
            if polled.is_ready() {
                return polled;
            }
            if requests.answer(&mut nobody) {
                let polled = connection.as_mut().poll(cx);
                if polled.is_ready() {
                    return polled;
                }
                if requests.read.len() == 0 && !requests.answer_arrived(cx) {
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
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::future::poll_fn;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use tokio::sync::oneshot::{Receiver, Sender, channel};

    use super::*;

    /// A connection that reads so many requests whenever it is polled, each of which adds to `answered`.
    fn reads(
        counts: impl IntoIterator<Item = usize>,
        answered: &Arc<AtomicUsize>,
        seen: &Arc<Mutex<Vec<usize>>>,
        executor: InlineFirst,
    ) -> impl Future<Output = ()> {
        let mut counts = counts.into_iter();
        let (answered, seen) = (Arc::clone(answered), Arc::clone(seen));
        poll_fn(move |_| {
            for _ in 0..counts.next().unwrap_or_default() {
                let answered = Arc::clone(&answered);
                executor.execute(async move {
                    answered.fetch_add(1, Ordering::Relaxed);
                });
            }
            seen.lock().unwrap().push(answered.load(Ordering::Relaxed));
            Poll::Pending
        })
    }

    /// What was answered whenever the connection was polled, until it has nothing to do.
    fn progress(counts: impl IntoIterator<Item = usize>, max_unanswered: usize) -> Vec<usize> {
        let (answered, seen) = Default::default();
        let serve = |executor| reads(counts, &answered, &seen, executor);
        let mut served = Box::pin(Answered::new(max_unanswered, serve));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(served.as_mut().poll(&mut cx).is_pending());
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[test]
    fn requests_that_came_together_are_answered_some_at_a_time_and_the_connection_writes_in_between()
     {
        let seen = progress([TOGETHER + 1], 100);
        assert_eq!(seen, [0, TOGETHER, TOGETHER + 1]);
    }

    #[test]
    fn no_more_requests_wait_than_may_however_many_are_read_meanwhile() {
        let seen = progress([100, 100, 100], 10);
        assert_eq!(seen[..3], [0, 90, 190]);
    }

    /// A connection that reads this request.
    fn reads_one(
        request: impl Future<Output = ()> + Send + 'static,
    ) -> Pin<Box<Answered<impl Future<Output = ()>>>> {
        let mut request = Some(request);
        Box::pin(Answered::new(100, |executor| {
            poll_fn(move |_| {
                if let Some(request) = request.take() {
                    executor.execute(request);
                }
                Poll::Pending
            })
        }))
    }

    /// A request that ends when it has `more`, which is of itself or anything else.
    async fn waits(mut more: Receiver<()>, is_arriving: bool, answered: Sender<()>) {
        poll_fn(|cx| {
            if is_arriving {
                wait_for_more();
            }
            Pin::new(&mut more).poll(cx).map(drop)
        })
        .await;
        answered.send(()).unwrap();
    }

    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// There is no runtime here, so a task would be a panic.
    #[test]
    fn a_request_that_is_arriving_waits_with_its_connection() {
        let (more, arrives) = channel();
        let (answer, mut answered) = channel();
        let mut served = reads_one(waits(arrives, true, answer));
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        for _ in 0..2 {
            assert!(served.as_mut().poll(&mut cx).is_pending());
            assert!(answered.try_recv().is_err());
        }
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        more.send(()).unwrap();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "its connection is told");
        assert!(served.as_mut().poll(&mut cx).is_pending());
        answered.try_recv().unwrap();
    }

    #[test]
    fn a_request_that_is_arriving_ends_with_its_connection() {
        let (more, arrives) = channel();
        let mut served = reads_one(waits(arrives, true, channel().0));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(served.as_mut().poll(&mut cx).is_pending());
        drop(served);
        assert!(more.is_closed());
    }

    #[tokio::test]
    async fn a_request_that_waits_for_anything_else_has_a_task() {
        let (more, arrives) = channel();
        let (answer, answered) = channel();
        let mut served = reads_one(waits(arrives, false, answer));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(served.as_mut().poll(&mut cx).is_pending());
        drop(served);
        more.send(()).unwrap();
        answered.await.unwrap();
    }

    #[test]
    fn requests_that_wait_end_with_their_connection() {
        let canary = Arc::new(());
        let mut served = Box::pin(Answered::new(100, |executor| {
            let (canary, mut reads) = (Arc::clone(&canary), 0);
            poll_fn(move |_| {
                reads += 1;
                for _ in 0..if reads == 1 { 10 * TOGETHER } else { 0 } {
                    // As hyper's requests do.
                    let held = (Arc::clone(&canary), executor.clone());
                    executor.execute(async move { drop(held) });
                }
                match reads {
                    1 => Poll::Pending,
                    _ => Poll::Ready(()),
                }
            })
        }));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(served.as_mut().poll(&mut cx).is_ready());
        assert!(Arc::strong_count(&canary) > 2, "some are left");
        drop(served);
        assert_eq!(Arc::strong_count(&canary), 1);
    }
}
