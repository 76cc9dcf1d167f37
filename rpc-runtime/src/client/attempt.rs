//! A call on its way: for a connection, in a queue, sent.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rpc_wire::session::{Encoded, Outcome, OutgoingRequest};
use rpc_wire::{Metadata, MethodDescriptor, MethodKind, Stage, Status};
use tokio::time::timeout_at;

use super::channel::Core;
use super::compression::Compress;
use super::streaming::{Requests, Upload};
use crate::call::{Context, Ended};
use crate::connection::any::AnyConnection;
use crate::connection::client::Started;
use crate::pool::{self, ClientPool, Entered, Ticket};

/// An encoded request on its way to an outcome. Dropping it cancels the call.
pub(super) struct Attempt {
    pub(super) core: Arc<Core>,
    pub(super) method: &'static MethodDescriptor,
    pub(super) body: Encoded,
    /// The body as the connection takes it, if it is compressed.
    pub(super) compressed: Option<Box<Encoded>>,
    pub(super) compress: Compress,
    pub(super) metadata: Metadata,
    pub(super) timeout: Option<Duration>,
    /// The call that this one is made for, which ends it too.
    pub(super) parent: Option<Ended>,
    /// The stream of requests, until it is being sent.
    pub(super) requests: Option<Requests>,
    pub(super) upload: Option<Upload>,
    /// When the call ends at the latest; set when it is first polled.
    pub(super) deadline: Option<Instant>,
    /// The time that this attempt may take.
    pub(super) attempt_timeout: Option<Duration>,
    /// When this attempt ends at the latest.
    pub(super) limit: Option<Instant>,
    /// How often the request was sent before.
    pub(super) resent: u32,
    /// How many of these times were because a connection was being replaced.
    pub(super) transparent: u8,
    /// An attempt that came before, or beside this one, may have run.
    pub(super) ran: bool,
    /// The server goes on taking calls, and refused this one.
    pub(super) refused: bool,
    pub(super) state: State,
}

type Lease = pool::Lease<AnyConnection>;
type Acquiring = Pin<Box<dyn Future<Output = Result<Lease, Status>> + Send>>;

/// Where a call is.
pub(super) enum State {
    New,
    /// To be sent again.
    Again,
    /// It cannot be made.
    Failed(Status),
    /// It waits for a place on a connection.
    Acquiring(Acquiring),
    /// A place is kept for it.
    Granted(Lease),
    /// Its request was handed over.
    Sent {
        connection: Arc<AnyConnection>,
        id: u32,
    },
    Done,
}

impl Attempt {
    /// An attempt with a request, or with the reason why there is none.
    pub(super) fn new(
        core: Arc<Core>,
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
        let mut attempt = Attempt::again(core, method, body);
        attempt.timeout = attempt.core.timeout_of(method);
        attempt.compress = attempt.core.compress;
        attempt.parent = Context::current().map(Ended::new);
        attempt.metadata = metadata;
        attempt.state = state;
        attempt
    }

    pub(super) fn with_requests(mut self, requests: Requests) -> Self {
        self.requests = Some(requests);
        self
    }

    /// Attaches what is known of the call to a status.
    pub(super) fn describe(&self, status: Status) -> Status {
        let status = match status.address() {
            Some(_) => status,
            None => status.with_address(&*self.core.pool.address()),
        };
        self.all_told(status)
            .with_method(self.method.path())
            .with_attempts(self.attempts())
    }

    /// The status of the last attempt as that of the call, which may have run if any attempt may.
    fn all_told(&self, status: Status) -> Status {
        let may_have_run = self.ran || status.may_have_run();
        status.with_may_have_run(may_have_run)
    }

    /// How often the request was sent, or was about to be.
    pub(super) fn attempts(&self) -> u32 {
        self.resent + 1
    }

    pub(super) fn set_deadline(&mut self, now: Instant) {
        let own = self.timeout.and_then(|timeout| now.checked_add(timeout));
        let parent = self.parent.as_ref();
        let inherited = parent.and_then(|parent| parent.context().deadline());
        self.deadline = own.into_iter().chain(inherited).min();
    }

    /// Begins an attempt.
    fn begin(&mut self, now: Instant, cx: &Poller<'_>) -> State {
        let timeout = self.attempt_timeout;
        let own = timeout.and_then(|timeout| now.checked_add(timeout));
        self.limit = own.into_iter().chain(self.deadline).min();
        match self.core.pool.current() {
            Some(connection) => self.send(now, connection, cx),
            None => self.acquire(None),
        }
    }

    /// Goes for a place on a connection; `ticket` says when the call came if it did so before.
    pub(super) fn acquire(&self, ticket: Option<Ticket>) -> State {
        let needs_agreement = self.compress.needs_agreement();
        let entered = match self.core.pool.enter(ticket) {
            Ok(Entered::Granted(lease)) if !needs_agreement => return State::Granted(lease),
            Ok(entered) => entered,
            Err(status) => return State::Failed(status),
        };
        let (pool, limit) = (Arc::clone(&self.core.pool), self.limit);
        State::Acquiring(Box::pin(async move {
            let lease = Arc::clone(&pool).granted(entered, limit).await?;
            if needs_agreement {
                established(&pool, lease.connection(), limit).await?;
            }
            Ok(lease)
        }))
    }

    /// Hands the request to a connection that is at hand.
    fn send(&mut self, now: Instant, connection: Arc<AnyConnection>, cx: &Poller<'_>) -> State {
        if self.is_late(now) {
            return State::Failed(too_late_to("connecting", Stage::Connect));
        }
        if self.compress.needs_agreement() && !connection.is_established() {
            return self.acquire(None);
        }
        if let Err(status) = self.compress_for(&connection) {
            return State::Failed(status);
        }
        let started = connection.start(now, &self.request(), false, cx);
        self.started(started, connection, None)
    }

