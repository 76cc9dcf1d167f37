//! Peers that several channels share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::{self, Handle};

use super::peer::Peer;

/// Peers by runtime and target. They live as long as a channel uses them.
static PEERS: Mutex<Option<HashMap<Key, Weak<Peer>>>> = Mutex::new(None);

#[derive(PartialEq, Eq, Hash)]
struct Key {
    runtime: runtime::Id,
    target: String,
}

/// The peer of this runtime for a target; `make` makes it if there is none.
pub(super) fn shared(
    runtime: &Handle,
    target: String,
    make: impl FnOnce() -> Arc<Peer>,
) -> Arc<Peer> {
    let mut peers = PEERS.lock().unwrap_or_else(PoisonError::into_inner);
    let peers = peers.get_or_insert_default();
    let key = Key {
        runtime: runtime.id(),
        target,
    };
    if let Some(peer) = peers.get(&key).and_then(Weak::upgrade) {
        return peer;
    }
    peers.retain(|_, peer| peer.strong_count() > 0);
    let peer = make();
    peers.insert(key, Arc::downgrade(&peer));
    peer
}
