//! The task that serves one client's connection.

mod end;
mod streams;
mod timeouts;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Buf;
use rpc_wire::session::{ServerSession, ServerSink};

use self::end::{Before, LastReplies};
use self::timeouts::Unread;
use crate::connection::completions::{Completion, Completions};
use crate::connection::lifetime::Lifetime;
use crate::connection::messages::Messages;
use crate::connection::reschedule::{TURNS_IN_A_ROW, reschedule};
use crate::connection::server_config::ConnectionConfig;
use crate::connection::server_streams::{RunningStream, ServerStream};
use crate::connection::shutdown::{Phase, SHUTTING_DOWN, Shutdown};
use crate::connection::timer::Timer;
use crate::connection::wire::Wire;
use crate::transport::Opened;

/// A read whose requests took this long has had the turn of many.
const LONG_READ: Duration = Duration::from_millis(5);

/// Where a connection's requests go.
pub(crate) trait RequestSink: ServerSink<Call: RunningStream> {
    /// How long it took to deal with what one read brought.
    fn read_took(&mut self, time: Duration);
}

/// What the driver woke up for.
enum Event {
    Read(usize),
    Output,
    Completions,
    Timer,
    Shutdown(Phase),
}

/// Serves one connection. Dropped, it drops what stands for its calls, which cancels them.
pub(crate) struct ServerDriver<S: ServerSink> {
    session: ServerSession<S::Method, S::Call>,
    sink: S,
    wire: Wire,
    timer: Timer,
    completions: Arc<Completions>,
    /// Replies that are being handed to the session.
    done: Vec<Completion>,
    /// Calls with streams that are being looked after.
    streams: Vec<Arc<ServerStream>>,
    /// Replies of the one that is being looked after.
    replies: Messages,
    config: ConnectionConfig,
    shutdown: Shutdown,
    /// What there was when the server began to shut down.
    before_shutdown: Option<Before>,
    /// The client was told that the end is near.
    draining: bool,
    drain_deadline: Option<Instant>,
    /// By when the client must have identified itself, or finished the frame it began.
    frame_deadline: Option<Instant>,
    turns_in_a_row: u32,
    lifetime: Lifetime,
    last_replies: Option<LastReplies>,
    /// Replies that only the client holds up.
    unread: Option<Unread>,
}

impl<S: ServerSink> Drop for ServerDriver<S> {
    fn drop(&mut self) {
        self.completions.close();
    }
}

impl<S: RequestSink> ServerDriver<S> {
    pub(crate) fn new(
        opened: Opened,
        sink: S,
        completions: Arc<Completions>,
        config: ConnectionConfig,
        shutdown: Shutdown,
    ) -> Self {
        ServerDriver {
            session: ServerSession::new(config.session.clone()),
            sink,
            wire: Wire::new(opened.transport, opened.input),
            timer: Timer::default(),
            completions,
            done: Vec::new(),
            streams: Vec::new(),
            replies: Messages::default(),
            shutdown,
            before_shutdown: None,
            draining: false,
            drain_deadline: None,
            frame_deadline: opened.since.checked_add(config.handshake_timeout),
            lifetime: Lifetime::new(config.idle_timeout, config.max_age),
            config,
            turns_in_a_row: 0,
            last_replies: None,
            unread: None,
        }
    }

    /// Serves until the connection ends; says why it ended. (It borrows the driver because a future that owned it
    /// would hold it twice: as it was given, and as it is used.)
    pub(crate) async fn run(&mut self) -> String {
        let reason = match self.serve().await {
            Ok(()) => "finished".to_owned(),
            Err(reason) => reason,
        };
        self.count();
        self.session.cancel_all(&mut self.sink);
        if self.wire.output.has_remaining() && self.session.has_output() {
            self.wire.flush().await;
        }
        self.take_output();
        self.wire.close().await;
        reason
    }

    async fn serve(&mut self) -> Result<(), String> {
        let read_before = self.wire.input.len();
        if read_before > 0 {
            self.receive(read_before)?;
        }
        while self.turn().await? {}
        Ok(())
    }

