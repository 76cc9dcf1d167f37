//! A call: a value with options, and the future of its reply.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use rpc_wire::session::{Encoded, Outcome};
use rpc_wire::{Metadata, MethodDescriptor, MethodKind, Status};
use tokio::runtime::Handle;

use super::attempt::Attempt;
use super::blocking;
use super::channel::Channel;
use super::future::RpcFuture;
use super::intercepted::Intercepted;
use super::repeat::{Next, Pause, Repeat};
use super::replies::{self, Replies};
use super::response::{Response, decode};
use super::runtime;
use super::started::Started;
use super::streaming::Requests;
use crate::call::{Context, Ended, MessageSource, Streaming};
use crate::codec::{self, Codec};
use crate::retry::Policy;

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
    pub(super) complete: Complete<T>,
    /// What few calls have.
    pub(super) repeat: Option<Box<Repeat>>,
    /// Set once the channel's interceptors deal with the call.
    pub(super) intercepted: Option<Box<Intercepted>>,
}

/// What makes a call's result.
pub(super) enum Complete<T> {
    /// The reply, of which the metadata are left out.
    Reply(Decode<Response<T>>),
    /// The reply with its metadata.
    Response(Decode<T>),
    /// The stream of replies, as soon as the call is sent.
    Stream(fn(Box<dyn MessageSource>) -> T),
}

/// Takes the reply as [`Attempt::poll_outcome`] gives it.
type Decode<T> = fn(Encoded, Metadata) -> Result<T, Status>;

/// How far a call has come that was polled.
pub(super) enum Step<T> {
    Ended(Result<T, Status>),
    /// It is to be sent again later.
    Pause(Pause),
}

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
        Call {
            attempt: Attempt::new(Arc::clone(&channel.core), method, metadata, body),
            complete,
            repeat: None,
            intercepted: None,
        }
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
        let runs_user_code = Intercepted::concerns(&self.attempt);
        if self.method().kind() == MethodKind::Unary && !runs_user_code {
            return runtime::wait_for_call(self.runtime().id(), self);
        }
        blocking::wait(self)
    }

    /// Where the connections are driven.
    pub(super) fn runtime(&self) -> &Handle {
        self.attempt.core.pool.runtime()
    }

    pub(super) fn repeat_mut(&mut self) -> &mut Repeat {
        self.repeat.get_or_insert_default()
    }

    /// How often the call was sent, or is about to be.
    pub(super) fn attempts(&self) -> u32 {
        if let Some(intercepted) = &self.intercepted {
            return intercepted.attempts();
        }
        let hedged = self
            .repeat
            .as_ref()
            .and_then(|repeat| repeat.hedged.as_ref());
        hedged.map_or(self.attempt.attempts(), |hedged| hedged.attempts())
    }

    /// Whether the call, which is polled, waits to be sent again.
    pub(super) fn waits(&self) -> bool {
        match &self.intercepted {
            Some(intercepted) => intercepted.waits(),
            None => self
                .repeat
                .as_ref()
                .is_some_and(|repeat| repeat.alarm.is_some()),
        }
    }

    /// How often the call is sent at most.
    pub(super) fn attempts_allowed(&self) -> u16 {
        let (repeat, attempt) = (self.repeat.as_deref(), &self.attempt);
        match Repeat::policy(repeat, attempt) {
            Some(Policy::Hedge(_)) if !Repeat::is_hedged(repeat, attempt) => 1,
            policy => policy.map_or(1, |policy| policy.max_attempts()),
        }
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
        let decode = |reply: Encoded, metadata| {
            let message = decode::<C, M>(reply.bytes.into())?;
            Ok(Response::new(message, metadata, reply.compressed))
        };
        Call::new::<C, Req>(channel, method, body, Complete::Reply(decode))
    }
}

impl<M: Message> Call<M> {
    /// Gives the reply's metadata too, and whether it had arrived compressed.
    pub fn with_metadata(self) -> Call<Response<M>> {
        let Complete::Reply(decode) = self.complete else {
            unreachable!("a call that gives a message has one reply");
        };
        Call {
            attempt: self.attempt,
            complete: Complete::Response(decode),
            repeat: self.repeat,
            intercepted: self.intercepted,
        }
    }
}

impl<T: Send + Sync + Clone + 'static> Call<T> {
    /// Sends the call now; the runtime completes it whether anybody waits or not.
    pub fn start(self) -> RpcFuture<T> {
        RpcFuture::of(Started::begin(self))
    }
}

impl<T: Send + Sync + 'static> Call<T> {
    /// Sends the call now, and nobody waits for its outcome: a failure is traced at level DEBUG. It is sent
    /// again as any other, until its deadline.
    pub fn one_way(self) {
        Started::begin(self).detach();
    }
}

impl<T> Call<T> {
    /// Goes on until the call has ended, or waits to be sent again.
    pub(super) fn poll_step(&mut self, cx: &mut Poller<'_>) -> Poll<Step<T>> {
        if Intercepted::concerns(&self.attempt) {
            return self.poll_intercepted(cx).map(Step::Ended);
        }
        let Call {
            attempt,
            complete,
            repeat,
            ..
        } = self;
        loop {
            if attempt.is_beginning() && (repeat.is_some() || attempt.core.rules.any()) {
                Repeat::prepare(repeat, attempt);
            }
            let hedged = repeat.as_mut().and_then(|repeat| repeat.hedged.as_mut());
            let outcome = match hedged {
                Some(hedged) => hedged.poll(attempt, cx),
                None => attempt.poll_outcome(cx),
            };
            if let Complete::Stream(open) = complete
                && let Some(replies) = Replies::of(attempt, repeat)
            {
                return Poll::Ready(Step::Ended(Ok(open(Box::new(replies)))));
            }
            let status = match ready!(outcome) {
                Outcome::Reply { body, metadata } => {
                    attempt.core.rules.tokens.earn();
                    let reply = complete.reply(body, metadata);
                    let reply = reply.map_err(|status| attempt.describe(status));
                    return Poll::Ready(Step::Ended(reply));
                }
                Outcome::Failed(status) => status,
            };
            match Repeat::after(repeat.as_deref(), attempt, status) {
                Next::Again => {}
                Next::Pause(pause) => return Poll::Ready(Step::Pause(pause)),
                Next::End(status) => {
                    let status = attempt.describe(status).with_attempts(self.attempts());
                    return Poll::Ready(Step::Ended(Err(status)));
                }
            }
        }
    }
}

impl<T> Complete<T> {
    pub(super) fn reply(&self, body: Encoded, metadata: Metadata) -> Result<T, Status> {
        match self {
            Complete::Reply(decode) => decode(body, metadata).map(Response::into_inner),
            Complete::Response(decode) => decode(body, metadata),
            Complete::Stream(_) => Err(replies::never_opened()),
        }
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Self::Output> {
        loop {
            let call = &mut *self;
            let failed = match ready!(Repeat::poll_alarm(&mut call.repeat, &mut call.attempt, cx)) {
                Err(status) => status,
                Ok(()) => match ready!(call.poll_step(cx)) {
                    Step::Ended(outcome) => return Poll::Ready(outcome),
                    Step::Pause(pause) => {
                        match Repeat::pause(&mut call.repeat, &mut call.attempt, pause) {
                            Ok(()) => continue,
                            Err(status) => status,
                        }
                    }
                },
            };
            return Poll::Ready(Err(self.attempt.describe(failed)));
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
