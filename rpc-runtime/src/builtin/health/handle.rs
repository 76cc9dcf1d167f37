//! What is known of the services of a server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use super::cached::CachedCheck;
use super::{Check, ServingStatus};

/// The health of a server and its services: statuses that are set by hand, and checks.
///
/// A clone is another handle to the same. Give it to a server, [`Server::health`](crate::Server::health), or to
/// several. A server that shuts down tells its own clients that all services are NOT_SERVING; this type
/// says so once all servers that have it do, until one is started with it.
///
/// A service is named by its full name, such as `shop.Orders`, or by the alias that it is registered under; the
/// server as a whole has the empty name, and a status of its own: what its services have does not change it.
/// Every name is known that a service is registered under, or that was given to a method of this type.
///
/// Statuses that are set and checks go together: a service is SERVING if it was not set to anything else, which it
/// need not be, and its check, if it has one, says so.
#[derive(Clone)]
pub struct Health {
    known: Arc<watch::Sender<Known>>,
}

/// What is known of each service, by name.
struct Known {
    services: BTreeMap<String, Entry>,
    /// Servers that were started and do not shut down; `None` before the first.
    servers: Option<usize>,
}

struct Entry {
    set: ServingStatus,
    check: Option<Arc<CachedCheck>>,
}

impl Default for Entry {
    fn default() -> Self {
        Entry {
            set: ServingStatus::Serving,
            check: None,
        }
    }
}

impl Default for Health {
    fn default() -> Self {
        Health::new()
    }
}

impl Health {
    /// The server as a whole is SERVING; of services nothing is known yet.
    pub fn new() -> Self {
        let known = Known {
            services: BTreeMap::from([(String::new(), Entry::default())]),
            servers: None,
        };
        Health {
            known: Arc::new(watch::Sender::new(known)),
        }
    }

    /// Sets the status of a service to SERVING: if it has a check, that decides.
    pub fn set_serving(&self, service: impl Into<String>) {
        self.set(service, ServingStatus::Serving);
    }

    /// Sets the status of a service to NOT_SERVING, whatever its check says.
    pub fn set_not_serving(&self, service: impl Into<String>) {
        self.set(service, ServingStatus::NotServing);
    }

    /// Sets the status of a service. Who watches it is told.
    pub fn set(&self, service: impl Into<String>, status: ServingStatus) {
        let service = service.into();
        self.known.send_modify(|known| {
            known.services.entry(service).or_default().set = status;
        });
    }

    /// Has a service checked, in place of the check that it had.
    pub fn check(&self, service: impl Into<String>, check: Check) {
        let service = service.into();
        let check = Arc::new(CachedCheck::new(service.clone(), check));
        self.known.send_modify(|known| {
            known.services.entry(service).or_default().check = Some(check);
        });
    }

    /// The status of a service; `None` if there is none of this name. A check whose last result is too old is
    /// run again.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if the service has a check.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops no check.
    pub async fn status(&self, service: &str) -> Option<ServingStatus> {
        let standing = self.standing(service, self.all_shut_down())?;
        Some(standing.status().await.0)
    }

    /// The status of every service, by name. Checks are run beside each other.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if a service has a check.
    pub async fn statuses(&self) -> BTreeMap<String, ServingStatus> {
        self.statuses_while(self.all_shut_down()).await
    }

    fn all_shut_down(&self) -> bool {
        self.known.borrow().servers == Some(0)
    }

    /// Where a service has its status from, if it is known, as one says who shuts down or does not.
    pub(super) fn standing(&self, service: &str, is_shutting_down: bool) -> Option<Standing> {
        let known = self.known.borrow();
        let entry = known.services.get(service)?;
        Some(entry.standing(is_shutting_down))
    }

    /// The status of every service, as one says them who shuts down or does not.
    pub(super) async fn statuses_while(
        &self,
        is_shutting_down: bool,
    ) -> BTreeMap<String, ServingStatus> {
        let standings: Vec<_> = {
            let known = self.known.borrow();
            let services = known.services.iter();
            services
                .map(|(name, entry)| (name.clone(), entry.standing(is_shutting_down)))
                .collect()
        };
        let statuses = standings
            .into_iter()
            .map(|(name, standing)| async move { (name, standing.status().await.0) });
        join_all(statuses).await.into_iter().collect()
    }

    /// A server starts with these services.
    pub(super) fn starts<'a>(&self, services: impl Iterator<Item = &'a str>) {
        self.known.send_modify(|known| {
            known.servers = Some(known.servers.unwrap_or(0) + 1);
            for service in services {
                known.services.entry(service.to_owned()).or_default();
            }
        });
    }

    /// A server shuts down.
    pub(super) fn ends(&self) {
        self.known.send_modify(|known| {
            known.servers = known.servers.map(|servers| servers.saturating_sub(1));
        });
    }
}

impl Entry {
    fn standing(&self, is_shutting_down: bool) -> Standing {
        match &self.check {
            _ if is_shutting_down => Standing::Set(ServingStatus::NotServing),
            Some(check) if self.set == ServingStatus::Serving => {
                Standing::Checked(Arc::clone(check))
            }
            _ => Standing::Set(self.set),
        }
    }
}

/// Where a service has its status from.
pub(super) enum Standing {
    Set(ServingStatus),
    Checked(Arc<CachedCheck>),
}

impl Standing {
    /// The status, and how long it holds if nothing is changed by hand.
    pub(super) async fn status(&self) -> (ServingStatus, Duration) {
        match self {
            Standing::Set(status) => (*status, Duration::MAX),
            Standing::Checked(check) => {
                let checked = check.result().await;
                (checked.status, checked.rest())
            }
        }
    }
}

/// What is known to a server, and when that changes.
pub(super) struct Changes {
    health: Health,
    is_shutting_down: Arc<AtomicBool>,
    seen: watch::Receiver<Known>,
}

impl Changes {
    /// Those of a server that shuts down when it is so noted, and `health` told.
    pub(super) fn new(health: &Health, is_shutting_down: &Arc<AtomicBool>) -> Self {
        Changes {
            health: health.clone(),
            is_shutting_down: Arc::clone(is_shutting_down),
            seen: health.known.subscribe(),
        }
    }

    /// Where a service has its status from now, if it is known, and whether the server shuts down.
    pub(super) fn look(&mut self, service: &str) -> (Option<Standing>, bool) {
        self.seen.mark_unchanged();
        let is_shutting_down = self.is_shutting_down.load(Ordering::Acquire);
        let standing = self.health.standing(service, is_shutting_down);
        (standing, is_shutting_down)
    }

    /// Waits until there is something else to see.
    pub(super) async fn next(&mut self) {
        // It fails only without a sender, and `health` has one.
        let _ = self.seen.changed().await;
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.borrow();
        f.debug_struct("Health")
            .field("services", &known.services.keys())
            .field("servers", &known.servers)
            .finish_non_exhaustive()
    }
}
