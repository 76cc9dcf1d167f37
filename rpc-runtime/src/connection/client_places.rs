//! A client's connection as its keeper sees it: places for calls, signs of life, the end.

use std::time::Instant;

use rpc_wire::Status;
use tokio::sync::oneshot;

use super::client::{ClientConnection, Shared, wake_all};
use super::keeper::{Load, Reserved};

impl ClientConnection {
    /// Keeps a place for a call, which [`start`](Self::start) takes or [`unreserve`](Self::unreserve)
    /// gives back.
    pub(crate) fn reserve(&self) -> Reserved {
        let mut shared = self.lock();
        if !shared.takes_calls() {
            return Reserved::Gone;
        }
        if shared.session.capacity() > shared.kept {
            shared.kept += 1;
            return Reserved::Kept;
        }
        shared.wanted = true;
        match shared.session.is_used_up(shared.kept) {
            true => Reserved::Full,
            false => Reserved::Later,
        }
    }

    /// Gives back a place that no call took.
    pub(crate) fn unreserve(&self) {
        let mut shared = self.lock();
        shared.kept -= 1;
        let freed = shared.take_wanted();
        // Its idle time begins now.
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
        self.tell_freed(freed);
    }

    pub(crate) fn load(&self) -> Load {
        let shared = self.lock();
        Load {
            calls: shared.session.open_streams(),
            kept: shared.kept,
            direct: shared.session.stats().streams_opened - shared.kept_starts,
            limit: shared.session.max_streams(),
        }
    }

    /// Asks whether the server is there, by a PING. Nothing is asked, and given, if it was heard as
    /// lately as PINGs may follow each other. The answer, whatever it is, completes the receiver; the
    /// end of the connection fails it.
    pub(crate) fn check(&self) -> Option<oneshot::Receiver<()>> {
        let mut shared = self.lock();
        if !shared.takes_calls() || shared.session.check_alive(Instant::now()) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        shared.checks.push(sender);
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
        Some(receiver)
    }

    /// Takes no more calls, and ends once the last has ended.
    pub(crate) fn leave(&self, reason: &'static str) {
        let mut shared = self.lock();
        shared.session.leave(reason);
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
    }

    /// Ends the connection now, and every call with it.
    pub(crate) fn cut(&self, reason: Status) {
        let mut shared = self.lock();
        shared.cut = Some(reason);
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
    }

    /// Tells the keeper that there is room, if `freed`.
    pub(super) fn tell_freed(&self, freed: bool) {
        if freed {
            self.keeper.freed();
        }
    }
}

impl Shared {
    /// Whether somebody who found no place is to be told that there is one now; it is told once.
    pub(super) fn take_wanted(&mut self) -> bool {
        let freed = self.wanted && self.session.capacity() > self.kept;
        if freed {
            self.wanted = false;
        }
        freed
    }
}
