//! A call: a value with options, and the future of its reply.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use rpc_wire::session::Outcome;
use rpc_wire::{Metadata, MethodDescriptor, MethodKind, Status};
use tokio::runtime::Handle;

use super::attempt::Attempt;
use super::blocking;
use super::channel::Channel;
use super::future::RpcFuture;
use super::response::{Response, decode};
use super::streaming::{Replies, Requests};
use crate::call::{Context, Ended, Streaming};
use crate::codec::{self, Codec};

/// A call that has not been sent, with its options; awaiting it sends it and gives the reply.
///
/// Its deadline covers everything, from waiting for a connection to the last byte of the reply.
/// Inside a handler it is never later than the handler's own.
///
/// # Cancel safety
///
/// A call that was never polled was never sent. Dropping one that was polled cancels it at the
/// server, whose handler is dropped.
#[must_use = "a call is sent when it is awaited, started or waited for"]
pub struct Call<T> {
    pub(super) attempt: Attempt,
    complete: Complete<T>,
}

/// What makes a call's result.
enum Complete<T> {
    /// The reply; with its metadata, if asked to.
    Reply(Decode<T>, Decode<Response<T>>),
    /// The reply with its metadata.
    Response(Decode<T>),
    /// The stream of replies, as soon as the call is sent.
    Stream(fn(Replies) -> T),
}

type Decode<T> = fn(Bytes, Metadata) -> Result<T, Status>;

impl<T> Call<T> {
    /// A call whose request is encoded by `C`, or cannot be.
    fn new<C, Req>(
        channel: &Channel<C>,
        method: &'static MethodDescriptor,
        body: Result<Bytes, Status>,
        complete: Complete<T>,
    ) -> Self
    where
        C: Codec<Req>,
    {
        let mut metadata = Metadata::new();
        let body = codec::name::<C, Req>(&mut metadata).and(body);
        let mut attempt = Attempt::new(Arc::clone(&channel.peer), method, metadata, body);
        attempt.compress = channel.compress;
        // A stream may be meant to stay open, so only unary calls have a default deadline.
        if method.kind() == MethodKind::Unary {
            attempt.timeout = attempt.timeout.or(channel.timeout);
        }
        Call { attempt, complete }
    }

    pub(super) fn with_requests(mut self, requests: Requests) -> Self {
        self.attempt = self.attempt.with_requests(requests);
        self
    }

    /// The time that the call may take in all, in place of the method's or the channel's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.attempt.timeout = Some(timeout);
        self
    }

    /// Sends `metadata` along, in place of what was set before. The key `rpc-codec` is the
    /// library's own.
    pub fn metadata(mut self, mut metadata: Metadata) -> Self {
        codec::keep_name(&self.attempt.metadata, &mut metadata);
        self.attempt.metadata = metadata;
        self
    }

    /// Inherits the deadline of `context`, and ends when its call ends otherwise than well. Calls
    /// made by a handler do so by themselves; those made by a task that a handler spawned do not.
    pub fn context(mut self, context: &Context) -> Self {
        self.attempt.parent = Some(Ended::new(context.clone()));
        self
    }

    /// Waits for the reply on this thread, which is then of no use to an async runtime.
    ///
    /// It works in plain threads and inside async code. There it blocks the thread that polls:
    /// on a multi-threaded tokio runtime other tasks move to another thread meanwhile, on a
    /// current-thread runtime nothing else runs. So it cannot work where that one thread would
    /// have to move the call's bytes or run its handler: the former is an error at once, the
    /// latter ends with the deadline.
    ///
    /// # Errors
    ///
    /// How the call ended; FAILED_PRECONDITION if it could never end.
    pub fn wait(self) -> Result<T, Status> {
        if let Some(status) = blocking::would_deadlock(self.runtime()) {
            return Err(self.attempt.describe(status));
        }
        blocking::wait(self)
    }

    /// Where the connections are driven.
    pub(super) fn runtime(&self) -> &Handle {
        self.attempt.peer.runtime()
    }

    pub(super) fn address(&self) -> Arc<str> {
        self.attempt.peer.address()
    }

    /// The method that is called: its path, its kind and its options.
    pub fn method(&self) -> &'static MethodDescriptor {
        self.attempt.method
    }
}

impl<M> Call<Streaming<M>> {
    /// A call with a stream of replies.
    pub(super) fn streaming<C, Req>(
        channel: &Channel<C>,
        method: &'static MethodDescriptor,
        body: Result<Bytes, Status>,
    ) -> Self
    where
        C: Codec<Req> + Codec<M>,
    {
        let open = |replies| Streaming::new(replies, decode::<C, M>);
        Call::new::<C, Req>(channel, method, body, Complete::Stream(open))
    }
}

impl<M> Call<M> {
    /// A call with one reply.
    pub(super) fn unary<C, Req>(
        channel: &Channel<C>,
        method: &'static MethodDescriptor,
        body: Result<Bytes, Status>,
    ) -> Self
    where
        C: Codec<Req> + Codec<M>,
    {
        let complete = Complete::Reply(
            |body, _| decode::<C, M>(body),
            |body, metadata| Ok(Response::new(decode::<C, M>(body)?, metadata)),
        );
        Call::new::<C, Req>(channel, method, body, complete)
    }
}

impl<M: Message> Call<M> {
    /// Gives the reply's metadata too.
    pub fn with_metadata(self) -> Call<Response<M>> {
        let Complete::Reply(_, decode) = self.complete else {
            unreachable!("a call that gives a message has one reply");
        };
        Call {
            attempt: self.attempt,
            complete: Complete::Response(decode),
        }
    }
}

impl<T: Send + Sync + Clone + 'static> Call<T> {
    /// Sends the call now; the runtime completes it whether anybody waits or not.
    pub fn start(self) -> RpcFuture<T> {
        RpcFuture::spawn(self.runtime().clone(), self)
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Self::Output> {
        let Call { attempt, complete } = &mut *self;
        loop {
            let outcome = attempt.poll_outcome(cx);
            if let Complete::Stream(open) = complete
                && let Some(replies) = attempt.take_replies()
            {
                return Poll::Ready(Ok(open(replies)));
            }
            let status = match (ready!(outcome), &*complete) {
                (
                    Outcome::Reply { body, metadata },
                    Complete::Reply(decode, _) | Complete::Response(decode),
                ) => match decode(body.bytes, metadata) {
                    Ok(reply) => return Poll::Ready(Ok(reply)),
                    Err(status) => status,
                },
                (Outcome::Reply { .. }, Complete::Stream(_)) => {
                    Status::internal("a stream of replies ended before it was opened")
                }
                (Outcome::Failed(status), _) if attempt.send_again(&status) => continue,
                (Outcome::Failed(status), _) => status,
            };
            return Poll::Ready(Err(attempt.describe(status)));
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.attempt.method.path())
            .field("timeout", &self.attempt.timeout)
            .finish_non_exhaustive()
    }
}
