//! Callers that wait for a place, in the order in which they came.

use std::collections::BTreeMap;

use rpc_wire::Status;
use tokio::sync::oneshot;

use super::{Connection, Lease};

/// When a caller came. It keeps its ticket if it has to wait again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// Whoever is told what became of a caller's wait.
pub(super) type Waiter<C> = oneshot::Sender<Result<Lease<C>, Status>>;

/// First come, first served.
pub(super) struct Queue<C: Connection> {
    last: u64,
    waiting: BTreeMap<Ticket, Waiter<C>>,
}

impl<C: Connection> Default for Queue<C> {
    fn default() -> Self {
        Queue {
            last: 0,
            waiting: BTreeMap::new(),
        }
    }
}

impl<C: Connection> Queue<C> {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A ticket behind all others.
    pub(super) fn ticket(&mut self) -> Ticket {
        self.last += 1;
        Ticket(self.last)
    }

    /// Whether nobody waits who came before.
    pub(super) fn is_first(&self, ticket: Ticket) -> bool {
        self.waiting
            .first_key_value()
            .is_none_or(|(first, _)| ticket < *first)
    }

    pub(super) fn join(&mut self, ticket: Ticket, waiter: Waiter<C>) {
        self.waiting.insert(ticket, waiter);
    }

    /// A caller gives up; nothing if it was served.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waiter<C>> {
        self.waiting.remove(&ticket)
    }

    /// Takes out the caller that waits longest.
    pub(super) fn pop(&mut self) -> Option<(Ticket, Waiter<C>)> {
        self.waiting.pop_first()
    }

    /// Takes out everybody.
    pub(super) fn take(&mut self) -> Vec<Waiter<C>> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}
