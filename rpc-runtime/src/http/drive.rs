//! Drives a connection to its end.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::connection::HttpConnection;
use crate::connection::lifetime::Lifetime;
use crate::connection::shutdown::{Phase, SHUTTING_DOWN, Shutdown};
use crate::connection::timer::Timer;

/// How long a connection that ends in order waits for its client without any request: a few round
/// trips, in which requests may arrive that are on their way.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection of either version, as hyper serves it.
pub(super) trait Driven: Future<Output = hyper::Result<()>> {
    /// Begins no more requests than those that are on their way, and ends with the last of them.
    fn shut_down(self: Pin<&mut Self>);
}

enum Event {
    Ended(hyper::Result<()>),
    Shutdown(Phase),
    Timer,
}

/// The state of a connection that is driven.
struct Driver<'a> {
    connection: &'a HttpConnection,
    lifetime: Lifetime,
    timer: Timer,
    shutdown: Shutdown,
    /// Why the connection ends in order, and when that began.
    draining: Option<(&'static str, Instant)>,
    /// Requests that had ended when the server began to shut down.
    before_shutdown: Option<u64>,
}

/// Drives a connection until it ends; says why it ended.
pub(super) async fn drive(
    serving: impl Driven,
    connection: &HttpConnection,
    shutdown: Shutdown,
) -> String {
    let mut serving = pin!(serving);
    let config = &connection.config;
    let mut driver = Driver {
        connection,
        lifetime: Lifetime::new(config.idle_timeout, config.max_age),
        timer: Timer::default(),
        shutdown,
        draining: None,
        before_shutdown: None,
    };
    let mut cut = 0;
    let reason = loop {
        match poll_fn(|cx| driver.poll_event(serving.as_mut(), cx)).await {
            Event::Ended(Err(error)) => break broken(&error),
            Event::Ended(Ok(())) => break driver.ended(),
            Event::Shutdown(Phase::Over) => {
                cut = connection.requests.running();
                break "its calls took longer than shutdown_grace".to_owned();
            }
            Event::Shutdown(_) => {
                driver.before_shutdown = Some(connection.requests.ended());
                driver.drain(SHUTTING_DOWN, serving.as_mut());
            }
            Event::Timer => {
                if driver.is_drained() {
                    break driver.ended();
                }
                if driver
                    .head_deadline()
                    .is_some_and(|end| end <= Instant::now())
                {
                    let timeout = config.frame_timeout;
                    break format!(
                        "the headers of a request took longer than {timeout:?} (frame_timeout)"
                    );
                }
                if let Some(end) = driver.expired() {
                    driver.drain(end, serving.as_mut());
                }
            }
        }
    };
    if let Some(before) = driver.before_shutdown {
        let finished = connection.requests.ended().saturating_sub(before);
        driver.shutdown.tally.add(finished, 0, cut);
    }
    reason
}

impl Driver<'_> {
    fn poll_event(&mut self, serving: Pin<&mut impl Driven>, cx: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(ended) = serving.poll(cx) {
            return Poll::Ready(Event::Ended(ended));
        }
        if let Poll::Ready(phase) = self.shutdown.poll_next(cx) {
            return Poll::Ready(Event::Shutdown(phase));
        }
        let goal = self.next_timeout();
        self.timer.poll(goal, cx).map(|()| Event::Timer)
    }

    /// When something may have to be done if nothing happens.
    fn next_timeout(&mut self) -> Option<Instant> {
        let requests = &self.connection.requests;
        if let Some((_, since)) = self.draining {
            return Some(since.max(requests.last_end()) + DRAIN_TIMEOUT);
        }
        self.lifetime.used(requests.last_end());
        // Nobody tells when the last request ends, so it is looked at now and then.
        let end = self.lifetime.end(false);
        end.into_iter().chain(self.head_deadline()).min()
    }

    /// By when the headers must be there that have begun to arrive.
    fn head_deadline(&self) -> Option<Instant> {
        let since = self.connection.requests.head_since()?;
        since.checked_add(self.connection.config.frame_timeout)
    }

    /// Why the connection ends now, if it does.
    fn expired(&mut self) -> Option<&'static str> {
        let now = Instant::now();
        let requests = &self.connection.requests;
        let is_running = requests.running() > 0;
        let expired = self.lifetime.expire(now, is_running);
        expired.map(|end| end.of_server())
    }

    /// Ends the connection in order, unless it does already.
    fn drain(&mut self, reason: &'static str, serving: Pin<&mut impl Driven>) {
        if self.draining.is_none() {
            self.draining = Some((reason, Instant::now()));
            serving.shut_down();
        }
    }

    /// Whether a connection that ends in order waits for nothing but its client.
    fn is_drained(&self) -> bool {
        self.draining.is_some() && self.connection.requests.running() == 0
    }

    fn ended(&self) -> String {
        match self.draining {
            Some((reason, _)) => reason.to_owned(),
            None => "the client closed the connection".to_owned(),
        }
    }
}

/// Why a connection broke.
fn broken(error: &hyper::Error) -> String {
    let source = error.source().map(|source| format!(": {source}"));
    format!(
        "the connection broke: {error}{}",
        source.unwrap_or_default()
    )
}