    /// Waits for something to happen and deals with it; false when a connection that drains has
    /// nothing left to do.
    async fn turn(&mut self) -> Result<bool, String> {
        let event = poll_fn(|cx| self.poll_event(cx)).await;
        if self.has_sent_all() && matches!(event, Ok(Event::Read(0)) | Err(_)) {
            // A client closes when it has everything, and need not read what else was said.
            return Ok(false);
        }
        match event.map_err(|error| format!("the connection broke: {error}"))? {
            Event::Read(0) => return Err("the client closed the connection".to_owned()),
            Event::Read(count) => {
                self.receive(count)?;
                if self.turns_in_a_row >= TURNS_IN_A_ROW {
                    reschedule().await;
                }
            }
            Event::Completions => {
                // Handlers that are about to finish add their replies first, so that one write
                // carries them all.
                reschedule().await;
                self.complete();
                self.completions.take_streams(&mut self.streams);
                self.look_after_streams();
            }
            Event::Timer => self.expire()?,
            Event::Shutdown(Phase::Over) if !self.session.is_established() => return Ok(false),
            Event::Shutdown(Phase::Over) => return Err(self.cut()),
            Event::Shutdown(_) => self.begin_shutdown(),
            Event::Output => {}
        }
        self.take_output();
        self.resume_writable();
        self.note_unread();
        self.ask_receipt();
        Ok(!self.is_over())
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Event>> {
        let wrote = self.wire.poll_write(cx)?.is_ready();
        let unwritten = self.wire.output.remaining() + self.session.queued_output();
        let may_write = unwritten < self.config.max_unread_output;
        let pause = self.session.pause();
        let pause = pause.filter(|until| *until > Instant::now());
        let may_read = may_write && pause.is_none();
        if !may_read {
            // The client cannot finish a frame, nor answer a PING, when nobody reads.
            self.frame_deadline = None;
            self.session.not_reading(Instant::now());
        }
        let busy_first = self.turns_in_a_row < TURNS_IN_A_ROW;
        self.turns_in_a_row += 1;
        if !busy_first {
            self.turns_in_a_row = 0;
            if let Poll::Ready(event) = self.poll_rare(pause, cx) {
                return Poll::Ready(Ok(event));
            }
        }
        if wrote && (self.session.has_output() || self.is_over()) {
            return Poll::Ready(Ok(Event::Output));
        }
        if busy_first
            && may_read
            && let Poll::Ready(count) = self.wire.poll_read(cx)?
        {
            return Poll::Ready(Ok(Event::Read(count)));
        }
        if may_write && self.completions.poll_ready(cx.waker()) {
            return Poll::Ready(Ok(Event::Completions));
        }
        if !busy_first {
            let read = may_read.then(|| self.wire.poll_read(cx));
            return match read {
                Some(read) => read.map_ok(Event::Read),
                None => Poll::Pending,
            };
        }
        self.turns_in_a_row = 0;
        self.poll_rare(pause, cx).map(Ok)
    }

    /// What a client that always has something to send, or something to be sent, must not hold up.
    fn poll_rare(&mut self, pause: Option<Instant>, cx: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(phase) = self.shutdown.poll_next(cx) {
            return Poll::Ready(Event::Shutdown(phase));
        }
        let goals = [
            self.session.next_timeout(),
            pause,
            self.frame_deadline,
            self.drain_deadline,
            self.write_deadline(),
            self.lifetime.end(self.session.open_streams() > 0),
            self.receipt_deadline(),
        ];
        let goal = goals.into_iter().flatten().min();
        self.timer.poll(goal, cx).map(|()| Event::Timer)
    }

    fn receive(&mut self, count: usize) -> Result<(), String> {
        let now = Instant::now();
        let before = self.wire.input.len();
        let stats = self.session.stats();
        let skipped_before = self.session.is_skipping();
        let received = self
            .session
            .receive(now, &mut self.wire.input, &mut self.sink);
        let took = now.elapsed();
        self.sink.read_took(took);
        if took >= LONG_READ {
            self.turns_in_a_row = TURNS_IN_A_ROW;
        }
        if let Err(error) = received {
            self.session.fail(&error);
            return Err(error.to_string());
        }
        if self.session.stats().streams_opened != stats.streams_opened {
            self.lifetime.used(now);
        }
        if self.session.stats().cancelled != stats.cancelled {
            // The tasks of cancelled handlers are dropped before more of them are started.
            self.turns_in_a_row = TURNS_IN_A_ROW;
        }
        if !self.session.is_established() {
            return Ok(());
        }
        if self.before_shutdown.is_some() && !self.draining {
            self.drain(SHUTTING_DOWN);
        }
        if self.session.is_skipping() {
            // A frame that is thrown away as it arrives must arrive in time, too.
            if !skipped_before || self.frame_deadline.is_none() {
                self.frame_deadline = Some(now + self.config.frame_timeout);
            }
        } else if self.wire.input.is_empty() {
            self.frame_deadline = None;
        } else if self.wire.input.len() < before || before == count || self.frame_deadline.is_none()
        {
            // A new frame has begun, or is read again.
            self.frame_deadline = Some(now + self.config.frame_timeout);
        }
        Ok(())
    }

    fn complete(&mut self) {
        self.completions.take(&mut self.done);
        for completion in self.done.drain(..) {
            let Some((_call, responder)) = self.session.responder(completion.id) else {
                continue;
            };
            match completion.result {
                Ok(mut body) => responder
                    .compressed(completion.compressed)
                    .message(&mut body, &completion.metadata),
                Err(status) => responder.status(&status, completion.executed),
            }
        }
    }

    fn take_output(&mut self) {
        if !self.wire.output.has_remaining() {
            self.session.take_output(&mut self.wire.output);
        }
    }
}
