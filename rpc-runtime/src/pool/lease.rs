//! A place for a call.

use std::fmt;
use std::sync::Arc;

use super::{Connection, Ticket};

/// A place that is kept for a call; dropping it gives it back.
pub(crate) struct Lease<C: Connection> {
    connection: Arc<C>,
    ticket: Ticket,
    taken: bool,
}

impl<C: Connection> Lease<C> {
    pub(super) fn new(connection: Arc<C>, ticket: Ticket) -> Self {
        Lease {
            connection,
            ticket,
            taken: false,
        }
    }

    /// When the caller came, should it have to wait again.
    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// The connection on which the place is.
    pub(crate) fn connection(&self) -> &Arc<C> {
        &self.connection
    }

    /// Takes the place: it is for the call to give back.
    pub(crate) fn take(mut self) -> Arc<C> {
        self.taken = true;
        Arc::clone(&self.connection)
    }
}

impl<C: Connection> Drop for Lease<C> {
    fn drop(&mut self) {
        if !self.taken {
            self.connection.unreserve();
        }
    }
}

impl<C: Connection> fmt::Debug for Lease<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}
