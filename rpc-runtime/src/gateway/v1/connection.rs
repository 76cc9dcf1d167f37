//! The task that serves a version 1 client.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};

use super::calls::Calls;
use super::frame::{self, Limits};
use super::progress::Progress;
use crate::connection::lifetime::Lifetime;
use crate::connection::reschedule::TURNS_IN_A_ROW;
use crate::connection::shutdown::{Phase, SHUTTING_DOWN, Shutdown};
use crate::connection::timer::Timer;
use crate::connection::wire::{READ_SIZE, Wire};
use crate::server::GatewayConnection;

/// Time for the other calls of a connection to end after one that cannot be answered, whose caller
/// is to learn of it soon.
const FAILURE_GRACE: Duration = Duration::from_secs(1);

/// Serves one connection. Dropped, it cancels its calls.
pub(super) struct Connection {
    wire: Wire<BytesMut>,
    peer: Option<SocketAddr>,
    calls: Calls,
    max_calls: usize,
    max_unread_output: usize,
    limits: Limits,
    progress: Progress,
    write_timeout: Duration,
    lifetime: Lifetime,
    timer: Timer,
    state: State,
    shutdown: Shutdown,
    /// Calls that ran when the server began to shut down.
    before_shutdown: Option<u64>,
    /// Calls that it could not wait for.
    cut: u64,
    /// Counted to let other tasks have their turn.
    reads: u32,
}

/// Each state takes in less than the one before it, and none leads back.
enum State {
    Open,
    /// Nothing more is read: what was read is answered.
    Draining {
        reason: &'static str,
    },
    /// A call cannot be answered: those that run have a little time.
    Failed {
        reason: String,
        until: Instant,
    },
}

enum Event {
    Read(usize),
    Written,
    /// A reply was appended to the output, or there is none.
    Reply(Result<(), String>),
    Shutdown(Phase),
    Timer,
}

impl Connection {
    pub(super) fn new(connection: GatewayConnection) -> Self {
        let GatewayConnection {
            opened,
            peer,
            identity,
            router,
            config,
            shutdown,
        } = connection;
        let settings = &config.session.settings;
        Connection {
            wire: Wire::new(opened.transport, opened.input),
            peer,
            calls: Calls::new(router, peer, identity),
            max_calls: settings.max_concurrent_streams as usize,
            max_unread_output: config.max_unread_output,
            limits: Limits {
                max_metadata_size: settings.max_metadata_size,
                max_message_size: config.session.max_message_size,
            },
            progress: Progress::new(config.frame_timeout),
            write_timeout: config.write_timeout,
            lifetime: Lifetime::new(config.idle_timeout, config.max_age),
            timer: Timer::default(),
            state: State::Open,
            shutdown,
            before_shutdown: None,
            cut: 0,
            reads: 0,
        }
    }

    /// Serves until the connection ends; says why it ended.
    pub(super) async fn run(mut self) -> String {
        let reason = loop {
            self.take_requests();
            if let Some(reason) = self.end() {
                break reason;
            }
            match poll_fn(|cx| self.poll_event(cx)).await {
                Ok(Event::Read(0)) => break "the client closed the connection".to_owned(),
                Ok(event) => self.handle(event).await,
                Err(error) => break format!("the connection broke: {error}"),
            }
        };
        if let Some(before) = self.before_shutdown {
            let finished = before.saturating_sub(self.calls.running() as u64);
            self.shutdown.tally.add(finished, 0, self.cut);
        }
        self.calls.cancel();
        self.wire.close().await;
        reason
    }

    /// Begins the calls that were read, as many as may run.
    fn take_requests(&mut self) {
        let mut input = std::mem::take(&mut self.wire.input);
        let before = input.len();
        while !matches!(self.state, State::Failed { .. }) && self.has_room() {
            match frame::parse(&input, &self.limits) {
                Ok(Some(request)) => {
                    let length = request.frame_len();
                    let begun = self.calls.begin(&request, &mut self.wire.output);
                    self.check(begun);
                    input.advance(length);
                }
                Ok(None) => break,
                Err(error) => self.fail(error.to_string(), FAILURE_GRACE),
            }
        }
        if self.may_read() {
            let is_new = input.len() < before;
            self.progress.update(Instant::now(), input.len(), is_new);
        } else {
            // The client cannot finish a frame that nobody reads.
            self.progress.stop();
        }
        // The room for a large message is not kept.
        if !input.is_empty() || before <= READ_SIZE {
            self.wire.input = input;
        }
    }

