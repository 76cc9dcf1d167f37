//! What a server does about a gateway's connection.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use super::ServeFailure;
use super::calls::Calls;
use super::connection::Connection;
use crate::connection::lifetime::Lifetime;
use crate::connection::refusal::close;
use crate::connection::shutdown::{Phase, SHUTTING_DOWN, Shutdown};
use crate::connection::timer::Timer;
use crate::server::GatewayConnection;
use crate::unwind::contained;

type Outcome = Result<(), ServeFailure>;

enum Event {
    /// With why, unless there is no reason but the gateway's own.
    Ended(Option<String>),
    Shutdown(Phase),
    Timer,
}

/// Watches over a connection while its gateway serves it.
struct Supervisor<F> {
    name: &'static str,
    /// `None` once it has ended.
    serving: Option<Pin<Box<F>>>,
    calls: Calls,
    shutdown: Shutdown,
    lifetime: Lifetime,
    timer: Timer,
    /// Why the connection is drained.
    draining: Option<&'static str>,
}

/// Has a connection served until it ends; says why it ended.
pub(super) async fn serve<F>(
    name: &'static str,
    connection: GatewayConnection,
    begin: impl FnOnce(Connection) -> F,
) -> String
where
    F: Future<Output = Outcome>,
{
    let calls = Calls::of(&connection);
    let GatewayConnection {
        opened,
        config,
        shutdown,
        ..
    } = connection;
    let (connection, mut transport) = Connection::new(opened, calls.clone(), &config);
    let mut supervisor = Supervisor {
        name,
        serving: None,
        calls,
        shutdown,
        lifetime: Lifetime::new(config.idle_timeout, config.max_age),
        timer: Timer::default(),
        draining: None,
    };
    let mut serving = None;
    if contained(|| serving = Some(begin(connection))) {
        supervisor.serving = serving.map(Box::pin);
    }
    let reason = supervisor.run().await;
    // A gateway that has handed it on to somebody else keeps it.
    if let Ok(transport) = transport.try_recv() {
        close(transport).await;
    }
    reason
}

impl<F: Future<Output = Outcome>> Supervisor<F> {
    async fn run(&mut self) -> String {
        let reason = loop {
            match poll_fn(|cx| self.poll_event(cx)).await {
                Event::Ended(reason) => break reason,
                Event::Shutdown(Phase::Over) => {
                    break Some("its calls took longer than shutdown_grace".to_owned());
                }
                Event::Shutdown(_) => self.drain(SHUTTING_DOWN),
                Event::Timer => {
                    if let Some(end) = self.lifetime.expire(Instant::now(), false) {
                        self.drain(end.of_server());
                    }
                }
            }
        };
        if !contained(|| self.serving = None) {
            return self.panicked();
        }
        let drained = self.draining.unwrap_or("its gateway has ended it");
        reason.unwrap_or_else(|| drained.to_owned())
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let Some(serving) = &mut self.serving else {
            return Poll::Ready(Event::Ended(Some(self.panicked())));
        };
        let mut polled = Poll::Pending;
        if !contained(|| polled = serving.as_mut().poll(cx)) {
            return Poll::Ready(Event::Ended(Some(self.panicked())));
        }
        if let Poll::Ready(outcome) = polled {
            let reason = outcome.err().map(|error| error.to_string());
            return Poll::Ready(Event::Ended(reason));
        }
        if let Poll::Ready(phase) = self.shutdown.poll_next(cx) {
            return Poll::Ready(Event::Shutdown(phase));
        }
        // Nobody tells when the last call ends, so while some run it is looked at now and then.
        if self.calls.take_used() {
            self.lifetime.used(Instant::now());
        }
        let goal = self.lifetime.end(false);
        self.timer.poll(goal, cx).map(|()| Event::Timer)
    }

    fn drain(&mut self, reason: &'static str) {
        self.draining.get_or_insert(reason);
        self.calls.drain();
    }

    fn panicked(&self) -> String {
        tracing::error!(protocol = self.name, "a gateway panicked");
        format!("the gateway {:?} panicked", self.name)
    }
}
