//! How many connections a server has, and may have.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections in all, unless configured otherwise: their read buffers of 64 KiB take 1 GiB.
const DEFAULT_MAX_CONNECTIONS: usize = 16_384;

/// Connections of one peer, unless configured otherwise: a quarter of all, so that one host cannot
/// lock out the others.
const DEFAULT_MAX_CONNECTIONS_PER_PEER: usize = DEFAULT_MAX_CONNECTIONS / 4;

/// Bits of an IPv6 address that tell hosts apart: every host can have a whole /64.
const HOST_BITS: u128 = !0 << 64;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    pub(super) total: usize,
    pub(super) per_peer: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits {
            total: DEFAULT_MAX_CONNECTIONS,
            per_peer: DEFAULT_MAX_CONNECTIONS_PER_PEER,
        }
    }
}

/// Counts connections.
#[derive(Clone, Debug)]
pub(super) struct ConnectionCounts {
    limits: ConnectionLimits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    /// Of peers that have connections.
    by_peer: HashMap<IpAddr, usize>,
}

impl ConnectionCounts {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        ConnectionCounts {
            limits,
            counts: Arc::default(),
        }
    }

    /// Counts a connection in until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// Which limit is reached, for the client.
    pub(super) fn admit(&self, peer: Option<SocketAddr>) -> Result<Admitted, String> {
        let ConnectionLimits { total, per_peer } = self.limits;
        let mut counts = self.lock();
        if counts.total >= total {
            return Err(format!(
                "the server has as many connections as it takes, {total} (max_connections); try another \
                 server, or later"
            ));
        }
        let peer = peer.map(|peer| host(peer.ip()));
        if let Some(peer) = peer {
            let of_peer = counts.by_peer.get(&peer).copied().unwrap_or_default();
            if of_peer >= per_peer {
                return Err(format!(
                    "the server has as many connections from {peer} as it takes from one address, \
                     {per_peer} (max_connections_per_peer); share connections, or close some"
                ));
            }
            counts.by_peer.insert(peer, of_peer + 1);
        }
        counts.total += 1;
        Ok(Admitted {
            counts: self.clone(),
            peer,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of an address tells a host from others.
fn host(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & HOST_BITS).into(),
    }
}

/// A connection that is counted, until it is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    counts: ConnectionCounts,
    peer: Option<IpAddr>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        counts.total -= 1;
        if let Some(peer) = self.peer
            && let Entry::Occupied(mut of_peer) = counts.by_peer.entry(peer)
        {
            *of_peer.get_mut() -= 1;
            if *of_peer.get() == 0 {
                of_peer.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(total: usize, per_peer: usize) -> ConnectionCounts {
        ConnectionCounts::new(ConnectionLimits { total, per_peer })
    }

    fn peer(text: &str) -> Option<SocketAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_is_gone_and_nothing_is_kept_of_its_peer() {
        let counts = counts(3, 2);
        let first = counts.admit(peer("192.0.2.1:1")).unwrap();
        let _second = counts.admit(peer("192.0.2.1:2")).unwrap();
        let error = counts.admit(peer("192.0.2.1:3")).unwrap_err();
        assert!(error.contains("max_connections_per_peer"), "{error}");
        assert!(error.contains("192.0.2.1 "), "{error}");
        let other = counts.admit(peer("192.0.2.2:1")).unwrap();
        let error = counts.admit(peer("192.0.2.3:1")).unwrap_err();
        assert!(error.contains("3 (max_connections)"), "{error}");
        drop(first);
        let _third = counts.admit(peer("192.0.2.1:3")).unwrap();
        drop(other);
        assert_eq!(counts.lock().by_peer.len(), 1);
    }

    #[test]
    fn a_refused_peer_leaves_nothing_behind() {
        let counts = counts(3, 0);
        let _unknown = counts.admit(None).unwrap();
        counts.admit(peer("192.0.2.1:1")).unwrap_err();
        assert_eq!(counts.lock().total, 1);
        assert!(counts.lock().by_peer.is_empty());
    }

    #[test]
    fn the_addresses_of_one_ipv6_host_count_as_one() {
        let counts = counts(9, 1);
        let _first = counts.admit(peer("[2001:db8::1]:1")).unwrap();
        counts.admit(peer("[2001:db8::ffff:2]:1")).unwrap_err();
        counts.admit(peer("[2001:db8:0:1::1]:1")).unwrap();
    }
}
