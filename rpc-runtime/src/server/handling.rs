//! How the handler of a method is run, where it asks for more than to be polled.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_core::Stream;
use rpc_wire::{MethodDescriptor, Status};

use super::blocking_stream::BlockingStream;
use super::handled::{CountedReplies, Handled, Replies};
use super::limit::{Counted, Counter};
use super::workers::{Place, Thread, WorkerPool};
use crate::call::Context;

/// What a service's author says about a handler: `#[rpc(..)]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandlerOptions {
    timeout: Option<Duration>,
    limit: Option<usize>,
    blocking: bool,
}

impl HandlerOptions {
    /// No timeout and no limit, for a handler that does not block.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the handler may run.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how many calls may run at a time.
    #[must_use]
    pub fn with_limit(mut self, calls: usize) -> Self {
        self.limit = Some(calls);
        self
    }

    /// Sets whether the handler blocks its thread.
    #[must_use]
    pub fn with_blocking(mut self, blocking: bool) -> Self {
        self.blocking = blocking;
        self
    }
}

/// How one method of a registered service is run, and its calls that run.
#[derive(Debug)]
pub(crate) struct Handling {
    timeout: Option<Duration>,
    limit: Option<usize>,
    running: Arc<Counter>,
    /// Where a handler that blocks is run.
    workers: Option<WorkerPool>,
}

/// What holds for one call: the options of its method, and its place among the calls of its server.
pub(super) struct CallHandling<'a> {
    handling: &'a Arc<Handling>,
    server: Option<Arc<Counted>>,
    /// The call was counted before.
    counts: Option<Box<Counts>>,
}

impl<'a> CallHandling<'a> {
    pub(super) fn new(handling: &'a Arc<Handling>, server: Option<Arc<Counted>>) -> Self {
        CallHandling {
            handling,
            server,
            counts: None,
        }
    }

    /// Counts the call, long before its handler is made.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED over the limit.
    pub(super) fn count(self, context: &Context) -> Result<EarlyHandling, Status> {
        let counts = self.handling.count(context, self.server.clone())?;
        Ok(EarlyHandling {
            handling: Arc::clone(self.handling),
            server: self.server,
            counts: Mutex::new(Some(Box::new(counts))),
        })
    }

    /// Admits the call, whose handler is not to be made before.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED over the limit, or if the worker pool is full.
    pub(super) fn admit(self, context: &Context) -> Result<Admitted, Status> {
        let counted = match self.counts {
            Some(counts) => *counts,
            None => self.handling.count(context, self.server)?,
        };
        self.handling.admit(context, counted)
    }
}

/// What holds for a call that was counted before anything else was done about it.
pub(super) struct EarlyHandling {
    handling: Arc<Handling>,
    server: Option<Arc<Counted>>,
    counts: Mutex<Option<Box<Counts>>>,
}

impl EarlyHandling {
    /// What holds when the handler is made. Another time, the call is counted anew.
    pub(super) fn of_handler(&self) -> CallHandling<'_> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        CallHandling {
            handling: &self.handling,
            server: self.server.clone(),
            counts: counts.take(),
        }
    }
}

/// The right to run one call as its method's options say. Dropping it gives it back.
pub(super) struct Admitted {
    timeout: Option<Duration>,
    counted: Counts,
    place: Option<Place>,
}

/// A call among those of its method and of its server. A handler that blocks goes on when its call
/// has ended, so it is the handler that holds them.
pub(super) struct Counts {
    _method: Option<Counted>,
    _server: Option<Arc<Counted>>,
}

impl Handling {
    /// What the schema and the service's author ask for; `None` if that is nothing.
    pub(super) fn of(
        method: &MethodDescriptor,
        options: HandlerOptions,
        workers: &WorkerPool,
    ) -> Option<Arc<Self>> {
        let blocking = options.blocking || method.blocking();
        let options = options.with_blocking(blocking);
        (options != HandlerOptions::default()).then(|| {
            Arc::new(Handling {
                timeout: options.timeout,
                limit: options.limit,
                running: Arc::default(),
                workers: blocking.then(|| workers.clone()),
            })
        })
    }

    /// When a call that starts now has to end, if its caller waits until `deadline`.
    pub(super) fn deadline(&self, deadline: Option<Instant>) -> Option<Instant> {
        let own = self
            .timeout
            .and_then(|timeout| Instant::now().checked_add(timeout));
        own.into_iter().chain(deadline).min()
    }

