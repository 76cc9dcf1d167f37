//! The health of one server, which may share what is known with others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::handle::{Changes, Health};
use super::status::ServingStatus;

/// What one server says of its health: what is known of its services, until it shuts down itself. Others that share the
/// [`Health`] go on.
#[derive(Clone, Default)]
pub(crate) struct ServerHealth {
    health: Health,
    is_shutting_down: Arc<AtomicBool>,
}

impl ServerHealth {
    pub(super) fn new(health: Health) -> Self {
        ServerHealth {
            health,
            is_shutting_down: Arc::default(),
        }
    }

    /// As [`Health::status`].
    pub(super) async fn status(&self, service: &str) -> Option<ServingStatus> {
        let standing = self.health.standing(service, self.is_shutting_down())?;
        Some(standing.status().await.0)
    }

    /// As [`Health::statuses`].
    pub(super) async fn statuses(&self) -> BTreeMap<String, ServingStatus> {
        self.health.statuses_while(self.is_shutting_down()).await
    }

    /// Tells of changes.
    pub(super) fn changes(&self) -> Changes {
        Changes::new(&self.health, &self.is_shutting_down)
    }

    /// The server starts with these services.
    pub(super) fn starts<'a>(&self, services: impl Iterator<Item = &'a str>) {
        self.health.starts(services);
    }

    /// The server shuts down.
    pub(super) fn ends(&self) {
        self.is_shutting_down.store(true, Ordering::Release);
        self.health.ends();
    }

    fn is_shutting_down(&self) -> bool {
        self.is_shutting_down.load(Ordering::Acquire)
    }
}