    /// Hands the request to the connection on which a place is kept for it.
    fn send_on(&mut self, now: Instant, lease: Lease, cx: &Poller<'_>) -> State {
        if self.is_late(now) {
            return State::Failed(too_late_to("the call was queued", Stage::Queue));
        }
        if let Err(status) = self.compress_for(lease.connection()) {
            return State::Failed(status);
        }
        let ticket = lease.ticket();
        let connection = lease.take();
        let started = connection.start(now, &self.request(), true, cx);
        self.started(started, connection, Some(ticket))
    }

    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.limit.is_some_and(|limit| limit <= now)
    }

    /// Makes the request as a connection takes it.
    fn compress_for(&mut self, connection: &AnyConnection) -> Result<(), Status> {
        if self.compress.is_wanted() {
            let compressed = self.compress.apply(connection, &self.body.bytes)?;
            self.compressed = compressed.map(Box::new);
        }
        Ok(())
    }

    fn request(&self) -> OutgoingRequest<'_> {
        OutgoingRequest {
            method_number: self.method.number(),
            path: self.method.path(),
            deadline: self.limit,
            metadata: &self.metadata,
            attempt: self.resent,
            kind: self.method.kind(),
            body: self.compressed.as_deref().unwrap_or(&self.body),
            may_compress: self.compress.is_wanted(),
            descriptor: Some(self.method),
        }
    }

    fn started(
        &self,
        started: Started,
        connection: Arc<AnyConnection>,
        ticket: Option<Ticket>,
    ) -> State {
        match started {
            Started::Open(id) => State::Sent { connection, id },
            Started::Full | Started::Elsewhere => self.acquire(ticket),
            Started::Failed(status) => State::Failed(status),
        }
    }

    /// Goes on until the call has an outcome: a reply as its codec wants it, which says whether it had arrived
    /// compressed. A call whose replies stream is sent when it waits.
    pub(super) fn poll_outcome(&mut self, cx: &mut Poller<'_>) -> Poll<Outcome> {
        if let Poll::Ready(outcome) = self.poll_attempt(cx) {
            return Poll::Ready(outcome);
        }
        self.poll_parent(cx).map(Outcome::Failed)
    }

    /// Gives the call up once the one that it is made for has ended.
    pub(super) fn poll_parent(&mut self, cx: &Poller<'_>) -> Poll<Status> {
        let Some(parent) = &mut self.parent else {
            return Poll::Pending;
        };
        let status = ready!(parent.poll_failed(cx));
        self.give_up();
        Poll::Ready(status)
    }

    /// As [`poll_outcome`](Self::poll_outcome), whatever has become of the call that this one is made for.
    pub(super) fn poll_attempt(&mut self, cx: &mut Poller<'_>) -> Poll<Outcome> {
        loop {
            let next = match &mut self.state {
                State::New => {
                    let now = Instant::now();
                    self.set_deadline(now);
                    self.begin(now, cx)
                }
                State::Again => match self.poll_parent(cx) {
                    Poll::Ready(status) => State::Failed(status),
                    Poll::Pending => self.begin(Instant::now(), cx),
                },
                State::Acquiring(acquiring) => match ready!(acquiring.as_mut().poll(cx)) {
                    Ok(lease) => State::Granted(lease),
                    Err(status) => State::Failed(status),
                },
                State::Granted(_) => match std::mem::replace(&mut self.state, State::Done) {
                    State::Granted(lease) => self.send_on(Instant::now(), lease, cx),
                    other => other,
                },
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
                    self.refused = is_refusal(&outcome) && connection.accepts();
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
                    let runtime = self.core.pool.runtime();
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

    /// Cancels the call, wherever it is.
    pub(super) fn give_up(&mut self) {
        if let State::Sent { connection, id } = std::mem::replace(&mut self.state, State::Done) {
            connection.cancel(id);
        }
    }

    /// Where the request was handed over, once it was.
    pub(super) fn sent(&self) -> Option<(&Arc<AnyConnection>, u32)> {
        match &self.state {
            State::Sent { connection, id } => Some((connection, *id)),
            _ => None,
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Decompresses a reply, which goes on to say that it had arrived compressed.
fn received(outcome: Outcome, connection: &AnyConnection) -> Outcome {
    match outcome {
        Outcome::Reply { body, metadata } if body.compressed => match connection.decompress(body) {
            Ok(bytes) => Outcome::Reply {
                body: Encoded {
                    bytes,
                    compressed: true,
                },
                metadata,
            },
            Err(status) => Outcome::Failed(status),
        },
        other => other,
    }
}

/// Whether the call was not executed.
fn is_refusal(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(status) if !status.may_have_run())
}

/// Waits until a connection has agreed with its server on what both can do.
async fn established(
    pool: &ClientPool,
    connection: &AnyConnection,
    limit: Option<Instant>,
) -> Result<(), Status> {
    let Some(limit) = limit else {
        return connection.established().await;
    };
    let established = {
        let _runtime = pool.runtime().enter();
        timeout_at(limit.into(), connection.established())
    };
    established
        .await
        .unwrap_or_else(|_| Err(too_late_to("connecting", Stage::Connect)))
}

fn too_late_to(what: &str, stage: Stage) -> Status {
    Status::deadline_exceeded(format!("the deadline passed while {what}"))
        .with_stage(stage)
        .with_may_have_run(false)
}
