//! The status of one service, and its changes.

use std::time::Duration;

use tokio::time::sleep;

use super::ServingStatus;
use super::handle::Changes;
use super::server::ServerHealth;

/// The statuses of a service, one after the other.
pub(super) struct Watch {
    service: String,
    changes: Changes,
    last: Option<Seen>,
}

/// What a watch has to say: a status, or that there is no such service.
pub(super) type Seen = Option<ServingStatus>;

impl Watch {
    pub(super) fn new(health: &ServerHealth, service: String) -> Self {
        Watch {
            service,
            changes: health.changes(),
            last: None,
        }
    }

    /// The status that there is, and later the next other one. `None` when the server shuts down, once
    /// that was told.
    pub(super) async fn next(&mut self) -> Option<Seen> {
        loop {
            let (standing, is_shutting_down) = self.changes.look(&self.service);
            let (seen, holds) = match standing {
                None => (None, Duration::MAX),
                Some(standing) => tokio::select! {
                    (status, holds) = standing.status() => (Some(status), holds),
                    // A check takes its time; what is set meanwhile may make it needless.
                    () = self.changes.next() => continue,
                },
            };
            if self.last != Some(seen) {
                self.last = Some(seen);
                return Some(seen);
            }
            if is_shutting_down {
                return None;
            }
            tokio::select! {
                () = self.changes.next() => {}
                () = sleep(holds) => {}
            }
        }
    }
}
