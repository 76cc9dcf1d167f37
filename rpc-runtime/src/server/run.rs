//! Polls handlers, and lives on when they panic.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use bytes::BytesMut;
use rpc_wire::{Code, MethodDescriptor, Status};

use super::pace::Pace;
use super::reply::ReplyFuture;
use crate::call::{self, Context, EndOnDrop};
use crate::connection::completions::Completion;
use crate::connection::packing::Packing;

/// Polls a handler with its context current. A panic is an answer too.
pub(super) fn poll(
    context: &Context,
    handler: Pin<&mut (dyn ReplyFuture + '_)>,
    cx: &mut std::task::Context<'_>,
    body: &mut BytesMut,
) -> Poll<Result<(), Status>> {
    let polled = catch(context, || {
        let (polled, _) = call::enter(context.clone(), || handler.poll_reply(cx, body));
        polled
    });
    polled.unwrap_or_else(|status| Poll::Ready(Err(status)))
}

/// Runs a handler to its end, and drops it. If its first poll is to be timed, `pace` is told.
pub(super) async fn finish(
    context: &Context,
    mut handler: Pin<&mut (dyn ReplyFuture + '_)>,
    mut pace: Option<&Pace>,
) -> Result<BytesMut, Status> {
    let cancelled = EndOnDrop(context);
    let mut body = BytesMut::new();
    let result = poll_fn(|cx| {
        let mut poll = || poll(context, handler.as_mut(), cx, &mut body);
        match pace.take() {
            Some(pace) => pace.time(poll),
            None => poll(),
        }
    })
    .await;
    let result = result.and(catch(context, || handler.clear()));
    context.end(result.as_ref().map_or_else(Status::code, |()| Code::Ok));
    drop(cancelled);
    result.map(|()| body)
}

/// The reply of a call that has ended, as its connection takes it. It may take a while.
pub(super) fn completion(
    id: u32,
    result: Result<BytesMut, Status>,
    context: &Context,
    packing: &Packing,
) -> Completion {
    let (result, compressed) = match result {
        Ok(body) if context.may_compress() => {
            let (body, compressed) = packing.only_reply(body);
            (Ok(body), compressed)
        }
        result => (result, false),
    };
    Completion {
        id,
        result,
        metadata: context.take_reply_metadata(),
        compressed,
        executed: !context.handler_start().is_refused(),
    }
}

/// Runs a step of a handler. If it panics, the log has the message and the caller gets INTERNAL
/// without internals.
pub(super) fn catch<R>(context: &Context, step: impl FnOnce() -> R) -> Result<R, Status> {
    catch_in("the handler", context, step)
}

/// As [`catch`], a step of somebody else's.
pub(super) fn catch_in<R>(
    whose: &'static str,
    context: &Context,
    step: impl FnOnce() -> R,
) -> Result<R, Status> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|panic| contained(whose, context, panic))
}

/// What becomes of a panic.
#[cold]
fn contained(whose: &'static str, context: &Context, panic: Box<dyn Any + Send>) -> Status {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    let method = context.method().map_or("", MethodDescriptor::path);
    tracing::error!(method, panic = message, "{whose} panicked");
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        // Whoever panics when a panic is dropped is not asked again.
        std::mem::forget(again);
    }
    Status::internal(format!("{whose} panicked"))
}
