//! A call: a value with options, and the future of its reply.

use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost::Message;
use rpc_wire::session::{Outcome, OutgoingRequest};
use rpc_wire::{Code, Metadata, MethodDescriptor, MethodKind, Stage, Status};
use tokio::time::{Sleep, sleep_until};

use super::blocking;
use super::channel::Channel;
use super::future::RpcFuture;
use super::response::{Response, decode};
use super::streaming::{Replies, Requests, Upload};
use crate::call::{Context, Streaming};
use crate::connection::admission::Ticket;
use crate::connection::client::{ClientConnection, Started};

/// How often a call is sent again because the server provably never started it, which happens
/// when a connection is replaced.
const MAX_TRANSPARENT_RETRIES: u32 = 3;

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
    channel: Channel,
    method: &'static MethodDescriptor,
    body: Bytes,
    metadata: Metadata,
    timeout: Option<Duration>,
    /// The deadline of the handler that makes the call.
    inherited: Option<Instant>,
    complete: Complete<T>,
    /// The stream of requests, until it is being sent.
    requests: Option<Requests>,
    upload: Option<Upload>,
    /// When the call ends at the latest; set when it is first polled.
    deadline: Option<Instant>,
    retries: u32,
    state: State,
}

/// What makes a call's result.
enum Complete<T> {
    /// The reply.
    Reply(fn(Bytes, Metadata) -> Result<T, Status>),
    /// The stream of replies, as soon as the call is sent.
    Stream(fn(Replies) -> T),
}

type Acquiring = Pin<Box<dyn Future<Output = Result<Arc<ClientConnection>, Status>> + Send>>;

/// Where a call is.
enum State {
    New,
    /// It cannot be made.
    Failed(Status),
    /// It waits for a connection.
    Acquiring(Acquiring),
    /// It waits for a stream of its connection.
    Queued {
        connection: Arc<ClientConnection>,
        ticket: Ticket,
        timer: Option<Pin<Box<Sleep>>>,
    },
    /// Its request was handed over.
    Sent {
        connection: Arc<ClientConnection>,
        id: u32,
    },
    Done,
}

impl<T> Call<T> {
    fn new(
        channel: Channel,
        method: &'static MethodDescriptor,
        body: Bytes,
        complete: Complete<T>,
    ) -> Self {
        // A stream may be meant to stay open, so only unary calls have a default deadline.
        let default = channel
            .timeout
            .filter(|_| method.kind() == MethodKind::Unary);
        Call {
            timeout: method.timeout().or(default),
            inherited: Context::current().and_then(|context| context.deadline()),
            channel,
            method,
            body,
            metadata: Metadata::new(),
            complete,
            requests: None,
            upload: None,
            deadline: None,
            retries: 0,
            state: State::New,
        }
    }

    pub(super) fn with_requests(mut self, requests: Requests) -> Self {
        self.requests = Some(requests);
        self
    }

    /// The time that the call may take in all, in place of the method's or the channel's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends `metadata` along, in place of what was set before.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Inherits the deadline of `context`. Calls made by a handler do so by themselves; those
    /// made by a task that a handler spawned do not.
    pub fn context(mut self, context: &Context) -> Self {
        self.inherited = context.deadline();
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
        if let Some(status) = blocking::would_deadlock(self.channel.peer.runtime()) {
            return Err(self.describe(status));
        }
        blocking::wait(self)
    }

    pub(super) fn address(&self) -> Arc<str> {
        self.channel.peer.address()
    }

