//! The task that serves one client.

use std::borrow::Cow;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use rpc_wire::session::Silence;

use super::progress::Progress;
use super::{Exchange, Failure};
use crate::connection::lifetime::Lifetime;
use crate::connection::reschedule::TURNS_IN_A_ROW;
use crate::connection::room::READ_SIZE;
use crate::connection::server_config::ConnectionConfig;
use crate::connection::shutdown::{Phase, SHUTTING_DOWN, Shutdown};
use crate::connection::timer::Timer;
use crate::connection::wire::Wire;
use crate::transport::Opened;

/// Time for the other calls of a connection to end after one that cannot be answered, whose caller
/// is to learn of it soon.
const FAILURE_GRACE: Duration = Duration::from_secs(1);

const CLOSED: &str = "the client closed the connection";

/// Serves one connection. Dropped, it cancels its calls.
pub(crate) struct Connection<E> {
    wire: Wire<BytesMut>,
    peer: Option<SocketAddr>,
    calls: E,
    max_calls: usize,
    max_unread_output: usize,
    progress: Progress,
    write_timeout: Duration,
    lifetime: Lifetime,
    silence: Silence,
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
        reason: Cow<'static, str>,
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
    Reply(Result<(), Failure>),
    Shutdown(Phase),
    Timer,
}

impl<E: Exchange> Connection<E> {
    /// A connection of which something was read, and whose calls `exchange` makes of its bytes.
    pub(crate) fn new(
        opened: Opened,
        peer: Option<SocketAddr>,
        config: &ConnectionConfig,
        shutdown: Shutdown,
        exchange: E,
    ) -> Self {
        Connection {
            wire: Wire::new(opened.transport, opened.input),
            peer,
            calls: exchange,
            max_calls: config.session.settings.max_concurrent_streams as usize,
            max_unread_output: config.max_unread_output,
            progress: Progress::new(config.frame_timeout),
            write_timeout: config.write_timeout,
            lifetime: Lifetime::new(config.idle_timeout, config.max_age),
            silence: Silence::new(config.session.keepalive),
            timer: Timer::default(),
            state: State::Open,
            shutdown,
            before_shutdown: None,
            cut: 0,
            reads: 0,
        }
    }

    /// Serves until the connection ends; says why it ended.
    pub(crate) async fn run(mut self) -> String {
        let reason = loop {
            self.take_requests();
            if let Some(reason) = self.end() {
                break reason;
            }
            match poll_fn(|cx| self.poll_event(cx)).await {
                Ok(Event::Read(0)) if !E::ANSWERS_AFTER_END => break CLOSED.to_owned(),
                Ok(event) => self.handle(event).await,
                Err(error) => break format!("the connection broke: {error}"),
            }
        };
        if let Some(before) = self.before_shutdown {
            let finished = before.saturating_sub(self.calls.running() as u64);
            self.shutdown.tally.add(finished, 0, self.cut);
        }
        self.calls.cancel();
        self.calls.take_leave(&reason, &mut self.wire.output);
        self.wire.close().await;
        reason
    }

    /// Begins the calls that were read, as many as may run.
    fn take_requests(&mut self) {
        let mut input = std::mem::take(&mut self.wire.input);
        let (before, unfinished) = (input.len(), self.calls.unfinished(&input));
        let mut begun = false;
        while !matches!(self.state, State::Failed { .. }) && self.has_room() {
            match self.calls.begin_next(&mut input, &mut self.wire.output) {
                Ok(true) => begun = true,
                Ok(false) => break,
                Err(failure) => self.fail(failure),
            }
        }
        if self.may_read() {
            let left = self.calls.unfinished(&input);
            // Less may be left because something else came in between, such as a PING.
            let is_new = begun && left < unfinished;
            self.progress.update(Instant::now(), left, is_new);
        } else {
            // The client cannot finish a frame that nobody reads.
            self.progress.stop();
            self.silence.heard(Instant::now());
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
            State::Draining { reason } if is_idle => Some(reason.to_string()),
            State::Failed { reason, until } if is_idle || *until <= Instant::now() => {
                Some(std::mem::take(reason))
            }
            _ => None,
        }
    }

