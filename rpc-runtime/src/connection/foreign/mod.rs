//! Connections to servers that speak other protocols, to which calls go as to native ones.
//!
//! A protocol is a [`Protocol`], which begins calls on one connection, and a future that moves the connection's
//! bytes. What all have in common is here: places for calls, deadlines, the end of calls and connections. A call is
//! polled by its caller: whatever arrives for it stays with the protocol until then.

mod calls;
mod cell;
mod driver;
mod places;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use rpc_wire::session::{Encoded, Outcome, OutgoingRequest};
use rpc_wire::{Metadata, Stage, Status};
use tokio::sync::oneshot;

use self::cell::Cell;
use super::keeper::Keeper;
use crate::compression::Compression;

pub(crate) use driver::{ForeignDriver, Moving};

/// A protocol, as one connection speaks it. The server has proved to speak it.
pub(crate) trait Protocol: Send + Sync + 'static {
    /// Calls that the server lets run at a time, as far as it has said.
    fn max_calls(&self) -> usize;

    /// Hands a call's request over. Messages of a stream of requests follow one by one.
    ///
    /// # Errors
    ///
    /// Why the call was not begun; the server knows nothing of it.
    fn begin(
        &self,
        now: Instant,
        request: &OutgoingRequest<'_>,
    ) -> Result<Box<dyn ForeignCall>, NotBegun>;

    /// Asks whether the server is there. The answer completes the receiver, the end of the connection fails it.
    fn ping(&self) -> oneshot::Receiver<()>;

    /// Takes leave of the server, after the last call has ended: the future that moves the bytes ends soon.
    fn close(&self);

    /// What messages are compressed with.
    fn compression(&self) -> Option<Compression> {
        None
    }
}

/// Why a call was not begun.
pub(crate) enum NotBegun {
    /// The connection takes no more calls; another one does.
    Elsewhere,
    /// It cannot be sent.
    Failed(Status),
}

/// A call that was begun. Dropping it cancels the call at the server, unless it has ended.
///
/// How it ended is found in the [`Outcome`] or in the status in its place, which says the stage and whether the call
/// may have run. Calls of which the connection is lost end, or stay pending: then they are ended for it.
///
/// Replies are as their codec wants them, and say whether they had arrived compressed.
pub(crate) trait ForeignCall: Send {
    /// The end of a call with one reply.
    fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Outcome>;

    /// See `ClientConnection::poll_headers`.
    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>>;

    /// The next of several replies; `None` when they have ended well. Whoever asks behind the end is given the same
    /// again.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Encoded>, Status>>;

    /// See `ClientConnection::trailers`.
    fn trailers(&self) -> Option<Metadata>;

    /// See `ClientConnection::poll_send`.
    fn poll_send(&mut self, message: &Encoded, cx: &mut Context<'_>) -> Poll<bool>;

    /// Whether the server may have seen anything of the call; true if that is not known.
    fn has_left(&self) -> bool {
        true
    }

    /// No more requests follow.
    fn finish_sending(&mut self);
}

/// A connection to a server that speaks another protocol.
pub(crate) struct ForeignConnection {
    protocol: Box<dyn Protocol>,
    address: Arc<str>,
    keeper: Arc<dyn Keeper>,
    /// Calls at a time, however many the server allows.
    max_calls: usize,
    shared: Mutex<Shared>,
}

/// What callers and the driver share. No protocol's code runs under the lock, and no waker's.
#[derive(Default)]
struct Shared {
    calls: HashMap<u32, Entry>,
    /// Calls that have not ended.
    open: usize,
    last_id: u32,
    /// Calls that may be open at a time.
    limit: usize,
    /// Places for calls that are kept for callers on their way.
    kept: usize,
    /// Calls that were ever started, and those of them in a kept place.
    starts: u64,
    kept_starts: u64,
    /// Somebody looked for a place and found none.
    wanted: bool,
    /// No open call's deadline is earlier.
    earliest_deadline: Option<Instant>,
    /// Set while the driver sleeps.
    driver: Option<Waker>,
    /// Why the connection takes no more calls.
    leaving: Option<&'static str>,
    /// No channel uses the connection any more.
    abandoned: bool,
    /// Why the driver has to end the connection at once, if it has to.
    cut: Option<Status>,
    /// Why there is no connection any more.
    closed: Option<Status>,
}

/// A call in the table.
struct Entry {
    cell: Arc<Cell>,
    deadline: Option<Instant>,
    /// It has not ended.
    open: bool,
}

impl ForeignConnection {
    /// A connection that is ready for calls, of which a [`ForeignDriver`] takes care.
    pub(crate) fn new(
        protocol: Box<dyn Protocol>,
        address: Arc<str>,
        max_calls: usize,
        keeper: Arc<dyn Keeper>,
    ) -> Arc<Self> {
        let shared = Shared {
            limit: protocol.max_calls().min(max_calls),
            ..Shared::default()
        };
        Arc::new(ForeignConnection {
            protocol,
            address,
            keeper,
            max_calls,
            shared: Mutex::new(shared),
        })
    }

    /// There would be no connection, if its server had not answered.
    ///
    /// # Errors
    ///
    /// Why the connection has ended meanwhile.
    pub(super) fn established(&self) -> Result<(), Status> {
        match &self.lock().closed {
            Some(reason) => Err(reason
                .clone()
                .with_stage(Stage::Connect)
                .with_may_have_run(false)),
            None => Ok(()),
        }
    }

    pub(super) fn is_established(&self) -> bool {
        true
    }

    pub(super) fn compression(&self) -> Option<Compression> {
        self.protocol.compression()
    }

    /// The server's are not known before it refuses one.
    pub(super) fn server_compression(&self) -> Vec<String> {
        crate::compression::names(Compression::ALL)
    }

    /// Servers do not say.
    pub(super) fn max_request_size(&self) -> Option<u64> {
        None
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn takes_calls(&self) -> bool {
        self.closed.is_none() && self.leaving.is_none()
    }

    fn has_room(&self) -> bool {
        self.open + self.kept < self.limit
    }

    fn has_calls(&self) -> bool {
        self.open + self.kept > 0
    }

    /// An id that no call has.
    fn free_id(&mut self) -> u32 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if !self.calls.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }

    /// Whether somebody who found no place is to be told that there is one now; it is told once.
    fn take_wanted(&mut self) -> bool {
        let freed = self.wanted && self.has_room();
        if freed {
            self.wanted = false;
        }
        freed
    }
}

impl fmt::Debug for ForeignConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignConnection")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
