//! Version 1 of the protocol, for clients that have not moved on: unary calls, one frame each way.
//! docs/version-1.md shows the bytes.
//!
//! There is no frame that says what went wrong, so a call that fails is not answered: the reason is
//! logged and the connection closed.

mod calls;
mod frame;
mod protocol_data;

use calls::Calls;
use frame::Limits;

use crate::exchange::Connection;
use crate::server::{AnyGateway, GatewayConnection, Serving};
use crate::transport::Prefix;

/// Answers version 1.
pub(super) struct V1;

impl AnyGateway for V1 {
    fn name(&self) -> &'static str {
        "v1"
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        Prefix::compare(first, &frame::PREFIX)
    }

    fn serve(&self, connection: GatewayConnection) -> Serving {
        let GatewayConnection {
            opened,
            peer,
            identity,
            router,
            config,
            shutdown,
        } = connection;
        let limits = Limits {
            max_metadata_size: config.session.settings.max_metadata_size,
            max_message_size: config.session.max_message_size,
        };
        let calls = Calls::new(router, peer, identity, limits);
        Box::pin(Connection::new(opened, peer, &config, shutdown, calls).run())
    }
}
