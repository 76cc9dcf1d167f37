//! How the handler of a method is run, where it asks for more than to be polled.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use pin_project_lite::pin_project;
use rpc_wire::{MethodDescriptor, Status};
use tokio::time::Sleep;

use super::limit::{Counted, Counter};
use super::workers::{Place, WorkerPool};
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
    handling: &'a Handling,
    server: Option<Arc<Counted>>,
}

impl<'a> CallHandling<'a> {
    pub(super) fn new(handling: &'a Handling, server: Option<Arc<Counted>>) -> Self {
        CallHandling { handling, server }
    }

    /// Admits the call, whose handler is not to be made before.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED over the limit, or if the worker pool is full.
    pub(super) fn admit(self, context: &Context) -> Result<Admitted, Status> {
        self.handling.admit(context, self.server)
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
struct Counts {
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

    fn admit(&self, context: &Context, server: Option<Arc<Counted>>) -> Result<Admitted, Status> {
        let method = match self.limit {
            Some(limit) => Some(self.running.enter(limit).ok_or_else(|| {
                let method = context.method().map_or("", MethodDescriptor::path);
                let message =
                    format!("as many calls of {method} are running as its limit allows, {limit}");
                Status::resource_exhausted(message)
            })?),
            None => None,
        };
        let place = self.workers.as_ref().map(WorkerPool::enter).transpose()?;
        if place.is_some() {
            context.handler_start().postpone();
        }
        Ok(Admitted {
            timeout: self.timeout,
            counted: Counts {
                _method: method,
                _server: server,
            },
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
        run_for(self.timeout, self.place, context, handler).await
    }

    /// Runs a handler that answers with a stream. Timeout and limit are those of the whole call,
    /// to the end of the stream.
    pub(super) async fn run_streaming<F, S>(
        self,
        context: Context,
        handler: F,
    ) -> Result<Handled<S>, Status>
    where
        F: Future<Output = Result<S, Status>> + Send + 'static,
        S: Send + 'static,
    {
        let timeout = self.timeout;
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Ok(Handled {
            replies: run_for(timeout, self.place, context, handler).await?,
            timer: end.map(|end| tokio::time::sleep_until(end.into())),
            timeout: timeout.unwrap_or_default(),
            _counted: self.counted,
        })
    }
}

pin_project! {
    /// A stream of replies that counts as its call and ends with its timeout.
    pub(super) struct Handled<S> {
        #[pin]
        replies: S,
        #[pin]
        timer: Option<Sleep>,
        timeout: Duration,
        _counted: Counts,
    }
}

impl<S, M> Stream for Handled<S>
where
    S: Stream<Item = Result<M, Status>>,
{
    type Item = Result<M, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if let Some(timer) = this.timer.as_pin_mut()
            && timer.poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(too_long(*this.timeout))));
        }
        this.replies.poll_next(cx)
    }
}

/// Runs a handler for as long as it may, in its turn.
async fn run_for<F, M>(
    timeout: Option<Duration>,
    place: Option<Place>,
    context: Context,
    handler: F,
) -> Result<M, Status>
where
    F: Future<Output = Result<M, Status>> + Send + 'static,
    M: Send + 'static,
{
    let end = timeout.and_then(|timeout| Some((Instant::now().checked_add(timeout)?, timeout)));
    let Some(place) = place else {
        return before(end, handler, too_long).await?;
    };
    let thread = match before(end, place.thread(), no_thread).await {
        Ok(thread) if context.handler_start().start() => thread,
        Ok(_) => return Err(Status::cancelled("the call has ended")),
        Err(status) => {
            context.handler_start().refuse();
            return Err(status);
        }
    };
    before(end, thread.run(context, handler), too_long).await?
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

fn too_long(timeout: Duration) -> Status {
    let message = format!("the handler ran for longer than its timeout, {timeout:?}");
    Status::deadline_exceeded(message)
}

fn no_thread(timeout: Duration) -> Status {
    Status::deadline_exceeded(format!(
        "the handler did not run: its timeout, {timeout:?}, \
        passed before a thread of the server's worker pool was free"
    ))
}
