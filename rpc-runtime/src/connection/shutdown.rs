//! The end of a server, as its connections see it.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::watch;

/// Time for what a client sent with its first packets, before it could know of the end.
pub(crate) const FIRST_BYTES_TIMEOUT: Duration = Duration::from_millis(100);

/// What clients are told of it.
pub(crate) const SHUTTING_DOWN: &str = "the server is shutting down";

/// How far the end of a server has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It has not begun.
    #[default]
    Serving,
    /// What was accepted finishes.
    Draining,
    /// The grace period is over.
    Over,
}

/// What became of the calls of a server that shuts down.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) finished: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) cut: AtomicU64,
}

impl Tally {
    pub(crate) fn add(&self, finished: u64, refused: u64, cut: u64) {
        self.finished.fetch_add(finished, Ordering::Relaxed);
        self.refused.fetch_add(refused, Ordering::Relaxed);
        self.cut.fetch_add(cut, Ordering::Relaxed);
    }
}

/// Tells a connection how far the end of its server has come, and takes its count of calls.
pub(crate) struct Shutdown {
    phases: watch::Receiver<Phase>,
    next: Pin<Box<dyn Future<Output = Phase> + Send>>,
    pub(crate) tally: Arc<Tally>,
}

impl Shutdown {
    pub(crate) fn new(phases: watch::Receiver<Phase>, tally: Arc<Tally>) -> Self {
        Shutdown {
            next: Box::pin(phase_after(Phase::Serving, phases.clone())),
            phases,
            tally,
        }
    }

    /// A server that never ends.
    pub(crate) fn never() -> Self {
        let (_, phases) = watch::channel(Phase::Serving);
        Shutdown::new(phases, Arc::default())
    }

    /// How far it has come, now and later.
    pub(crate) fn phases(&self) -> watch::Receiver<Phase> {
        self.phases.clone()
    }

    /// The next phase. Each is reported once, and may be left out.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Phase> {
        let phase = ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(phase_after(phase, self.phases.clone()));
        Poll::Ready(phase)
    }

    /// Has the present phase reported again, to somebody else.
    pub(crate) fn report_again(&mut self) {
        self.next = Box::pin(phase_after(Phase::Serving, self.phases.clone()));
    }

    /// Waits for the next phase.
    pub(crate) async fn next(&mut self) -> Phase {
        poll_fn(|cx| self.poll_next(cx)).await
    }
}

async fn phase_after(phase: Phase, mut phases: watch::Receiver<Phase>) -> Phase {
    let later = phases
        .wait_for(|next| *next > phase)
        .await
        .map(|next| *next);
    match later {
        Ok(next) => next,
        // Without a sender there is no next one.
        Err(_) => pending().await,
    }
}
