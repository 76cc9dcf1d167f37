//! Connections that go on as something else than HTTP/1.1.

use std::sync::{Mutex, PoisonError};

use super::connection::HttpConnection;
use crate::server::{GatewayConnection, Serving};

/// What serves the rest of a connection.
type Next = Box<dyn FnOnce(GatewayConnection) -> Serving + Send>;

/// What comes after HTTP, once a service has said so.
#[derive(Default)]
pub(super) struct Upgrade(Mutex<Option<Next>>);

impl Upgrade {
    pub(super) fn take(&self) -> Option<Next> {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        next.take()
    }
}

impl HttpConnection {
    /// Has `next` serve the connection when the response has left, whose status must be 101; if it cannot be written, nobody does.
    pub(crate) fn go_on_as(
        &self,
        next: impl FnOnce(GatewayConnection) -> Serving + Send + 'static,
    ) {
        let mut upgrade = self
            .upgrade
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *upgrade = Some(Box::new(next));
    }
}
