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
use super::lifetime::Lifetime;
use super::observer::Observed;
use super::timer::Timer;
use super::wire::Wire;
use crate::transport::BoxTransport;

/// Reads in a row after which everything else gets a turn.
const READS_IN_A_ROW: u32 = 32;

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

/// Moves bytes between a session and its transport until either ends. However it ends, also by
/// being dropped with its runtime, every pending call ends with it.
pub(crate) struct ClientDriver<F: FnMut()> {
    connection: Arc<ClientConnection>,
    wire: Wire,
    timer: Timer,
    ended: EndedCalls,
    established: bool,
    /// By when the server must have proved to speak the protocol.
    handshake_deadline: Option<Instant>,
    handshake_timeout: Duration,
    on_established: F,
    reads_in_a_row: u32,
    lifetime: Lifetime,
    observed: Option<Observed>,
}

impl<F: FnMut()> ClientDriver<F> {
    /// `on_established` is called when the server has proved to speak the protocol.
    pub(crate) fn new(
        connection: Arc<ClientConnection>,
        transport: BoxTransport,
        handshake_timeout: Duration,
        idle_timeout: Duration,
        observed: Observed,
        on_established: F,
    ) -> Self {
        ClientDriver {
            connection,
            wire: Wire::new(transport, BytesMut::new()),
            timer: Timer::default(),
            ended: EndedCalls::default(),
            established: false,
            handshake_deadline: Instant::now().checked_add(handshake_timeout),
            handshake_timeout,
            on_established,
            reads_in_a_row: 0,
            lifetime: Lifetime::new(idle_timeout, None),
            observed: Some(observed),
        }
    }

    /// Runs until the connection ends.
    pub(crate) async fn run(mut self) {
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
        }
        // Callers that are ready to run, not least those just woken, add their frames first, so
        // that one write carries them all.
        tokio::task::yield_now().await;
        Ok(self.take_output())
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Event>> {
        let wrote = self.wire.poll_write(cx)?.is_ready();
        // A server that always has something to say must not keep deadlines waiting.
        let reads_first = self.reads_in_a_row < READS_IN_A_ROW;
        if reads_first && let Poll::Ready(count) = self.wire.poll_read(cx)? {
            self.reads_in_a_row += 1;
            return Poll::Ready(Ok(Event::Read(count)));
        }
        self.reads_in_a_row = 0;
        let goals = {
            let mut shared = self.connection.lock();
            if let Poll::Ready(event) = poll_callers(&mut shared, wrote, cx) {
                return Poll::Ready(Ok(event));
            }
            [
                shared.session.next_timeout(),
                self.lifetime.end(shared.has_calls()),
            ]
        };
        let goals = goals.into_iter().chain([self.handshake_deadline]);
        if self.timer.poll(goals.flatten().min(), cx).is_ready() {
            return Poll::Ready(Ok(Event::Timer));
        }
        if !reads_first && let Poll::Ready(count) = self.wire.poll_read(cx)? {
            return Poll::Ready(Ok(Event::Read(count)));
        }
        Poll::Pending
    }

    fn receive(&mut self) -> Result<(), SessionError> {
        let connection = Arc::clone(&self.connection);
        let now = Instant::now();
        let mut shared = connection.lock();
        let received = shared
            .session
            .receive(now, &mut self.wire.input, &mut self.ended);
        shared.admit(&mut self.ended.wakers);
        if shared.session.is_established() && !self.established {
            connection.note_compression(&shared.session);
        }
        drop(shared);
        self.ended.wake();
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
        drop(shared);
        if turned_away {
            // It is the server's last frame.
            return Err(self.closed_by_server());
        }
        if established {
            self.established = true;
            self.handshake_deadline = None;
            (self.on_established)();
            self.connection.set_established();
        }
        Ok(())
    }

    fn expire(&mut self) -> Result<(), Lost> {
        let now = Instant::now();
        let mut shared = self.connection.lock();
        let alive = shared.session.expire(now, &mut self.ended);
        if let Some(reason) = self.lifetime.expire(now, shared.has_calls()) {
            shared.session.leave(reason);
        }
        shared.admit(&mut self.ended.wakers);
        drop(shared);
        self.ended.wake();
        alive?;
        if self
            .handshake_deadline
            .is_some_and(|deadline| deadline <= now)
        {
            return Err(Status::unavailable(format!(
                "connected, but no answer after {:?} (connect_timeout); is it an rpc server?",
                self.handshake_timeout
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
            shared.admit(wakers);
        }
        let is_finished = shared.session.is_finished();
        drop(shared);
        self.ended.wake();
        !is_finished || self.wire.output.has_remaining()
    }
}

impl<F: FnMut()> Drop for ClientDriver<F> {
    fn drop(&mut self) {
        // Reached with a connection that is not closed yet only if the task was dropped.
        let reason =
            Status::unavailable("the tokio runtime that the connection belongs to was shut down");
        self.connection.lost(self.wire.written(), reason);
    }
}

/// What callers left for the driver; if nothing, it is woken by the next who does. No more is
/// written before what was taken has left.
pub(super) fn poll_callers(shared: &mut Shared, wrote: bool, cx: &Context<'_>) -> Poll<Event> {
    if wrote && (shared.session.has_output() || shared.session.is_finished()) {
        return Poll::Ready(Event::Output);
    }
    if shared.abandoned && shared.session.open_streams() == 0 {
        return Poll::Ready(Event::Abandoned);
    }
    shared.driver = Some(cx.waker().clone());
    Poll::Pending
}

fn broken(error: &io::Error) -> Status {
    Status::unavailable(format!("the connection broke: {error}"))
}
