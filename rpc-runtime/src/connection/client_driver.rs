//! The task that moves a client connection's bytes.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use rpc_wire::Status;
use rpc_wire::frame::{GoAway, GoAwayCode};
use rpc_wire::session::{Output, SessionError};

use super::client::{ClientConnection, EndedCalls, Shared};
use super::keeper::Told;
use super::lifetime::{End, Lifetime};
use super::observer::Observed;
use super::reschedule::TURNS_IN_A_ROW;
use super::timer::Timer;
use super::wire::Wire;
use crate::transport::BoxTransport;

/// How long a connection that may not retire stays at least until that is asked again.
pub(super) const LEAST_STAY: Duration = Duration::from_secs(1);

/// What the driver woke up for.
#[derive(Debug)]
pub(super) enum Event {
    /// Bytes arrived; 0 when the server closed.
    Read(usize),
    /// A caller started or cancelled something, or a large body has more to send.
    Output,
    /// A deadline passed.
    Timer,
    /// The last channel is gone and so is the last call.
    Abandoned,
    /// The connection is to end now.
    Cut(Status),
}

/// Why a connection ends.
struct Lost {
    reason: Status,
    /// What the server did wrong; it is told.
    violation: Option<SessionError>,
}

impl From<Status> for Lost {
    fn from(reason: Status) -> Self {
        Lost {
            reason,
            violation: None,
        }
    }
}

impl From<SessionError> for Lost {
    fn from(violation: SessionError) -> Self {
        Lost {
            reason: Status::unavailable(violation.message()),
            violation: Some(violation),
        }
    }
}

/// What a connection is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DriverConfig {
    /// For the server to prove that it speaks the protocol.
    pub(crate) handshake_timeout: Duration,
    /// Without calls.
    pub(crate) idle_timeout: Duration,
    /// In all, a tenth more or less.
    pub(crate) max_age: Option<Duration>,
}

/// Moves bytes between a session and its transport until either ends. However it ends, also by
/// being dropped with its runtime, every pending call ends with it.
pub(crate) struct ClientDriver {
    connection: Arc<ClientConnection>,
    wire: Wire,
    timer: Timer,
    ended: EndedCalls,
    established: bool,
    /// By when the server must have proved to speak the protocol.
    handshake_deadline: Option<Instant>,
    config: DriverConfig,
    turns_in_a_row: u32,
    lifetime: Lifetime,
    told: Told,
    observed: Option<Observed>,
}

impl ClientDriver {
    pub(crate) fn new(
        connection: Arc<ClientConnection>,
        transport: BoxTransport,
        config: DriverConfig,
        observed: Observed,
    ) -> Self {
        ClientDriver {
            connection,
            wire: Wire::new(transport, BytesMut::new()),
            timer: Timer::default(),
            ended: EndedCalls::default(),
            established: false,
            handshake_deadline: Instant::now().checked_add(config.handshake_timeout),
            turns_in_a_row: 0,
            lifetime: Lifetime::new(config.idle_timeout, config.max_age),
            told: Told::new(),
            config,
            observed: Some(observed),
        }
    }

    /// Runs until the connection ends.
    pub(crate) async fn run(&mut self) {
        let Lost { reason, violation } = loop {
            match self.turn().await {
                Ok(true) => {}
                Ok(false) => break self.finished().into(),
                Err(lost) => break lost,
            }
        };
        if let Some(observed) = self.observed.take() {
            observed.close(reason.message().to_owned());
        }
        if violation.is_none() {
            // Calls are told that what has not left was not executed, so it must never leave.
            self.wire.output = Output::default();
        }
        let leaving = self.wire.output.remaining() as u64;
        self.connection.lost(self.wire.written() + leaving, reason);
        self.tell_leaving();
        if let Some(error) = violation {
            self.send_goaway(&error);
            self.wire.flush().await;
        }
        self.take_output();
        self.wire.close().await;
    }

    fn send_goaway(&self, violation: &SessionError) {
        let mut shared = self.connection.lock();
        let (code, message) = (violation.code(), violation.message());
        shared.session.send_goaway(code, message);
    }