    /// Whether another call may begin.
    fn has_room(&self) -> bool {
        self.calls.running() < self.max_calls
            && self.calls.has_room()
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
            Event::Read(0) => {
                if !self.wire.input.is_empty() {
                    self.calls.cut_off(CLOSED, &mut self.wire.output);
                }
                self.drain(CLOSED);
            }
            Event::Read(_) => {
                let now = Instant::now();
                self.lifetime.used(now);
                self.silence.heard(now);
                self.reads = self.reads.wrapping_add(1);
                if self.reads.is_multiple_of(TURNS_IN_A_ROW) {
                    tokio::task::yield_now().await;
                }
            }
            Event::Shutdown(Phase::Over) => {
                self.cut = self.calls.running() as u64;
                let reason = "its calls took longer than shutdown_grace".to_owned();
                self.cut_short(reason, Duration::ZERO);
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
            self.asked_at(),
        ];
        goals.into_iter().flatten().min()
    }

    fn expire(&mut self, now: Instant) {
        if self.progress.deadline().is_some_and(|until| until <= now) {
            let timeout = self.progress.timeout();
            let reason = format!("a frame did not go on for {timeout:?} (frame_timeout)");
            self.calls.cut_off(&reason, &mut self.wire.output);
            self.cut_short(reason, FAILURE_GRACE);
        }
        if self.write_deadline().is_some_and(|until| until <= now) {
            let reason = format!(
                "the client took nothing of what was written for {:?} (write_timeout)",
                self.write_timeout
            );
            // Who does not read cannot be answered.
            self.cut_short(reason, Duration::ZERO);
        }
        if self.asked_at().is_some_and(|at| at <= now) {
            self.ask(now);
        }
        if let Some(end) = self.lifetime.expire(now, self.calls.running() > 0) {
            self.drain(end.of_server());
        }
    }

    /// When a client with calls is asked whether it is there, or is given up.
    fn asked_at(&self) -> Option<Instant> {
        let has_calls = self.may_read() && self.calls.running() > 0;
        self.silence.next_timeout(has_calls, Duration::ZERO)
    }

    fn ask(&mut self, now: Instant) {
        match self.silence.expire(now, true, Duration::ZERO) {
            Ok(_) if self.calls.ask(&mut self.wire.output) => {}
            // Nobody can tell.
            Ok(_) => self.silence.heard(now),
            Err(error) => self.cut_short(error.to_string(), Duration::ZERO),
        }
    }

    /// By when the client must have taken something of the output.
    fn write_deadline(&self) -> Option<Instant> {
        self.wire.stalled_since()?.checked_add(self.write_timeout)
    }

    fn drain(&mut self, reason: impl Into<Cow<'static, str>>) {
        if matches!(self.state, State::Open) {
            self.state = State::Draining {
                reason: reason.into(),
            };
        }
    }

    fn check(&mut self, answered: Result<(), Failure>) {
        if let Err(failure) = answered {
            self.fail(failure);
        }
    }

    fn fail(&mut self, failure: Failure) {
        match failure {
            Failure::Told(reason) => self.drain(reason),
            Failure::Untold(reason) => self.cut_short(reason, FAILURE_GRACE),
        }
    }

    /// It is the connection that tells the client, by ending. Calls that run have the time of
    /// `grace`.
    fn cut_short(&mut self, reason: String, grace: Duration) {
        let (peer, protocol) = (self.peer, E::NAME);
        tracing::warn!(?peer, protocol, reason, "a client loses its connection");
        let end = Instant::now() + grace;
        match &mut self.state {
            State::Failed { until, .. } => *until = end.min(*until),
            State::Open | State::Draining { .. } => {
                self.state = State::Failed { reason, until: end }
            }
        }
    }
}
