//! What stands in a chain, and how one link runs the next.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rpc_wire::Status;
use tower_service::Service;

use super::{Request, Response};

/// What a chain gives for a request, later.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, Status>> + Send>>;

/// Code around calls; [the module](crate::middleware) shows one.
///
/// What comes before `next.run(request).await` is done on the way in, what follows it on the way back.
/// Whoever does not run `next` answers the call, or refuses it with an error; whoever runs it twice, with
/// [`Request::try_clone`], repeats the call.
///
/// A closure is one too: `async |request: Request, next: Next| next.run(request).await`.
///
/// # Cancellation
///
/// The future is dropped where it waits when the call is cancelled or its deadline passes. At a
/// server a panic ends the call with INTERNAL; at a client it is the caller's.
pub trait Interceptor: Send + Sync + 'static {
    /// Deals with a call.
    fn intercept(
        &self,
        request: Request,
        next: Next,
    ) -> impl Future<Output = Result<Response, Status>> + Send;
}

impl<F, Fut> Interceptor for F
where
    F: Fn(Request, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, Status>> + Send,
{
    async fn intercept(&self, request: Request, next: Next) -> Result<Response, Status> {
        self(request, next).await
    }
}

/// Where a chain leads: the handler at a server, the network at a client.
pub(crate) trait Destination: Send + Sync {
    /// Runs the call.
    fn run(self: Arc<Self>, request: Request) -> ResponseFuture;
}

/// A link of a chain.
pub(super) trait Link: Send + Sync {
    fn run(&self, request: Request) -> ResponseFuture;
}

/// The rest of a chain. Cloning it is cheap.
///
/// It is a [`tower_service::Service`] that is always ready, which is what tower's layers are put around.
#[derive(Clone)]
pub struct Next(Arc<dyn Link>);

impl Next {
    pub(super) fn new(link: impl Link + 'static) -> Self {
        Next(Arc::new(link))
    }

    /// The end of every chain.
    pub(super) fn destination() -> Self {
        Next::new(End)
    }

    /// Hands the call on.
    pub fn run(&self, request: Request) -> ResponseFuture {
        self.0.run(request)
    }
}

impl Service<Request> for Next {
    type Response = Response;
    type Error = Status;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> ResponseFuture {
        self.run(request)
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}

/// The end of a chain, which is another for each call.
struct End;

impl Link for End {
    fn run(&self, request: Request) -> ResponseFuture {
        request.destination().run(request)
    }
}