    pub(super) fn method(&self) -> &'static MethodDescriptor {
        self.method
    }

    /// Attaches what is known of the call to a status.
    fn describe(&self, status: Status) -> Status {
        let status = match status.address() {
            Some(_) => status,
            None => status.with_address(&*self.channel.peer.address()),
        };
        status.with_method(self.method.path())
    }

    fn set_deadline(&mut self, now: Instant) {
        let own = self.timeout.and_then(|timeout| now.checked_add(timeout));
        self.deadline = match (own, self.inherited) {
            (Some(own), Some(inherited)) => Some(own.min(inherited)),
            (own, inherited) => own.or(inherited),
        };
    }

    /// Goes off at the deadline, if there is one.
    fn timer(&self) -> Option<Pin<Box<Sleep>>> {
        let _runtime = self.channel.peer.runtime().enter();
        self.deadline
            .map(|deadline| Box::pin(sleep_until(deadline.into())))
    }

    /// Goes for a connection that takes the call.
    fn acquire(&self) -> State {
        let peer = Arc::clone(&self.channel.peer);
        let timer = self.timer();
        State::Acquiring(Box::pin(async move {
            let too_late = async {
                match timer {
                    Some(timer) => timer.await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                connection = peer.connection() => connection,
                () = too_late => Err(too_late_to("connecting", Stage::Connect)),
            }
        }))
    }

    /// Hands the request to a connection.
    fn send(&self, now: Instant, connection: Arc<ClientConnection>, cx: &Poller<'_>) -> State {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return State::Failed(too_late_to("connecting", Stage::Connect));
        }
        let started = connection.start(now, &self.request(), None, cx);
        self.started(started, connection)
    }

    fn request(&self) -> OutgoingRequest<'_> {
        OutgoingRequest {
            method_number: self.method.number(),
            path: self.method.path(),
            deadline: self.deadline,
            metadata: &self.metadata,
            attempt: self.retries,
            kind: self.method.kind(),
            body: &self.body,
        }
    }

    fn started(&self, started: Started, connection: Arc<ClientConnection>) -> State {
        match started {
            Started::Open(id) => State::Sent { connection, id },
            Started::Queued(ticket) => State::Queued {
                connection,
                ticket,
                timer: self.timer(),
            },
            Started::Elsewhere => self.acquire(),
            Started::Failed(status) => State::Failed(status),
        }
    }

    fn poll_outcome(&mut self, cx: &mut Poller<'_>) -> Poll<Outcome> {
        loop {
            let next = match &mut self.state {
                State::New => {
                    let now = Instant::now();
                    self.set_deadline(now);
                    match self.channel.peer.current() {
                        Some(connection) => self.send(now, connection, cx),
                        None => self.acquire(),
                    }
                }
                State::Acquiring(acquiring) => match ready!(acquiring.as_mut().poll(cx)) {
                    Ok(connection) => self.send(Instant::now(), connection, cx),
                    Err(status) => State::Failed(status),
                },
                State::Queued {
                    connection, ticket, ..
                } => {
                    let (connection, ticket) = (connection.clone(), *ticket);
                    ready!(self.poll_queued(connection, ticket, cx))
                }
                State::Sent { connection, id } => {
                    let outcome = match self.method.kind() {
                        MethodKind::Unary => ready!(connection.poll_reply(*id, cx)),
                        _ => {
                            let outcome = ready!(connection.poll_streamed_reply(*id, cx));
                            // Gives the place of the ended stream back.
                            connection.cancel(*id);
                            outcome
                        }
                    };
                    let outcome = located(outcome, connection);
                    self.state = State::Done;
                    return Poll::Ready(outcome);
                }
                State::Failed(_) | State::Done => {
                    let status = match std::mem::replace(&mut self.state, State::Done) {
                        State::Failed(status) => status,
                        _ => Status::internal("the call was polled after its end"),
                    };
                    return Poll::Ready(Outcome::Failed(status));
                }
            };
            self.state = next;
            if let State::Sent { connection, id } = &self.state {
                if let Some(requests) = self.requests.take() {
                    let runtime = self.channel.peer.runtime();
                    self.upload = Some(Upload::start(runtime, connection.clone(), *id, requests));
                }
                return Poll::Pending;
            }
        }
    }

    /// Goes on once a stream is kept for the call, or its deadline has passed.
    fn poll_queued(
        &mut self,
        connection: Arc<ClientConnection>,
        ticket: Ticket,
        cx: &mut Poller<'_>,
    ) -> Poll<State> {
        let now = Instant::now();
        if self.deadline.is_none_or(|deadline| deadline > now) {
            match connection.start(now, &self.request(), Some(ticket), cx) {
                // The connection lives, so its runtime does: a timer must not be polled after it.
                Started::Queued(same) if same == ticket => match &mut self.state {
                    State::Queued {
                        timer: Some(timer), ..
                    } => ready!(timer.as_mut().poll(cx)),
                    _ => return Poll::Pending,
                },
                started => return Poll::Ready(self.started(started, connection)),
            }
        }
        connection.leave_queue(ticket);
        Poll::Ready(State::Failed(too_late_to(
            "the call was queued: all streams of the connection, \
            max_concurrent_streams of the server, were taken",
            Stage::Queue,
        )))
    }

    /// Whether a call that failed was provably not started, and may go to another connection.
    fn may_send_again(&self, status: &Status) -> bool {
        status.code() == Code::Unavailable
            && !status.may_have_run()
            && matches!(status.stage(), Some(Stage::Send | Stage::Wait))
            && self.retries < MAX_TRANSPARENT_RETRIES
            && self.upload.is_none()
    }

    /// The stream of replies, once the call is sent.
    fn take_stream(&mut self, open: fn(Replies) -> T) -> Option<T> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Sent { connection, id } => Some(open(Replies {
                connection,
                id,
                method: self.method,
                _upload: self.upload.take(),
            })),
            other => {
                self.state = other;
                None
            }
        }
    }
}

