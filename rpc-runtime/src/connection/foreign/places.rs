//! A connection of another protocol as its pool sees it: places for calls, signs of life, the end.

use rpc_wire::Status;
use tokio::sync::oneshot;

use super::ForeignConnection;
use crate::connection::client::wake_all;
use crate::connection::keeper::{Load, Reserved};

impl ForeignConnection {
    pub(in crate::connection) fn accepts(&self) -> bool {
        self.lock().takes_calls()
    }

    pub(in crate::connection) fn reserve(&self) -> Reserved {
        let mut shared = self.lock();
        if !shared.takes_calls() {
            return Reserved::Gone;
        }
        if shared.has_room() {
            shared.kept += 1;
            return Reserved::Kept;
        }
        shared.wanted = true;
        Reserved::Full
    }

    pub(in crate::connection) fn unreserve(&self) {
        let mut shared = self.lock();
        shared.kept -= 1;
        let freed = shared.take_wanted();
        // Its idle time begins now.
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
        self.tell_freed(freed);
    }

    pub(in crate::connection) fn load(&self) -> Load {
        let shared = self.lock();
        Load {
            calls: shared.open,
            kept: shared.kept,
            direct: shared.starts - shared.kept_starts,
            limit: shared.limit,
        }
    }

    pub(in crate::connection) fn check(&self) -> Option<oneshot::Receiver<()>> {
        let mut shared = self.lock();
        if !shared.takes_calls() {
            return None;
        }
        let driver = shared.driver.take();
        drop(shared);
        let answer = self.protocol.ping();
        wake_all(driver);
        Some(answer)
    }

    pub(crate) fn leave(&self, reason: &'static str) {
        let mut shared = self.lock();
        if shared.leaving.is_some() {
            return;
        }
        shared.leaving = Some(reason);
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
    }

    pub(in crate::connection) fn cut(&self, reason: Status) {
        let mut shared = self.lock();
        shared.cut = Some(reason);
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
    }

    pub(in crate::connection) fn abandon(&self) {
        let mut shared = self.lock();
        shared.abandoned = true;
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
    }

    /// Whether calls run.
    #[cfg(feature = "grpc")]
    pub(crate) fn has_calls(&self) -> bool {
        self.lock().open > 0
    }

    /// Calls at a time, as the server says now.
    pub(super) fn limit(&self) -> usize {
        self.lock().limit
    }

    /// The server may allow another number of calls than before.
    pub(super) fn note_limit(&self) {
        let limit = self.protocol.max_calls().min(self.max_calls);
        let mut shared = self.lock();
        shared.limit = limit;
        let freed = shared.take_wanted();
        drop(shared);
        self.tell_freed(freed);
    }

    /// Tells the keeper that there is room, if `freed`.
    pub(super) fn tell_freed(&self, freed: bool) {
        if freed {
            self.keeper.freed();
        }
    }
}
