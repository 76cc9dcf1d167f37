//! The links of a chain before it is put together.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use rpc_wire::Status;
use tower_layer::Layer;
use tower_service::Service;

use super::interceptor::Link;
use super::{Interceptor, Next, Request, Response, ResponseFuture};

type BoxError = Box<dyn Error + Send + Sync>;

/// What was registered, the outermost first.
#[derive(Clone, Default)]
pub(crate) struct Layers(Vec<Arc<dyn Fn(Next) -> Next + Send + Sync>>);

impl Layers {
    /// Adds an interceptor inside those that are there.
    pub(crate) fn intercept(&mut self, interceptor: impl Interceptor) {
        let interceptor = Arc::new(interceptor);
        self.0.push(Arc::new(move |next| {
            Next::new(Intercepted {
                interceptor: Arc::clone(&interceptor),
                next,
            })
        }));
    }

    /// Adds a tower layer inside what is there.
    pub(crate) fn layer<L>(&mut self, layer: L)
    where
        L: Layer<Next> + Send + Sync + 'static,
        L::Service: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Future: Send,
        <L::Service as Service<Request>>::Error: Into<BoxError>,
    {
        self.0
            .push(Arc::new(move |next| Next::new(Layered(layer.layer(next)))));
    }

    /// The chain; `None` if nothing was registered.
    pub(crate) fn chain(&self) -> Option<Next> {
        if self.0.is_empty() {
            return None;
        }
        let links = self.0.iter().rev();
        Some(links.fold(Next::destination(), |next, layer| layer(next)))
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layers").field(&self.0.len()).finish()
    }
}

/// An interceptor and what is inside it.
struct Intercepted<I> {
    interceptor: Arc<I>,
    next: Next,
}

impl<I: Interceptor> Link for Intercepted<I> {
    fn run(&self, request: Request) -> ResponseFuture {
        let interceptor = Arc::clone(&self.interceptor);
        let next = self.next.clone();
        Box::pin(async move { interceptor.intercept(request, next).await })
    }
}

/// What a tower layer made of what is inside it. Each call has a clone, as tower's services expect.
struct Layered<S>(S);

impl<S> Link for Layered<S>
where
    S: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
{
    fn run(&self, request: Request) -> ResponseFuture {
        let mut service = self.0.clone();
        Box::pin(async move {
            let ready = poll_fn(|cx| service.poll_ready(cx)).await;
            ready.map_err(status)?;
            service.call(request).await.map_err(status)
        })
    }
}

/// The status that an error of a layer is or follows from; UNKNOWN if there is none.
fn status(error: impl Into<BoxError>) -> Status {
    let error = match error.into().downcast::<Status>() {
        Ok(status) => return *status,
        Err(error) => error,
    };
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(status) = cause.downcast_ref::<Status>() {
            return status.clone();
        }
        source = cause.source();
    }
    Status::unknown(format!("a tower layer failed: {error}")).with_source(error)
}
