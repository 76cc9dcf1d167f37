//! The end of a listening socket, without a reset for those who have just connected.

use std::sync::Arc;

use tokio::net::TcpListener;

/// Sockets that shall not listen much longer.
///
/// Whoever has connected by the time that a socket is closed, but was not accepted, is reset, and cannot know
/// whether its call has run. Between the last `accept` and `close` there is always such a moment, unless nobody
/// can connect in it.
pub(crate) struct Closing(Arc<[TcpListener]>);

impl Closing {
    pub(super) fn new(listeners: Arc<[TcpListener]>) -> Self {
        Closing(listeners)
    }

    /// Lets nobody begin to connect any more. Who began can still be accepted; who comes later asks again
    /// after a second, as for a packet that was lost, and meets what listens by then.
    pub(crate) fn admit_no_more(&self) {
        for listener in &*self.0 {
            if let Err(error) = system::drop_new_connections(listener) {
                tracing::debug!(%error, "new connections cannot be held off before the socket is closed");
            }
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::io;

    use socket2::{SockFilter, SockRef};
    use tokio::net::TcpListener;

    /// Where the flags are in a TCP header, and two of them (RFC 9293, section 3.1).
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;

    /// A program for the kernel's packet filter, of the opcodes in `linux/bpf_common.h`: it drops what has SYN
    /// without ACK, the first packet of a connection, and keeps the rest.
    const DROP_NEW: [SockFilter; 5] = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;

    pub(super) fn drop_new_connections(listener: &TcpListener) -> io::Result<()> {
        SockRef::from(listener).attach_filter(&DROP_NEW)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use std::io;

    use tokio::net::TcpListener;

    pub(super) fn drop_new_connections(_: &TcpListener) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
