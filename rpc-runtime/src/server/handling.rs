//! How the handler of a method is run, where it asks for more than to be polled.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as Poller, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use pin_project_lite::pin_project;
use rpc_wire::{MethodDescriptor, Status};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::Sleep;

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

/// The options of one method of a registered service, and its calls that run.
#[derive(Debug)]
pub(crate) struct Handling {
    options: HandlerOptions,
    running: AtomicUsize,
}

/// The right to run one call. Dropping it gives it back.
struct Permit(Arc<Handling>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Release);
    }
}

impl Handling {
    /// What the schema and the service's author ask for; `None` if that is nothing.
    pub(super) fn of(method: &MethodDescriptor, options: HandlerOptions) -> Option<Arc<Self>> {
        let blocking = options.blocking || method.blocking();
        let options = options.with_blocking(blocking);
        (options != HandlerOptions::default()).then(|| {
            Arc::new(Handling {
                options,
                running: AtomicUsize::new(0),
            })
        })
    }

    /// When a call that starts now has to end, if its caller waits until `deadline`.
    pub(super) fn deadline(&self, deadline: Option<Instant>) -> Option<Instant> {
        let own = self
            .options
            .timeout
            .and_then(|timeout| Instant::now().checked_add(timeout));
        own.into_iter().chain(deadline).min()
    }

    /// Runs a handler as the options say.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED over the limit: the handler does not run.
    pub(super) fn run<F, M>(
        self: &Arc<Self>,
        context: Context,
        handler: F,
    ) -> Result<impl Future<Output = Result<M, Status>> + Send + use<F, M>, Status>
    where
        F: Future<Output = Result<M, Status>> + Send + 'static,
        M: Send + 'static,
    {
        let permit = self.admit(&context)?;
        let running = run_for(
            self.options.timeout,
            self.options.blocking,
            context,
            handler,
        );
        Ok(async move {
            let _permit = permit;
            running.await
        })
    }

    /// Runs a handler that answers with a stream. Timeout and limit are those of the whole call,
    /// to the end of the stream.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED over the limit: the handler does not run.
    pub(super) fn run_streaming<F, S>(
        self: &Arc<Self>,
        context: Context,
        handler: F,
    ) -> Result<impl Future<Output = Result<Handled<S>, Status>> + Send + use<F, S>, Status>
    where
        F: Future<Output = Result<S, Status>> + Send + 'static,
        S: Send + 'static,
    {
        let permit = self.admit(&context)?;
        let timeout = self.options.timeout;
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let running = run_for(timeout, self.options.blocking, context, handler);
        Ok(async move {
            Ok(Handled {
                replies: running.await?,
                timer: end.map(|end| tokio::time::sleep_until(end.into())),
                timeout: timeout.unwrap_or_default(),
                _permit: permit,
            })
        })
    }

    fn admit(self: &Arc<Self>, context: &Context) -> Result<Permit, Status> {
        let running = self.running.fetch_add(1, Ordering::Acquire);
        let permit = Permit(Arc::clone(self));
        match self.options.limit {
            Some(limit) if running >= limit => {
                let method = context.method().map_or("", MethodDescriptor::path);
                let message =
                    format!("as many calls of {method} are running as its limit allows, {limit}");
                Err(Status::resource_exhausted(message))
            }
            _ => Ok(permit),
        }
    }
}

pin_project! {
    /// A stream of replies that holds its call's permit and ends with its timeout.
    pub(super) struct Handled<S> {
        #[pin]
        replies: S,
        #[pin]
        timer: Option<Sleep>,
        timeout: Duration,
        _permit: Permit,
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

/// Runs a handler for as long as it may.
async fn run_for<F, M>(
    timeout: Option<Duration>,
    blocking: bool,
    context: Context,
    handler: F,
) -> Result<M, Status>
where
    F: Future<Output = Result<M, Status>> + Send + 'static,
    M: Send + 'static,
{
    let running = async {
        match blocking {
            true => run_blocking(context, handler).await,
            false => handler.await,
        }
    };
    let Some(timeout) = timeout else {
        return running.await;
    };
    let ended = tokio::time::timeout(timeout, running).await;
    ended.unwrap_or_else(|_| Err(too_long(timeout)))
}

fn too_long(timeout: Duration) -> Status {
    let message = format!("the handler ran for longer than its timeout, {timeout:?}");
    Status::deadline_exceeded(message)
}

/// Runs `handler` on a thread that it may block. When the call ends early, the handler ends where it
/// next awaits something.
async fn run_blocking<F, M>(context: Context, handler: F) -> Result<M, Status>
where
    F: Future<Output = Result<M, Status>> + Send + 'static,
    M: Send + 'static,
{
    let (_call, call_ended) = oneshot::channel::<()>();
    let runtime = Handle::current();
    let thread = spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = call_ended => Err(Status::cancelled("the call has ended")),
                reply = context.scope(handler) => reply,
            }
        })
    });
    thread.await.unwrap_or_else(|error| {
        if error.is_panic() {
            resume_unwind(error.into_panic());
        }
        Err(Status::unavailable("the server's runtime is shutting down"))
    })
}
