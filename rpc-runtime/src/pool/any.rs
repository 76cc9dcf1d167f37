//! The connections that channels make their calls over, as a pool sees them.

use rpc_wire::Status;
use tokio::sync::oneshot;

use super::{Connection, Load, Reserved};
use crate::connection::any::AnyConnection;

impl Connection for AnyConnection {
    fn reserve(&self) -> Reserved {
        self.reserve()
    }

    fn unreserve(&self) {
        self.unreserve();
    }

    fn load(&self) -> Load {
        self.load()
    }

    fn check(&self) -> Option<oneshot::Receiver<()>> {
        self.check()
    }

    fn leave(&self, reason: &'static str) {
        self.leave(reason);
    }

    fn cut(&self, reason: Status) {
        self.cut(reason);
    }

    fn abandon(&self) {
        self.abandon();
    }
}