    fn count(&self, context: &Context, server: Option<Arc<Counted>>) -> Result<Counts, Status> {
        let method = match self.limit {
            Some(limit) => Some(self.running.enter(limit).ok_or_else(|| {
                let method = context.method().map_or("", MethodDescriptor::path);
                let message =
                    format!("as many calls of {method} are running as its limit allows, {limit}");
                Status::resource_exhausted(message)
            })?),
            None => None,
        };
        Ok(Counts {
            _method: method,
            _server: server,
        })
    }

    fn admit(&self, context: &Context, counted: Counts) -> Result<Admitted, Status> {
        let place = self.workers.as_ref().map(WorkerPool::enter).transpose()?;
        if place.is_some() {
            context.handler_start().postpone();
        }
        Ok(Admitted {
            timeout: self.timeout,
            counted,
            place,
        })
    }
}

impl Admitted {
    /// Runs a handler.
    pub(super) async fn run<F, M>(self, context: Context, handler: F) -> Result<M, Status>
    where
        F: Future<Output = Result<M, Status>> + Send + 'static,
        M: Send + 'static,
    {
        let counted = self.counted;
        let handler = async move {
            let _counted = counted;
            handler.await
        };
        let end = end_of(self.timeout);
        let Some(place) = self.place else {
            return before(end, handler, too_long).await?;
        };
        let thread = thread_for(&context, place, end).await?;
        before(end, thread.run(context, handler), too_long).await?
    }

    /// Runs a handler that answers with a stream. Timeout, limit and thread are those of the whole
    /// call, to the end of the stream.
    pub(super) async fn run_streaming<F, S, M>(
        self,
        context: Context,
        handler: F,
    ) -> Result<Handled<CountedReplies<S>, M>, Status>
    where
        F: Future<Output = Result<S, Status>> + Send + 'static,
        S: Stream<Item = Result<M, Status>> + Send + 'static,
        M: Send + 'static,
    {
        let end = end_of(self.timeout);
        let handler = CountedReplies::of(handler, self.counted);
        let replies = match self.place {
            None => Replies::Here {
                replies: before(end, handler, too_long).await??,
            },
            Some(place) => {
                let thread = thread_for(&context, place, end).await?;
                let started = BlockingStream::start(thread, context, handler);
                Replies::OnThread {
                    replies: before(end, started, too_long).await??,
                }
            }
        };
        Ok(Handled {
            replies,
            timer: end.map(|(end, _)| tokio::time::sleep_until(end.into())),
            timeout: self.timeout.unwrap_or_default(),
        })
    }
}

/// When a timeout that begins now is over, and the timeout.
fn end_of(timeout: Option<Duration>) -> Option<(Instant, Duration)> {
    let timeout = timeout?;
    Some((Instant::now().checked_add(timeout)?, timeout))
}

/// A thread for a handler, which starts now; unless it is too late, which the call is told.
async fn thread_for(
    context: &Context,
    place: Place,
    end: Option<(Instant, Duration)>,
) -> Result<Thread, Status> {
    match before(end, place.thread(), no_thread).await {
        Ok(thread) if context.handler_start().start() => Ok(thread),
        Ok(_) => Err(Status::cancelled("the call has ended")),
        Err(status) => {
            context.handler_start().refuse();
            Err(status)
        }
    }
}

/// What `future` gives before the end of a timeout, and what is said when it is too late.
async fn before<F: Future>(
    end: Option<(Instant, Duration)>,
    future: F,
    too_late: fn(Duration) -> Status,
) -> Result<F::Output, Status> {
    let Some((end, timeout)) = end else {
        return Ok(future.await);
    };
    let ended = tokio::time::timeout_at(end.into(), future).await;
    ended.map_err(|_| too_late(timeout))
}

pub(super) fn too_long(timeout: Duration) -> Status {
    let message = format!("the handler ran for longer than its timeout, {timeout:?}");
    Status::deadline_exceeded(message)
}

fn no_thread(timeout: Duration) -> Status {
    Status::deadline_exceeded(format!(
        "the handler did not run: its timeout, {timeout:?}, \
        passed before a thread of the server's worker pool was free"
    ))
}
