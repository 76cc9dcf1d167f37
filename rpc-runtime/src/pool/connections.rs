//! Which connections a pool has, and how many it wants.

use std::collections::BTreeMap;
use std::sync::Arc;

use rpc_wire::Status;

use super::queue::Queue;
use super::stats::Counts;
use super::{Connection, PoolConfig, Reserved};

/// A connection of a pool.
pub(super) struct Entry<C> {
    /// The number of the attempt to connect that made it.
    pub(super) id: u64,
    pub(super) connection: Arc<C>,
    /// It is being checked, and takes no calls until it has passed.
    pub(super) on_trial: bool,
}

/// How a connection ended.
pub(super) struct Ended {
    pub(super) reason: Status,
    /// The server had proved to speak the protocol.
    pub(super) established: bool,
}

/// Attempts to connect that begin now.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) ids: Vec<u64>,
    /// No caller waits for them: they take the place of connections that have ended.
    pub(super) replenishes: bool,
}

/// A pool's state, under its lock.
pub(super) struct State<C: Connection> {
    /// Connections that take calls, the oldest first.
    pub(super) open: Vec<Entry<C>>,
    /// Those that take no more.
    pub(super) leaving: Vec<Entry<C>>,
    /// Attempts to connect; how the connection has ended already, if it has.
    pub(super) connecting: BTreeMap<u64, Option<Ended>>,
    pub(super) queue: Queue<C>,
    /// Why the pool takes no more calls.
    pub(super) closed: Option<Status>,
    /// The connection that newcomers find at hand.
    pub(super) published: Option<u64>,
    pub(super) counts: Counts,
    /// The connection that had a place last.
    last_used: u64,
    /// The last search found all places taken.
    used_up: bool,
    last_id: u64,
    max_connections: usize,
    max_streams: usize,
    min_idle: usize,
}

/// What a search for a place came to.
pub(super) enum Found<C> {
    /// A place is kept.
    Place(Arc<C>),
    /// Some connection will have one soon.
    Later,
    /// All are taken.
    Nothing,
}

impl<C: Connection> State<C> {
    pub(super) fn new(config: &PoolConfig) -> Self {
        State {
            open: Vec::new(),
            leaving: Vec::new(),
            connecting: BTreeMap::new(),
            queue: Queue::default(),
            closed: None,
            published: None,
            counts: Counts::default(),
            last_used: 0,
            used_up: true,
            last_id: 0,
            max_connections: config.max_connections,
            max_streams: config
                .max_streams_per_connection
                .map_or(usize::MAX, |most| most as usize),
            min_idle: config.min_idle,
        }
    }

    /// Keeps a place on the oldest connection that has one, so that those that are not needed fall idle.
    pub(super) fn reserve(&mut self) -> Found<C> {
        let mut later = false;
        let mut at = 0;
        while let Some(entry) = self.open.get(at) {
            let reserved = match entry.on_trial {
                true => Reserved::Later,
                false => entry.connection.reserve(),
            };
            match reserved {
                Reserved::Kept => {
                    self.last_used = entry.id;
                    return Found::Place(Arc::clone(&entry.connection));
                }
                Reserved::Later => later = true,
                Reserved::Full => {}
                Reserved::Gone => {
                    let entry = self.open.remove(at);
                    self.leaving.push(entry);
                    continue;
                }
            }
            at += 1;
        }
        self.used_up = !later;
        self.found_last()
    }

    /// What the last search that found no place came to.
    pub(super) fn found_last(&self) -> Found<C> {
        match self.used_up {
            true => Found::Nothing,
            false => Found::Later,
        }
    }

    /// The connection for newcomers: that which had a place last.
    pub(super) fn preferred(&self) -> Option<&Entry<C>> {
        let mut fit = self.open.iter().filter(|entry| !entry.on_trial);
        let last_used = fit.clone().find(|entry| entry.id == self.last_used);
        last_used.or_else(|| fit.next())
    }

    pub(super) fn entry(&mut self, id: u64) -> Option<&mut Entry<C>> {
        self.open.iter_mut().find(|entry| entry.id == id)
    }

    /// Gives a connection no more calls; nothing if that was so.
    pub(super) fn retire(&mut self, id: u64) -> Option<Arc<C>> {
        let at = self.open.iter().position(|entry| entry.id == id)?;
        let entry = self.open.remove(at);
        let connection = Arc::clone(&entry.connection);
        self.leaving.push(entry);
        Some(connection)
    }

    /// Forgets a connection that has ended.
    pub(super) fn remove(&mut self, id: u64) -> Option<Entry<C>> {
        let all = [&mut self.open, &mut self.leaving];
        all.into_iter().find_map(|entries| {
            let at = entries.iter().position(|entry| entry.id == id)?;
            Some(entries.remove(at))
        })
    }

    /// Connections without calls.
    pub(super) fn idle(&self) -> usize {
        let loads = self.open.iter().map(|entry| entry.connection.load());
        loads.filter(|load| load.is_idle()).count()
    }

    /// Connections at the most, those included that take no more calls: so that a server which restarts
    /// holds up nobody, and calls that never end do not add up to any number of connections.
    pub(super) fn max_with_leaving(&self) -> usize {
        self.max_connections.saturating_mul(2)
    }

    /// Begins the attempts to connect that are wanted, after a search for a place came to `found`. After a
    /// failure there is one at a time.
    pub(super) fn plan(&mut self, found: &Found<C>, failing: bool) -> Plan {
        if self.closed.is_some() {
            return Plan::default();
        }
        let for_callers = match found {
            Found::Nothing => self.queue.len().div_ceil(self.max_streams),
            Found::Place(_) | Found::Later => 0,
        };
        let missing = self.min_idle.saturating_sub(self.open.len());
        let room = self.max_connections.saturating_sub(self.open.len());
        let room = room.min(
            self.max_with_leaving()
                .saturating_sub(self.open.len() + self.leaving.len()),
        );
        let most = if failing { room.min(1) } else { room };
        let wanted = for_callers.max(missing).min(most);
        let ids = (self.connecting.len()..wanted)
            .map(|_| {
                self.last_id += 1;
                self.connecting.insert(self.last_id, None);
                self.last_id
            })
            .collect();
        Plan {
            ids,
            replenishes: for_callers == 0 && self.counts.opened > 0,
        }
    }
}
