//! Where the requests of an HTTP/2 connection are answered.

use std::future::Future;
use std::task::{Context, Waker};

use hyper::rt::Executor;

/// Polls each once where its connection is served, and moves what has to wait to a task of its own: a
/// handler that is ready at once costs no task, and its reply leaves with those of the same read.
#[derive(Clone, Copy, Debug)]
pub(super) struct InlineFirst;

impl<F> Executor<F> for InlineFirst
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, request: F) {
        let mut request = Box::pin(request);
        let mut cx = Context::from_waker(Waker::noop());
        if request.as_mut().poll(&mut cx).is_pending() {
            tokio::spawn(request);
        }
    }
}