    /// Why the connection has nothing left to do, if it has not.
    fn end(&mut self) -> Option<String> {
        let is_idle = self.calls.running() == 0 && !self.wire.output.has_remaining();
        match &mut self.state {
            State::Draining { reason } if is_idle => Some((*reason).to_owned()),
            State::Failed { reason, until } if is_idle || *until <= Instant::now() => {
                Some(std::mem::take(reason))
            }
            _ => None,
        }
    }

    /// Whether another call may begin.
    fn has_room(&self) -> bool {
        self.calls.running() < self.max_calls
            && self.wire.output.remaining() < self.max_unread_output
    }

    fn may_read(&self) -> bool {
        matches!(self.state, State::Open) && self.has_room()
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Event>> {
        let was_writing = self.wire.is_writing();
        if self.wire.poll_write(cx)?.is_ready() && was_writing {
            return Poll::Ready(Ok(Event::Written));
        }
        if let Poll::Ready(reply) = self.calls.poll_reply(cx, &mut self.wire.output) {
            return Poll::Ready(Ok(Event::Reply(reply)));
        }
        if let Poll::Ready(phase) = self.shutdown.poll_next(cx) {
            return Poll::Ready(Ok(Event::Shutdown(phase)));
        }
        // Before reading, which a busy client always has something for.
        let goal = self.next_timeout();
        if self.timer.poll(goal, cx).is_ready() {
            return Poll::Ready(Ok(Event::Timer));
        }
        if !self.may_read() {
            return Poll::Pending;
        }
        self.wire.poll_read(cx).map_ok(Event::Read)
    }

    async fn handle(&mut self, event: Event) {
        match event {
            Event::Reply(reply) => {
                self.check(reply);
                // Handlers that are about to end do so first: one write carries all their replies.
                tokio::task::yield_now().await;
                let cx = &mut Context::from_waker(std::task::Waker::noop());
                while let Poll::Ready(reply) = self.calls.poll_reply(cx, &mut self.wire.output) {
                    self.check(reply);
                }
            }
            Event::Read(_) => {
                self.lifetime.used(Instant::now());
                self.reads = self.reads.wrapping_add(1);
                if self.reads.is_multiple_of(TURNS_IN_A_ROW) {
                    tokio::task::yield_now().await;
                }
            }
            Event::Shutdown(Phase::Over) => {
                self.cut = self.calls.running() as u64;
                let reason = "its calls took longer than shutdown_grace".to_owned();
                self.fail(reason, Duration::ZERO);
            }
            Event::Shutdown(_) => {
                self.before_shutdown = Some(self.calls.running() as u64);
                self.drain(SHUTTING_DOWN);
            }
            Event::Timer => self.expire(Instant::now()),
            Event::Written => {}
        }
    }

    /// When something has to be done if nothing happens.
    fn next_timeout(&mut self) -> Option<Instant> {
        let failed = match &self.state {
            State::Failed { until, .. } => Some(*until),
            _ => None,
        };
        let goals = [
            failed,
            self.progress.deadline(),
            self.write_deadline(),
            self.lifetime.end(self.calls.running() > 0),
        ];
        goals.into_iter().flatten().min()
    }

    fn expire(&mut self, now: Instant) {
        if self.progress.deadline().is_some_and(|until| until <= now) {
            let timeout = self.progress.timeout();
            let reason = format!("a frame did not go on for {timeout:?} (frame_timeout)");
            self.fail(reason, FAILURE_GRACE);
        }
        if self.write_deadline().is_some_and(|until| until <= now) {
            let reason = format!(
                "the client took nothing of what was written for {:?} (write_timeout)",
                self.write_timeout
            );
            // Who does not read cannot be answered.
            self.fail(reason, Duration::ZERO);
        }
        if let Some(end) = self.lifetime.expire(now, self.calls.running() > 0) {
            self.drain(end.of_server());
        }
    }

    /// By when the client must have taken something of the output.
    fn write_deadline(&self) -> Option<Instant> {
        self.wire.stalled_since()?.checked_add(self.write_timeout)
    }

    fn drain(&mut self, reason: &'static str) {
        if matches!(self.state, State::Open) {
            self.state = State::Draining { reason };
        }
    }

    fn check(&mut self, answered: Result<(), String>) {
        if let Err(reason) = answered {
            self.fail(reason, FAILURE_GRACE);
        }
    }

    /// There is no way to tell the client, so it is the connection that ends. Calls that run have
    /// the time of `grace`.
    fn fail(&mut self, reason: String, grace: Duration) {
        let peer = self.peer;
        tracing::warn!(?peer, reason, "a version 1 client loses its connection");
        let end = Instant::now() + grace;
        match &mut self.state {
            State::Failed { until, .. } => *until = end.min(*until),
            State::Open | State::Draining { .. } => {
                self.state = State::Failed { reason, until: end }
            }
        }
    }
}
