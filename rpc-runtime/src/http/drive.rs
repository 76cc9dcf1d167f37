//! Drives a connection to its end.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
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
    shutdown: &'a mut Shutdown,
    /// Why the connection ends in order, and when that began.
    draining: Option<(&'static str, Instant)>,
    /// Since when responses wait for the client, and how often it had taken something by then.
    waiting: Option<(Instant, u64)>,
    /// Requests that had ended when the server began to shut down.
    before_shutdown: Option<u64>,
}

/// Drives a connection until it ends; says why it ended.
///
/// # Errors
///
/// The same, if it broke or was cut off.
pub(super) async fn drive(
    mut serving: Pin<&mut impl Driven>,
    connection: &HttpConnection,
    shutdown: &mut Shutdown,
) -> Result<String, String> {
    let config = &connection.config;
    let mut driver = Driver {
        connection,
        lifetime: Lifetime::new(config.idle_timeout, config.max_age),
        timer: Timer::default(),
        shutdown,
        draining: None,
        waiting: None,
        before_shutdown: None,
    };
    let mut cut = 0;
    let reason = loop {
        match poll_fn(|cx| driver.poll_event(serving.as_mut(), cx)).await {
            Event::Ended(Err(error)) => break Err(broken(&error)),
            Event::Ended(Ok(())) => break Ok(driver.ended()),
            Event::Shutdown(Phase::Over) => {
                cut = connection.requests.running();
                break Err("its calls took longer than shutdown_grace".to_owned());
            }
            Event::Shutdown(_) => {
                driver.before_shutdown = Some(connection.requests.ended());
                driver.drain(SHUTTING_DOWN, serving.as_mut());
            }
            Event::Timer => {
                if let Some(reason) = driver.overdue() {
                    break Err(reason);
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
        let stall = self.stall_deadline();
        let requests = &self.connection.requests;
        if self.draining.is_some() {
            let goals = [self.drained_at(), stall];
            return goals.into_iter().flatten().min();
        }
        // Nobody tells when the last request ends, so while some run it is looked at now and then.
        let used = match requests.running() {
            0 => requests.last_end(),
            _ => Instant::now(),
        };
        self.lifetime.used(used);
        let end = self.lifetime.end(false);
        let goals = [end, stall, self.head_deadline()];
        goals.into_iter().flatten().min()
    }

    /// By when the client must have taken something of the replies that wait for it.
    fn stall_deadline(&mut self) -> Option<Instant> {
        let requests = &self.connection.requests;
        match requests.taken_while_waiting() {
            Some(taken) => self.waiting.get_or_insert((Instant::now(), taken)),
            None => {
                self.waiting = None;
                return None;
            }
        };
        let (since, _) = self.waiting?;
        since.checked_add(self.connection.config.write_timeout)
    }

    /// Why the connection ends at once, if it does.
    fn overdue(&mut self) -> Option<String> {
        let now = Instant::now();
        if self.drained_at().is_some_and(|end| end <= now) {
            return Some(self.ended());
        }
        let config = &self.connection.config;
        if self.head_deadline().is_some_and(|end| end <= now) {
            let timeout = config.frame_timeout;
            let reason = "the headers of a request took longer than";
            return Some(format!("{reason} {timeout:?} (frame_timeout)"));
        }
        if self.stall_deadline().is_none_or(|end| end > now) {
            return None;
        }
        // Time begins anew if the client took something.
        let before = self.waiting.take()?.1;
        let taken = self.connection.requests.taken_while_waiting();
        (taken == Some(before)).then(|| {
            let timeout = config.write_timeout;
            format!("the client took nothing of its replies for {timeout:?} (write_timeout)")
        })
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

    /// When a connection that ends in order has waited long enough for nothing but its client. While
    /// requests run, that is never now.
    fn drained_at(&self) -> Option<Instant> {
        let requests = &self.connection.requests;
        let (_, began) = self.draining?;
        let since = match requests.running() {
            0 => began.max(requests.last_end()),
            _ => Instant::now(),
        };
        Some(since + DRAIN_TIMEOUT)
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
