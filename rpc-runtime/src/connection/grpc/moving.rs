//! Moves a connection's bytes, and asks a silent server whether it is there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use h2::client::Connection;
use h2::{Ping, PingPong};
use rpc_wire::Status;
use rpc_wire::session::{Keepalive, Silence};
use tokio::sync::oneshot;

use super::heard::Heard;
use super::protocol::Shared;
use crate::connection::foreign::ForeignConnection;
use crate::connection::timer::Timer;
use crate::grpc::frame::Framed;

/// Ready with the reason when the connection has ended.
pub(super) struct Moving {
    connection: Connection<Heard, Framed>,
    shared: Arc<Shared>,
    foreign: Arc<ForeignConnection>,
    pings: Option<PingPong>,
    /// A PING was sent that has no answer yet.
    asked: bool,
    /// Who waits for its answer.
    checks: Vec<oneshot::Sender<()>>,
    silence: Silence,
    timer: Timer,
}

impl Moving {
    pub(super) fn new(
        mut connection: Connection<Heard, Framed>,
        shared: Arc<Shared>,
        foreign: Arc<ForeignConnection>,
        keepalive: Keepalive,
    ) -> Self {
        Moving {
            pings: connection.ping_pong(),
            connection,
            shared,
            foreign,
            asked: false,
            checks: Vec::new(),
            silence: Silence::new(Some(keepalive)),
            timer: Timer::default(),
        }
    }

    /// Sends a PING unless one is on its way; h2 then has the connection polled again.
    fn ask(&mut self) {
        if !self.asked
            && let Some(pings) = &mut self.pings
        {
            self.asked = pings.send_ping(Ping::opaque()).is_ok();
        }
    }

    /// Takes note of the answer to a PING.
    fn poll_answer(&mut self, cx: &mut Context<'_>) {
        let pings = self.pings.as_mut().filter(|_| self.asked);
        let answer = pings.map(|pings| pings.poll_pong(cx));
        if matches!(answer, Some(Poll::Ready(Ok(_)))) {
            self.asked = false;
            for check in self.checks.drain(..) {
                // Whoever asked may have gone.
                let _ = check.send(());
            }
        }
    }

    /// Asks for those who want to know, and for calls that wait in silence.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        if self.shared.hearing.take() {
            self.silence.heard(Instant::now());
        }
        let checks = self.shared.take_checks();
        if !checks.is_empty() {
            self.checks.extend(checks);
            self.ask();
        }
        loop {
            let has_calls = self.foreign.has_calls();
            let due = self.silence.next_timeout(has_calls, Duration::ZERO);
            if self.timer.poll(due, cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            match self.silence.expire(now, has_calls, Duration::ZERO) {
                Ok(true) => self.ask(),
                Ok(false) => {}
                Err(gone) => return Poll::Ready(Status::unavailable(gone.message())),
            }
        }
    }
}

impl Future for Moving {
    type Output = Status;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Status> {
        if let Poll::Ready(ended) = Pin::new(&mut self.connection).poll(cx) {
            return Poll::Ready(Status::unavailable(match ended {
                Ok(()) => "the server closed the connection".to_owned(),
                Err(error) => format!("the connection broke: {error}"),
            }));
        }
        if self.shared.is_leaving(cx) {
            self.foreign
                .leave("the server takes no more calls on the connection (GOAWAY)");
        }
        self.poll_answer(cx);
        self.poll_silence(cx)
    }
}
