//! An observer of connections that tells why they end.

use rpc_runtime::ConnectionEvent;
use tokio::sync::mpsc;

/// Collects why connections end: an observer for `on_connection`, and the reasons in their order.
pub fn ends() -> (
    impl Fn(ConnectionEvent<'_>) + Send + Sync + 'static,
    mpsc::UnboundedReceiver<String>,
) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let observe = move |event: ConnectionEvent<'_>| {
        if let ConnectionEvent::Closed { reason, .. } = event {
            // The test may have seen enough.
            let _ = sender.send(reason.to_owned());
        }
    };
    (observe, receiver)
}
