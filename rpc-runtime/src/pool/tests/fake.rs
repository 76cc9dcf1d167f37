//! Connections that carry nothing, and the network that they are made in.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rpc_wire::Status;
use tokio::sync::{Semaphore, oneshot};

use crate::pool::{Connection, Dialer, Dialling, Keeper, Lease, Load, Reserved};

/// Where connections are made, unless it is told otherwise.
pub(in crate::pool) struct Network {
    /// Places on each connection.
    places: usize,
    /// Attempts to connect so far.
    pub(super) dials: AtomicUsize,
    pub(super) refuses: AtomicBool,
    pub(super) panics: AtomicBool,
    /// Servers do not say how much they allow.
    pub(super) is_silent: AtomicBool,
    /// Connections take no calls from the beginning, and the keeper is told before it has them.
    pub(super) leaves_early: AtomicBool,
    /// Connections say nothing any more.
    pub(super) mute: AtomicBool,
    /// Each attempt takes one.
    pub(super) permits: Semaphore,
    made: Mutex<Vec<Arc<Fake>>>,
}

impl Network {
    /// One that lets everybody connect.
    pub(super) fn new(places: usize) -> Arc<Self> {
        let network = Self::closed(places);
        network.permits.add_permits(Semaphore::MAX_PERMITS);
        network
    }

    /// One in which attempts hang until there are permits.
    pub(super) fn closed(places: usize) -> Arc<Self> {
        Arc::new(Network {
            places,
            dials: AtomicUsize::new(0),
            refuses: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
            leaves_early: AtomicBool::new(false),
            mute: AtomicBool::new(false),
            permits: Semaphore::new(0),
            made: Mutex::default(),
        })
    }

    pub(super) fn dials(&self) -> usize {
        self.dials.load(Ordering::SeqCst)
    }

    /// All connections that were ever made.
    pub(super) fn made(&self) -> Vec<Arc<Fake>> {
        self.made.lock().unwrap().clone()
    }

    /// Those that are there.
    pub(super) fn alive(&self) -> Vec<Arc<Fake>> {
        let mut made = self.made();
        made.retain(|connection| !connection.lock().ended);
        made
    }
}

impl Dialer<Fake> for Arc<Network> {
    fn dial(&self, keeper: Arc<dyn Keeper>, _streams: u32) -> Dialling<'_, Fake> {
        Box::pin(async move {
            self.dials.fetch_add(1, Ordering::SeqCst);
            self.permits.acquire().await.unwrap().forget();
            assert!(!self.panics.load(Ordering::SeqCst), "as it was told");
            if self.refuses.load(Ordering::SeqCst) {
                return Err(Status::unavailable("refused"));
            }
            let fake = Arc::new(Fake {
                network: Arc::clone(self),
                keeper,
                state: Mutex::default(),
            });
            self.made.lock().unwrap().push(Arc::clone(&fake));
            if !self.is_silent.load(Ordering::SeqCst) {
                fake.establish();
            }
            if self.leaves_early.load(Ordering::SeqCst) {
                fake.lock().leaving = Some("early");
                fake.tell_leaving();
            }
            Ok(fake)
        })
    }

    fn address(&self) -> Arc<str> {
        "the fake network".into()
    }
}

/// A connection that counts its calls.
pub(in crate::pool) struct Fake {
    network: Arc<Network>,
    keeper: Arc<dyn Keeper>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: usize,
    kept: usize,
    wanted: bool,
    leaving: Option<&'static str>,
    cut: Option<Status>,
    ended: bool,
    checks: usize,
    told_leaving: bool,
    established: bool,
}

impl Fake {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls, and places kept for some.
    pub(super) fn used(&self) -> usize {
        let state = self.lock();
        state.calls + state.kept
    }