impl<M: Message + Default + 'static> Call<Streaming<M>> {
    pub(super) fn streaming(
        channel: Channel,
        method: &'static MethodDescriptor,
        body: Bytes,
    ) -> Self {
        let open = |replies| Streaming::new(replies, decode::<M>);
        Call::new(channel, method, body, Complete::Stream(open))
    }
}

impl<M: Message + Default> Call<M> {
    pub(super) fn unary(channel: Channel, method: &'static MethodDescriptor, body: Bytes) -> Self {
        Call::new(
            channel,
            method,
            body,
            Complete::Reply(|body, _| decode(body)),
        )
    }

    /// Gives the reply's metadata too.
    pub fn with_metadata(mut self) -> Call<Response<M>> {
        Call {
            channel: self.channel.clone(),
            method: self.method,
            body: std::mem::take(&mut self.body),
            metadata: std::mem::take(&mut self.metadata),
            timeout: self.timeout,
            inherited: self.inherited,
            complete: Complete::Reply(|body, metadata| Ok(Response::new(decode(body)?, metadata))),
            requests: self.requests.take(),
            upload: self.upload.take(),
            deadline: self.deadline,
            retries: self.retries,
            state: std::mem::replace(&mut self.state, State::Done),
        }
    }
}

impl<T: Send + Sync + Clone + 'static> Call<T> {
    /// Sends the call now; the runtime completes it whether anybody waits or not.
    pub fn start(self) -> RpcFuture<T> {
        RpcFuture::spawn(self.channel.peer.runtime().clone(), self)
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Self::Output> {
        loop {
            let outcome = self.poll_outcome(cx);
            if let Complete::Stream(open) = self.complete
                && let Some(stream) = self.take_stream(open)
            {
                return Poll::Ready(Ok(stream));
            }
            let status = match (ready!(outcome), &self.complete) {
                (Outcome::Reply { body, metadata }, Complete::Reply(decode)) => {
                    match decode(body, metadata) {
                        Ok(reply) => return Poll::Ready(Ok(reply)),
                        Err(status) => status,
                    }
                }
                (Outcome::Reply { .. }, Complete::Stream(_)) => {
                    Status::internal("a stream of replies ended before it was opened")
                }
                (Outcome::Failed(status), _) if self.may_send_again(&status) => {
                    self.retries += 1;
                    self.state = self.acquire();
                    continue;
                }
                (Outcome::Failed(status), _) => status,
            };
            return Poll::Ready(Err(self.describe(status)));
        }
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        match &self.state {
            State::Sent { connection, id } => connection.cancel(*id),
            State::Queued {
                connection, ticket, ..
            } => connection.leave_queue(*ticket),
            _ => {}
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method.path())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Attaches the connection's address to a status.
fn located(outcome: Outcome, connection: &ClientConnection) -> Outcome {
    match outcome {
        Outcome::Failed(status) => Outcome::Failed(status.with_address(&**connection.address())),
        reply => reply,
    }
}

fn too_late_to(what: &str, stage: Stage) -> Status {
    Status::deadline_exceeded(format!("the deadline passed while {what}"))
        .with_stage(stage)
        .with_may_have_run(false)
}