    /// Waits for something to happen and deals with it; false when there is nothing left to do.
    async fn turn(&mut self) -> Result<bool, Lost> {
        let event = poll_fn(|cx| self.poll_event(cx))
            .await
            .map_err(|error| broken(&error))?;
        match event {
            Event::Read(0) => {
                return Err(self.closed_by_server().into());
            }
            Event::Read(_) => {
                self.receive()?;
                self.note_established()?;
            }
            Event::Timer => self.expire()?,
            Event::Output => {}
            Event::Abandoned => return Ok(false),
            Event::Cut(reason) => return Err(reason.into()),
        }
        if self.is_shared() {
            // Callers that are ready to run, not least those just woken, add their frames first, so
            // that one write carries them all.
            tokio::task::yield_now().await;
        }
        Ok(self.take_output())
    }

    /// Whether several calls are open, which may have something to write. With one, a turn of the scheduler would find
    /// nobody, and cost a system call.
    fn is_shared(&self) -> bool {
        self.connection.lock().session.open_streams() > 1
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Event>> {
        let wrote = self.wire.poll_write(cx)?.is_ready();
        // Neither a server that always has something to say nor callers that always have something to send
        // may keep deadlines waiting.
        let deadlines_first = self.turns_in_a_row >= TURNS_IN_A_ROW;
        if !deadlines_first && let Poll::Ready(count) = self.wire.poll_read(cx)? {
            self.turns_in_a_row += 1;
            return Poll::Ready(Ok(Event::Read(count)));
        }
        let (goal, has_calls) = {
            let mut shared = self.connection.lock();
            let is_due = deadlines_first && {
                let goal = next_goal(&shared, &mut self.lifetime, self.handshake_deadline);
                goal.is_some_and(|goal| goal <= Instant::now())
            };
            if !is_due && let Poll::Ready(event) = poll_callers(&mut shared, wrote, cx) {
                self.turns_in_a_row = match deadlines_first {
                    true => 0,
                    false => self.turns_in_a_row + 1,
                };
                return Poll::Ready(Ok(event));
            }
            let goal = next_goal(&shared, &mut self.lifetime, self.handshake_deadline);
            (goal, shared.has_calls())
        };
        self.turns_in_a_row = 0;
        self.told.calls(&*self.connection.keeper, has_calls);
        if self.timer.poll(goal, cx).is_ready() {
            return Poll::Ready(Ok(Event::Timer));
        }
        if deadlines_first && let Poll::Ready(count) = self.wire.poll_read(cx)? {
            return Poll::Ready(Ok(Event::Read(count)));
        }
        Poll::Pending
    }

    fn tell_leaving(&mut self) {
        self.told.leaving(&*self.connection.keeper);
    }

    fn receive(&mut self) -> Result<(), SessionError> {
        let connection = Arc::clone(&self.connection);
        let now = Instant::now();
        let mut shared = connection.lock();
        let received = shared
            .session
            .receive(now, &mut self.wire.input, &mut self.ended);
        if shared.session.is_established() && !self.established {
            connection.note_compression(&shared.session);
        }
        let freed = shared.take_wanted();
        let checks = std::mem::take(&mut shared.checks);
        drop(shared);
        self.ended.wake();
        connection.tell_freed(freed);
        for check in checks {
            // Whoever asked may have gone.
            let _ = check.send(());
        }
        received
    }

    /// A server that has proved to speak the protocol, and does not turn the client away, is
    /// there.
    fn note_established(&mut self) -> Result<(), Status> {
        if self.established {
            return Ok(());
        }
        let shared = self.connection.lock();
        let is_error = |goaway: &GoAway| goaway.code != GoAwayCode::NoError;
        let turned_away = shared.session.goaway().is_some_and(is_error);
        let established = shared.session.is_established();
        let streams = shared.session.peer_settings().max_concurrent_streams;
        drop(shared);
        if turned_away {
            // It is the server's last frame.
            return Err(self.closed_by_server());
        }
        if established {
            self.established = true;
            self.handshake_deadline = None;
            self.connection.keeper.established(streams);
            self.connection.set_established();
        }
        Ok(())
    }

    fn expire(&mut self) -> Result<(), Lost> {
        let now = Instant::now();
        let mut shared = self.connection.lock();
        let alive = shared.session.expire(now, &mut self.ended);
        let end = self.lifetime.expire(now, shared.has_calls());
        let freed = shared.take_wanted();
        drop(shared);
        self.ended.wake();
        self.connection.tell_freed(freed);
        alive?;
        match end {
            Some(End::Idle) if !self.connection.keeper.may_retire() => {
                let stay = self.config.idle_timeout.max(LEAST_STAY);
                self.lifetime.stay(now, stay);
            }
            Some(end) => self.connection.lock().session.leave(end.of_client()),
            None => {}
        }
        if self
            .handshake_deadline
            .is_some_and(|deadline| deadline <= now)
        {
            return Err(Status::unavailable(format!(
                "connected, but no answer after {:?} (connect_timeout); is it an rpc server?",
                self.config.handshake_timeout
            ))
            .into());
        }
        Ok(())
    }

    /// Why a connection ends that has nothing left to do.
    fn finished(&self) -> Status {
        let (leaving, asked_to) = {
            let shared = self.connection.lock();
            (shared.session.leaving(), shared.session.goaway().is_some())
        };
        match leaving {
            None if asked_to => self.closed_by_server(),
            reason => Status::unavailable(reason.unwrap_or("the connection was closed")),
        }
    }

    fn closed_by_server(&self) -> Status {
        match self.connection.lock().session.goaway() {
            Some(goaway) if goaway.code != GoAwayCode::NoError => Status::unavailable(format!(
                "the server closed the connection: {:?}: {}",
                goaway.code, goaway.message
            )),
            _ => Status::unavailable("the server closed the connection"),
        }
    }

    /// Takes over what is to be written; false when a connection that ends has ended.
    fn take_output(&mut self) -> bool {
        let mut shared = self.connection.lock();
        if !self.wire.output.has_remaining() {
            shared.session.take_output(&mut self.wire.output);
            let wakers = &mut self.ended.wakers;
            shared
                .session
                .take_writable(|slot| wakers.extend(slot.take_writer()));
        }
        let freed = shared.take_wanted();
        let is_leaving = shared.session.is_draining();
        let is_finished = shared.session.is_finished();
        drop(shared);
        self.ended.wake();
        self.connection.tell_freed(freed);
        if is_leaving {
            self.tell_leaving();
        }
        !is_finished || self.wire.output.has_remaining()
    }
}

impl Drop for ClientDriver {
    fn drop(&mut self) {
        // Reached with a connection that is not closed yet only if the task was dropped.
        let reason =
            Status::unavailable("the tokio runtime that the connection belongs to was shut down");
        self.connection.lost(self.wire.written(), reason.clone());
        self.tell_leaving();
        let closed = self.connection.lock().closed.clone();
        let reason = closed.unwrap_or(reason);
        self.connection.keeper.closed(&reason, self.established);
    }
}

/// When the driver has to wake up by itself.
fn next_goal(
    shared: &Shared,
    lifetime: &mut Lifetime,
    handshake_deadline: Option<Instant>,
) -> Option<Instant> {
    let goals = [
        shared.session.next_timeout(),
        lifetime.end(shared.has_calls()),
        handshake_deadline,
    ];
    goals.into_iter().flatten().min()
}

/// What callers left for the driver; if nothing, it is woken by the next who does. No more is
/// written before what was taken has left.
pub(super) fn poll_callers(shared: &mut Shared, wrote: bool, cx: &Context<'_>) -> Poll<Event> {
    if let Some(reason) = shared.cut.take() {
        return Poll::Ready(Event::Cut(reason));
    }
    if wrote && (shared.session.has_output() || shared.session.is_finished()) {
        return Poll::Ready(Event::Output);
    }
    if shared.abandoned && !shared.has_calls() {
        return Poll::Ready(Event::Abandoned);
    }
    shared.driver = Some(cx.waker().clone());
    Poll::Pending
}

fn broken(error: &io::Error) -> Status {
    Status::unavailable(format!("the connection broke: {error}"))
}
