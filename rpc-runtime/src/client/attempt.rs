//! A call on its way: for a connection, in a queue, sent.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rpc_wire::session::{Encoded, Outcome, OutgoingRequest};
use rpc_wire::{Code, Metadata, MethodDescriptor, MethodKind, Stage, Status};
use tokio::time::{Sleep, sleep_until};

use super::compression::Compress;
use super::peer::Peer;
use super::streaming::{Replies, Requests, Upload};
use crate::call::{Context, Ended};
use crate::connection::admission::Ticket;
use crate::connection::client::{ClientConnection, Started};

/// How often a call is sent again because the server provably never started it, which happens
/// when a connection is replaced.
const MAX_TRANSPARENT_RETRIES: u32 = 3;

/// An encoded request on its way to an outcome. Dropping it cancels the call.
pub(super) struct Attempt {
    pub(super) peer: Arc<Peer>,
    pub(super) method: &'static MethodDescriptor,
    body: Encoded,
    /// The body as the connection takes it, if it is compressed.
    compressed: Option<Box<Encoded>>,
    pub(super) compress: Compress,
    pub(super) metadata: Metadata,
    pub(super) timeout: Option<Duration>,
    /// The call that this one is made for, which ends it too.
    pub(super) parent: Option<Ended>,
    /// The stream of requests, until it is being sent.
    requests: Option<Requests>,
    upload: Option<Upload>,
    /// When the call ends at the latest; set when it is first polled.
    deadline: Option<Instant>,
    retries: u32,
    state: State,
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

impl Attempt {
    /// An attempt with a request, or with the reason why there is none.
    pub(super) fn new(
        peer: Arc<Peer>,
        method: &'static MethodDescriptor,
        metadata: Metadata,
        body: Result<Bytes, Status>,
    ) -> Self {
        let (body, state) = match body {
            Ok(body) => (body, State::New),
            Err(status) => {
                let status = status.with_may_have_run(false);
                (Bytes::new(), State::Failed(status))
            }
        };
        Attempt {
            peer,
            method,
            body: body.into(),
            compressed: None,
            compress: Compress::Never,
            metadata,
            timeout: method.timeout(),
            parent: Context::current().map(Ended::new),
            requests: None,
            upload: None,
            deadline: None,
            retries: 0,
            state,
        }
    }

    pub(super) fn with_requests(mut self, requests: Requests) -> Self {
        self.requests = Some(requests);
        self
    }

    /// Attaches what is known of the call to a status.
    pub(super) fn describe(&self, status: Status) -> Status {
        let status = match status.address() {
            Some(_) => status,
            None => status.with_address(&*self.peer.address()),
        };
        status.with_method(self.method.path())
    }

    fn set_deadline(&mut self, now: Instant) {
        let own = self.timeout.and_then(|timeout| now.checked_add(timeout));
        let parent = self.parent.as_ref();
        let inherited = parent.and_then(|parent| parent.context().deadline());
        self.deadline = own.into_iter().chain(inherited).min();
    }

    /// Goes off at the deadline, if there is one.
    fn timer(&self) -> Option<Pin<Box<Sleep>>> {
        let _runtime = self.peer.runtime().enter();
        self.deadline
            .map(|deadline| Box::pin(sleep_until(deadline.into())))
    }

    /// Goes for a connection that takes the call.
    fn acquire(&self) -> State {
        let peer = Arc::clone(&self.peer);
        let timer = self.timer();
        let needs_agreement = self.compress.needs_agreement();
        State::Acquiring(Box::pin(async move {
            let too_late = async {
                match timer {
                    Some(timer) => timer.await,
                    None => pending().await,
                }
            };
            let connection = async {
                let connection = peer.connection().await?;
                if needs_agreement {
                    connection.established().await?;
                }
                Ok(connection)
            };
            tokio::select! {
                biased;
                connection = connection => connection,
                () = too_late => Err(too_late_to("connecting", Stage::Connect)),
            }
        }))
    }

    /// Hands the request to a connection.
    fn send(&mut self, now: Instant, connection: Arc<ClientConnection>, cx: &Poller<'_>) -> State {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return State::Failed(too_late_to("connecting", Stage::Connect));
        }
        if self.compress.needs_agreement() && !connection.is_established() {
            return self.acquire();
        }
        if self.compress.is_wanted() {
            match self.compress.apply(&connection, &self.body.bytes) {
                Ok(compressed) => self.compressed = compressed.map(Box::new),
                Err(status) => return State::Failed(status),
            }
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
            body: self.compressed.as_deref().unwrap_or(&self.body),
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

    /// Goes on until the call has an outcome. A call whose replies stream is sent when it waits.
    pub(super) fn poll_outcome(&mut self, cx: &mut Poller<'_>) -> Poll<Outcome> {
        if let Poll::Ready(outcome) = self.poll_attempt(cx) {
            return Poll::Ready(outcome);
        }
        let Some(parent) = &mut self.parent else {
            return Poll::Pending;
        };
        let status = ready!(parent.poll_failed(cx));
        self.give_up();
        Poll::Ready(Outcome::Failed(status))
    }

    fn poll_attempt(&mut self, cx: &mut Poller<'_>) -> Poll<Outcome> {
        loop {
            let next = match &mut self.state {
                State::New => {
                    let now = Instant::now();
                    self.set_deadline(now);
                    match self.peer.current() {
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
                    let outcome = received(outcome, connection);
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
                    let runtime = self.peer.runtime();
                    self.upload = Some(Upload::start(
                        runtime,
                        connection.clone(),
                        *id,
                        requests,
                        self.compress,
                    ));
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

    /// Starts again after a failure, if that is certain to do no harm.
    pub(super) fn send_again(&mut self, status: &Status) -> bool {
        let again = self.may_send_again(status);
        if again {
            self.retries += 1;
            self.state = self.acquire();
        }
        again
    }

    /// Cancels the call, wherever it is.
    fn give_up(&mut self) {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Sent { connection, id } => connection.cancel(id),
            State::Queued {
                connection, ticket, ..
            } => connection.leave_queue(ticket),
            _ => {}
        }
    }

    /// The stream of replies, once the call is sent.
    pub(super) fn take_replies(&mut self) -> Option<Replies> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Sent { connection, id } => Some(Replies {
                connection,
                id,
                method: self.method,
                upload: self.upload.take(),
                parent: self.parent.take(),
            }),
            other => {
                self.state = other;
                None
            }
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Attaches the connection's address to a status, and decompresses a reply.
fn received(outcome: Outcome, connection: &ClientConnection) -> Outcome {
    match outcome {
        Outcome::Failed(status) => failed(status, connection),
        Outcome::Reply { body, metadata } if body.compressed => match connection.decompress(body) {
            Ok(body) => Outcome::Reply {
                body: body.into(),
                metadata,
            },
            Err(status) => failed(status, connection),
        },
        reply => reply,
    }
}

fn failed(status: Status, connection: &ClientConnection) -> Outcome {
    Outcome::Failed(status.with_address(&**connection.address()))
}

fn too_late_to(what: &str, stage: Stage) -> Status {
    Status::deadline_exceeded(format!("the deadline passed while {what}"))
        .with_stage(stage)
        .with_may_have_run(false)
}
