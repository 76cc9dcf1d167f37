//! A connector for one connection.

use std::io;
use std::sync::{Mutex, PoisonError};

use rpc_runtime::{Connector, Transport};

/// Connects by this transport, once. There is no connection after that.
pub fn once<T: Transport>(transport: T) -> impl Connector {
    let transport = Mutex::new(Some(transport));
    move || {
        let transport = transport
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        std::future::ready(transport.ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}
