//! Calls from code that is not async.
//!
//! Generated sync proxies are covers over what is here. Connections belong to a runtime of the
//! library's own, so that no runtime is in sight of the caller.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use futures_core::Stream;
use rpc_wire::Status;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinHandle;

use super::builder::ChannelBuilder;
use super::channel::Channel;
use super::runtime;
use crate::pool::CloseReport;
use crate::pool::pools::{self, ClosedPool};
use crate::transport::Connector;

/// Connects to a server.
///
/// # Errors
///
/// As [`Channel::connect`].
pub fn connect(target: impl AsRef<str>) -> Result<Channel, Status> {
    Channel::builder(target).connect_blocking()
}

/// A channel that connects with its first call.
///
/// # Errors
///
/// As [`Channel::connect_lazy`].
pub fn connect_lazy(target: impl AsRef<str>) -> Result<Channel, Status> {
    Channel::builder(target).connect_lazy_blocking()
}

/// Closes a channel in order; see [`Channel::close_within`].
pub fn close_within(channel: &Channel, limit: Duration) -> CloseReport {
    wait(channel.close_within(limit))
}

/// Closes all pools of the process when it is asked to end; see [`pools::close_on_shutdown_signal`], of
/// which this is the form for a `main` that is not async.
///
/// ```no_run
/// use std::time::Duration;
/// use rpc_runtime::blocking;
///
/// # fn main() -> std::io::Result<()> {
/// let closing = blocking::close_pools_on_shutdown_signal(Duration::from_secs(10))?;
/// // ... make calls until they end with CANCELLED ...
/// for pool in closing.wait() {
///     println!("{}: {}", pool.address, pool.report);
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// The operating system does not let the process listen, or start the threads of the library's runtime.
pub fn close_pools_on_shutdown_signal(limit: Duration) -> io::Result<ClosingPools> {
    let runtime = runtime::library().map_err(io::Error::other)?;
    let _runtime = runtime.enter();
    pools::close_on_shutdown_signal(limit).map(ClosingPools)
}

/// Pools that are closed when the process is asked to end.
#[derive(Debug)]
pub struct ClosingPools(JoinHandle<Vec<ClosedPool>>);

impl ClosingPools {
    /// Whether they have been closed.
    pub fn is_done(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits on this thread until the process was asked to end and they are closed; says what became of
    /// each.
    pub fn wait(self) -> Vec<ClosedPool> {
        // The library's runtime is not shut down, and closing does not panic.
        wait(self.0).unwrap_or_default()
    }
}

/// Connects in a way of the caller's own.
///
/// # Errors
///
/// As [`Channel::connect_with`].
pub fn connect_with(connector: impl Connector) -> Result<Channel, Status> {
    ChannelBuilder::with_connector(connector).connect_blocking()
}

/// The messages of an iterator as a stream. The iterator is asked when the stream is polled.
pub fn requests<I>(messages: I) -> impl Stream<Item = I::Item> + Send + 'static
where
    I: IntoIterator + Send + 'static,
    I::IntoIter: Send,
{
    Requests(messages.into_iter())
}

struct Requests<I>(I);

impl<I> Unpin for Requests<I> {}

impl<I: Iterator> Stream for Requests<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// A stream of messages from the server, as an iterator that waits for each.
pub struct Streaming<T>(crate::call::Streaming<T>);

impl<T> From<crate::call::Streaming<T>> for Streaming<T> {
    fn from(streaming: crate::call::Streaming<T>) -> Self {
        Streaming(streaming)
    }
}

impl<T> Iterator for Streaming<T> {
    type Item = Result<T, Status>;

    fn next(&mut self) -> Option<Self::Item> {
        wait(self.0.message()).transpose()
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The results of a [`Batch`](crate::Batch) as its calls end, as an iterator that waits for each.
pub struct BatchResults<T>(super::BatchResults<T>);

impl<T> From<super::BatchResults<T>> for BatchResults<T> {
    fn from(results: super::BatchResults<T>) -> Self {
        BatchResults(results)
    }
}

impl<T> Iterator for BatchResults<T> {
    type Item = (usize, Result<T, Status>);

    fn next(&mut self) -> Option<Self::Item> {
        wait(self.0.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> fmt::Debug for BatchResults<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The error of waiting on the only thread that could bring the reply.
pub(super) fn would_deadlock(runtime: &Handle) -> Option<Status> {
    let current = Handle::try_current().ok()?;
    let same = current.id() == runtime.id();
    // Its threads for what blocks do not drive it.
    let drives = tokio::runtime::worker_index().is_some();
    (same && drives && current.runtime_flavor() == RuntimeFlavor::CurrentThread).then(|| {
        Status::failed_precondition(
            "waiting on the thread of the current-thread runtime that has to move the call's bytes \
             could never end; await the call, or use a sync proxy, which has a runtime of its own",
        )
        .with_may_have_run(false)
    })
}

/// Polls a future to its end, with the thread parked in between.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Some(output) = wait_until(future.as_mut(), None) {
            return output;
        }
    }
}

/// Polls a future with the thread parked in between, to its end or until some time.
pub(super) fn wait_until<F: Future>(
    mut future: Pin<&mut F>,
    until: Option<Instant>,
) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
        return Some(output);
    }
    runtime::need_driver();
    block(|| {
        loop {
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(Duration::ZERO) => return None,
                Some(remaining) => thread::park_timeout(remaining),
            }
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return Some(output);
            }
        }
    })
}

/// Runs what blocks. On a worker thread of a multi-threaded tokio runtime, its other tasks move
/// to another thread first. Elsewhere there is nothing to move, and a `LocalSet` would not allow it.
pub(super) fn block<R>(f: impl FnOnce() -> R) -> R {
    let on_worker = tokio::runtime::worker_index().is_some();
    let multi_thread = || {
        Handle::try_current()
            .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread)
    };
    if on_worker && multi_thread() {
        tokio::task::block_in_place(f)
    } else {
        f()
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}