    /// Why it takes no more calls.
    pub(super) fn leaving(&self) -> Option<&'static str> {
        self.lock().leaving
    }

    pub(super) fn cut_because(&self) -> Option<Status> {
        self.lock().cut.clone()
    }

    pub(super) fn checks(&self) -> usize {
        self.lock().checks
    }

    /// The server says how much it allows.
    pub(super) fn establish(&self) {
        self.lock().established = true;
        self.keeper.established(self.network.places as u32);
    }

    /// The server goes.
    pub(super) fn lose(&self) {
        self.end(Status::unavailable("lost"));
    }

    /// A call ends, and nobody is told until [`tell_freed`](Self::tell_freed).
    pub(super) fn free_unnoticed(&self) {
        let mut state = self.lock();
        state.calls -= 1;
        state.wanted = false;
    }

    pub(super) fn tell_freed(&self) {
        self.keeper.freed();
    }

    /// Asks the keeper to let it go because nobody used it.
    pub(super) fn expire(&self) -> bool {
        let may = self.keeper.may_retire();
        if may {
            self.leave("idle_timeout");
        }
        may
    }

    fn end(&self, reason: Status) {
        let first = !std::mem::replace(&mut self.lock().ended, true);
        if first {
            self.tell_leaving();
            self.keeper.closed(&reason, true);
        }
    }

    /// It is told once.
    fn tell_leaving(&self) {
        let told = std::mem::replace(&mut self.lock().told_leaving, true);
        if !told {
            self.keeper.leaving();
        }
    }

    /// Changes the state, and tells the keeper what comes of it.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let was_used = state.calls > 0;
        change(&mut state);
        let free = state.calls + state.kept < self.network.places;
        let freed = free && std::mem::take(&mut state.wanted);
        let idle = was_used && state.calls + state.kept == 0;
        let finished = state.leaving.is_some() && state.calls + state.kept == 0;
        drop(state);
        if freed {
            self.keeper.freed();
        }
        if idle && self.keeper.watches_idle() {
            self.keeper.idle();
        }
        if finished {
            self.end(Status::unavailable("finished"));
        }
    }
}

impl Connection for Fake {
    fn reserve(&self) -> Reserved {
        let mut state = self.lock();
        if state.leaving.is_some() || state.ended {
            return Reserved::Gone;
        }
        if state.calls + state.kept < self.network.places {
            state.kept += 1;
            return Reserved::Kept;
        }
        state.wanted = true;
        match state.established {
            true => Reserved::Full,
            false => Reserved::Later,
        }
    }

    fn unreserve(&self) {
        self.change(|state| state.kept -= 1);
    }

    fn load(&self) -> Load {
        let state = self.lock();
        Load {
            calls: state.calls,
            kept: state.kept,
            direct: 0,
            limit: self.network.places,
        }
    }

    fn check(&self) -> Option<oneshot::Receiver<()>> {
        self.lock().checks += 1;
        let (sender, receiver) = oneshot::channel();
        if self.network.mute.load(Ordering::SeqCst) {
            // The answer never comes.
            std::mem::forget(sender);
        } else {
            sender.send(()).unwrap();
        }
        Some(receiver)
    }

    fn leave(&self, reason: &'static str) {
        self.change(|state| state.leaving = Some(reason));
    }

    fn cut(&self, reason: Status) {
        let mut state = self.lock();
        state.cut = Some(reason.clone());
        state.calls = 0;
        drop(state);
        self.end(reason);
    }

    fn abandon(&self) {
        self.leave("abandoned");
    }
}

/// A call; dropping it ends it.
pub(in crate::pool) struct Running(Arc<Fake>);

impl Running {
    pub(super) fn on(lease: Lease<Fake>) -> Self {
        let connection = lease.take();
        connection.change(|state| {
            state.kept -= 1;
            state.calls += 1;
        });
        Running(connection)
    }

    pub(super) fn connection(&self) -> &Arc<Fake> {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A call of a connection that was cut has ended already.
        self.0
            .change(|state| state.calls = state.calls.saturating_sub(1));
    }
}
