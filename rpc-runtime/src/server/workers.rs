//! The threads on which handlers may block.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as Poller, Poll, ready};

use rpc_wire::Status;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};

use super::limit::{Counted, Counter};
use crate::call::Context;

/// Threads of a pool, unless configured otherwise. Handlers that block mostly wait, for a disk or
/// a database, so this is more than there are cores; and it leaves most of the 512 threads on which
/// a tokio runtime may block to whatever else uses them.
const DEFAULT_THREADS: usize = 64;

/// Calls that may wait for a thread, unless configured otherwise: what one connection may have
/// open.
const DEFAULT_MAX_QUEUED: usize = 1024;

/// Threads for handlers that block or burn CPU: those with `#[rpc(blocking)]`, or with
/// `option (rpc.blocking) = true` in the schema.
///
/// So many of them run at a time. Further calls wait in a queue, first come, first served; when
/// that is full they are refused with RESOURCE_EXHAUSTED, and provably did not run, so that they
/// can be made again. A call that is cancelled, or whose deadline passes, leaves the queue and
/// never runs. One that runs keeps its thread until its handler ends or next awaits something; if it
/// answers with a stream, until that has ended, so that its replies may take the thread too. A stream
/// that is mostly quiet is better made without, with [`spawn_blocking`] where it blocks.
/// A handler's timeout includes the time in the queue. At shutdown the calls in the queue are
/// accepted calls like others: they finish within the grace period.
///
/// Every server has a pool of its own by default. Give it one to choose the numbers, to see the
/// counts, or to share it between servers: clones are the same pool.
///
/// ```
/// use rpc_runtime::{Server, WorkerPool};
///
/// let pool = WorkerPool::new(16).max_queued(200);
/// let server = Server::new().worker_pool(pool.clone());
///
/// // Elsewhere, for a dashboard:
/// let stats = pool.stats();
/// assert_eq!((stats.size, stats.active, stats.queued, stats.rejected), (16, 0, 0, 0));
/// ```
///
/// The threads are those of the tokio runtime's [`spawn_blocking`]: they come when they are
/// needed, and go when they are not. A pool of more than 512 needs a runtime with more
/// [`max_blocking_threads`](tokio::runtime::Builder::max_blocking_threads).
#[derive(Clone, Debug)]
pub struct WorkerPool {
    shared: Arc<Shared>,
    max_queued: usize,
}

#[derive(Debug)]
struct Shared {
    size: usize,
    /// A permit for each thread; whoever waits for one is served in turn.
    threads: Arc<Semaphore>,
    queued: Arc<Counter>,
    rejected: AtomicU64,
}

/// What a [`WorkerPool`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerPoolStats {
    /// Handlers that may run at a time.
    pub size: usize,
    /// Handlers that run.
    pub active: usize,
    /// Calls that wait for a thread.
    pub queued: usize,
    /// Calls that were refused because the queue was full, since the pool was made.
    pub rejected: u64,
}

impl Default for WorkerPool {
    /// A pool of 64 threads, for which 1,024 calls may wait.
    fn default() -> Self {
        Self::new(DEFAULT_THREADS)
    }
}

impl WorkerPool {
    /// A pool of so many threads, at least one, for which 1,024 calls may wait.
    ///
    /// Handlers that burn CPU want no more threads than there are cores.
    pub fn new(threads: usize) -> Self {
        let size = threads.clamp(1, Semaphore::MAX_PERMITS);
        let shared = Shared {
            size,
            threads: Arc::new(Semaphore::new(size)),
            queued: Arc::default(),
            rejected: AtomicU64::new(0),
        };
        WorkerPool {
            shared: Arc::new(shared),
            max_queued: DEFAULT_MAX_QUEUED,
        }
    }

