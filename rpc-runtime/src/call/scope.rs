//! The context that is current while a handler is polled.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use pin_project_lite::pin_project;

use super::Context;

thread_local! {
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

pub(super) fn current() -> Option<Context> {
    CURRENT.with_borrow(Clone::clone)
}

/// Whether a context is current.
pub(crate) fn is_entered() -> bool {
    CURRENT.with_borrow(Option::is_some)
}

/// Runs `f` with `context` current, and gives the context back.
pub(crate) fn enter<R>(context: Context, f: impl FnOnce() -> R) -> (R, Context) {
    /// Puts the previous context back, also when `f` panics.
    struct Restore(Option<Context>);

    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }

    let mut restore = Restore(CURRENT.replace(Some(context)));
    let result = f();
    let context = CURRENT.replace(restore.0.take()).unwrap_or_default();
    std::mem::forget(restore);
    (result, context)
}

pin_project! {
    /// A future that is polled with a context current.
    pub(super) struct Scoped<F> {
        context: Option<Context>,
        #[pin]
        future: F,
    }
}

impl<F> Scoped<F> {
    pub(super) fn new(context: Context, future: F) -> Self {
        Scoped {
            context: Some(context),
            future,
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let context = this.context.take().unwrap_or_default();
        let (polled, context) = enter(context, || this.future.poll(cx));
        *this.context = Some(context);
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_is_current_inside_only_also_after_a_panic() {
        let panicked = std::panic::catch_unwind(|| {
            enter(Context::new(), || {
                assert!(current().is_some());
                std::panic::resume_unwind(Box::new("on purpose"));
            })
        });
        assert!(panicked.is_err());
        assert!(current().is_none());
    }
}
