//! The requests of a connection: how many there are, and how many were given up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rpc_wire::session::Cancels;

/// Counts the requests of a connection.
#[derive(Debug)]
pub(super) struct Requests {
    began: Instant,
    max_streams: u32,
    begun: AtomicU64,
    ended: AtomicU64,
    /// When the last one ended, in nanoseconds since the connection began.
    last_end: AtomicU64,
    cancels: Mutex<Cancels>,
    /// Until when nothing is read, in nanoseconds since the connection began.
    pause: AtomicU64,
    /// When the headers of a request began to arrive that is not there yet, in nanoseconds since the
    /// connection began; 0 if there are none.
    head: AtomicU64,
    /// Responses of which something waits for the client's window.
    waiting: AtomicU64,
    /// How often something was taken that waited.
    taken: AtomicU64,
}

impl Requests {
    pub(super) fn new(max_streams: u32) -> Self {
        Requests {
            began: Instant::now(),
            max_streams,
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            last_end: AtomicU64::new(0),
            cancels: Mutex::default(),
            pause: AtomicU64::new(0),
            head: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            taken: AtomicU64::new(0),
        }
    }

    /// One more, until what is given is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
        Running {
            requests: Arc::clone(self),
            waits: false,
            finished: false,
        }
    }

    pub(super) fn running(&self) -> u64 {
        let begun = self.begun.load(Ordering::Relaxed);
        begun.saturating_sub(self.ended())
    }

    pub(super) fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// When the last one ended, or the connection began.
    pub(super) fn last_end(&self) -> Instant {
        self.began + Duration::from_nanos(self.last_end.load(Ordering::Relaxed))
    }

    /// Until when nothing should be read, because the client gave up more than is tolerated.
    pub(super) fn pause(&self) -> Option<Instant> {
        self.instant(&self.pause)
    }

    /// How often the client took something of a response that waited for it; `None` if none waits.
    pub(super) fn taken_while_waiting(&self) -> Option<u64> {
        let is_waiting = self.waiting.load(Ordering::Relaxed) > 0;
        is_waiting.then(|| self.taken.load(Ordering::Relaxed))
    }

    /// Something arrived over HTTP/1.1: without a request that runs, it is of the next one's headers.
    pub(super) fn arrived(&self) {
        if self.head.load(Ordering::Relaxed) == 0 && self.running() == 0 {
            let now = self.since_beginning(Instant::now()).max(1);
            self.head.store(now, Ordering::Relaxed);
        }
    }

    /// Since when headers arrive of a request that is not there yet, if some do.
    pub(super) fn head_since(&self) -> Option<Instant> {
        self.instant(&self.head)
    }

    fn instant(&self, nanos: &AtomicU64) -> Option<Instant> {
        match nanos.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(self.began + Duration::from_nanos(nanos)),
        }
    }

    fn since_beginning(&self, instant: Instant) -> u64 {
        let nanos = instant.saturating_duration_since(self.began).as_nanos();
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    fn end(&self, finished: bool) {
        let now = Instant::now();
        self.last_end
            .fetch_max(self.since_beginning(now), Ordering::Relaxed);
        self.ended.fetch_add(1, Ordering::Relaxed);
        if finished {
            return;
        }
        let mut cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = self.begun.load(Ordering::Relaxed);
        cancels.note(now, begun, self.max_streams);
        let pause = cancels.pause().map(|until| self.since_beginning(until));
        self.pause.store(pause.unwrap_or(0), Ordering::Relaxed);
    }
}

/// A request that has not ended, and has not been given up by its client.
#[derive(Debug)]
pub(super) struct Running {
    requests: Arc<Requests>,
    /// A piece of its response waits for the client.
    waits: bool,
    finished: bool,
}

impl Running {
    /// A piece of its response was given away, and waits until the client takes it.
    pub(super) fn given(&mut self) {
        self.waits = true;
        self.requests.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing waits any more.
    pub(super) fn taken(&mut self) {
        if std::mem::take(&mut self.waits) {
            self.requests.taken.fetch_add(1, Ordering::Relaxed);
            self.requests.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// All of its response was taken.
    pub(super) fn finished(&mut self) {
        self.finished = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.taken();
        self.requests.end(self.finished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_gives_up_its_requests_is_made_to_wait_unless_it_lets_others_finish() {
        let given_up = Arc::new(Requests::new(1));
        for _ in 0..2_000 {
            drop(given_up.begin());
        }
        assert_eq!(given_up.running(), 0);
        assert!(given_up.pause().is_some_and(|until| until > Instant::now()));

        let some_finish = Arc::new(Requests::new(1));
        for _ in 0..2_000 {
            drop(some_finish.begin());
            some_finish.begin().finished();
        }
        assert_eq!(some_finish.pause(), None);
        let running = some_finish.begin();
        assert_eq!(some_finish.running(), 1);
        drop(running);
        assert_eq!(some_finish.ended(), 4_001);
    }
}
