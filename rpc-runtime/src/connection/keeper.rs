//! What a connection and whoever keeps it, which is a pool, tell each other.

use rpc_wire::Status;

/// Whoever keeps a connection, and is told what becomes of it: by the connection's task and its
/// callers, never under its lock.
pub(crate) trait Keeper: Send + Sync {
    /// The server has proved to speak the protocol, and allows so many streams.
    fn established(&self, _streams: u32) {}

    /// There is room again, which [`reserve`] did not find before.
    ///
    /// [`reserve`]: super::client::ClientConnection::reserve
    fn freed(&self) {}

    /// The last call has ended. Only told to who [watches](Self::watches_idle).
    fn idle(&self) {}

    /// Whether to be told when the last call ends.
    fn watches_idle(&self) -> bool {
        false
    }

    /// Nobody used the connection for its idle timeout: whether it may go. If not, the time
    /// begins again.
    fn may_retire(&self) -> bool {
        true
    }

    /// The connection takes no more calls. It may be told more than once.
    fn leaving(&self) {}

    /// The connection has ended; `established` says whether the server ever proved to be there.
    /// It is told once.
    fn closed(&self, _reason: &Status, _established: bool) {}
}

/// What the task of a connection has told its keeper.
pub(super) struct Told {
    /// The last call had ended.
    idle: bool,
    /// There will be no more calls.
    leaving: bool,
}

impl Told {
    /// As it is for a new connection, which has no calls.
    pub(super) fn new() -> Self {
        Told {
            idle: true,
            leaving: false,
        }
    }

    /// Tells the keeper when the last call has ended, if it wants to know.
    pub(super) fn calls(&mut self, keeper: &dyn Keeper, has_calls: bool) {
        let became_idle = !has_calls && !self.idle;
        self.idle = !has_calls;
        if became_idle && keeper.watches_idle() {
            keeper.idle();
        }
    }

    /// Tells the keeper once that there will be no more calls.
    pub(super) fn leaving(&mut self, keeper: &dyn Keeper) {
        if !std::mem::replace(&mut self.leaving, true) {
            keeper.leaving();
        }
    }
}

/// What became of an attempt to keep a place for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    /// A place is kept: a call takes it, or it is given back.
    Kept,
    /// There is none now, though not for want of streams: the server has not said how many it allows,
    /// or too much waits to be written. The keeper is told when there is room.
    Later,
    /// All streams are taken. The keeper is told when there is room.
    Full,
    /// The connection takes no more calls.
    Gone,
}

/// What a connection carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Calls that run.
    pub(crate) calls: usize,
    /// Places that are kept for calls.
    pub(crate) kept: usize,
    /// Calls that were ever started without a place kept for them.
    pub(crate) direct: u64,
    /// Calls that it carries at the most.
    pub(crate) limit: usize,
}

impl Load {
    /// Whether nobody uses the connection.
    pub(crate) fn is_idle(self) -> bool {
        self.calls + self.kept == 0
    }
}