    /// How many calls may wait for a thread; 1,024 unless set. Further ones are refused; with 0
    /// all are, while every thread is busy.
    ///
    /// It holds for the server that this clone is given to: one that is to give way to others
    /// that share the pool may have a smaller number.
    #[must_use]
    pub fn max_queued(mut self, calls: usize) -> Self {
        self.max_queued = calls;
        self
    }

    /// Lets every call wait for a thread until its deadline, and refuses none. The queue's bounds
    /// are then those of the server: [`max_concurrent_calls`] and, for each connection,
    /// [`max_concurrent_streams`].
    ///
    /// [`max_concurrent_calls`]: crate::Server::max_concurrent_calls
    /// [`max_concurrent_streams`]: crate::Server::max_concurrent_streams
    #[must_use]
    pub fn wait_when_full(self) -> Self {
        self.max_queued(usize::MAX)
    }

    /// What the pool is doing now.
    pub fn stats(&self) -> WorkerPoolStats {
        let Shared {
            size,
            threads,
            queued,
            rejected,
        } = &*self.shared;
        WorkerPoolStats {
            size: *size,
            active: size.saturating_sub(threads.available_permits()),
            queued: queued.count(),
            rejected: rejected.load(Ordering::Relaxed),
        }
    }

    /// A place for a call.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if the queue is full: the handler must not run.
    pub(super) fn enter(&self) -> Result<Place, Status> {
        let shared = &*self.shared;
        if let Ok(_permit) = Arc::clone(&shared.threads).try_acquire_owned() {
            return Ok(Place::Ready(Thread { _permit }));
        }
        let Some(queued) = shared.queued.enter(self.max_queued) else {
            shared.rejected.fetch_add(1, Ordering::Relaxed);
            return Err(Status::resource_exhausted(format!(
                "the server's worker pool is full: its threads are all busy ({}), \
                and as many calls wait as max_queued allows ({})",
                shared.size, self.max_queued
            )));
        };
        Ok(Place::Queued(Arc::clone(&shared.threads), queued))
    }
}

/// A call's place in a pool. Dropping it makes room for another.
pub(super) enum Place {
    Ready(Thread),
    Queued(Arc<Semaphore>, Counted),
}

impl Place {
    /// Waits until it is the call's turn.
    pub(super) async fn thread(self) -> Thread {
        match self {
            Place::Ready(thread) => thread,
            Place::Queued(threads, _queued) => {
                let permit = threads.acquire_owned().await;
                Thread {
                    _permit: permit.expect("nobody closes the semaphore of a pool"),
                }
            }
        }
    }
}

/// A thread that is free for a call.
pub(super) struct Thread {
    _permit: OwnedSemaphorePermit,
}

impl Thread {
    /// Runs `handler`, which may block.
    pub(super) fn run<F, M>(self, context: Context, handler: F) -> Running<M>
    where
        F: Future<Output = Result<M, Status>> + Send + 'static,
        M: Send + 'static,
    {
        let (call, call_ended) = oneshot::channel::<()>();
        let runtime = Handle::current();
        let handler = spawn_blocking(move || {
            // Taken until the handler ends, however early the call did.
            let _thread = self;
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    _ = call_ended => Err(Status::cancelled("the call has ended")),
                    reply = context.scope(handler) => reply,
                }
            })
        });
        Running {
            handler,
            _call: call,
        }
    }
}

/// A handler that runs on a thread. Dropped, as when the call ends early, the handler ends where it
/// next awaits something.
pub(super) struct Running<M> {
    handler: JoinHandle<Result<M, Status>>,
    _call: oneshot::Sender<()>,
}

impl<M> Future for Running<M> {
    type Output = Result<M, Status>;

    /// # Panics
    ///
    /// As the handler did.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Self::Output> {
        let ended = ready!(Pin::new(&mut self.handler).poll(cx));
        Poll::Ready(ended.unwrap_or_else(|error| {
            if error.is_panic() {
                resume_unwind(error.into_panic());
            }
            Err(Status::unavailable("the server's runtime is shutting down"))
        }))
    }
}
