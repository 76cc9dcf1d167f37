//! Connections to servers that speak JSON-RPC 2.0: over TCP, where calls are told apart by their ids, so that any
//! number may be on their way, and over HTTP.

mod batch;
mod call;
mod messages;
mod moving;
mod post;
mod protocol;
mod table;

use std::sync::Arc;

use self::moving::Moving;
use self::protocol::JsonRpc;
use self::table::Table;
use super::foreign::{self, ForeignConnection};
use super::keeper::Keeper;
use crate::transport::BoxTransport;

pub(crate) use batch::as_one_message;
pub(crate) use post::{Endpoint, connect_http};

/// Speaks JSON-RPC over `transport`. Whether somebody else speaks it there shows with the first answer.
pub(crate) fn connect(
    transport: BoxTransport,
    max_message_size: u64,
    address: Arc<str>,
    max_calls: usize,
    keeper: Arc<dyn Keeper>,
) -> (Arc<ForeignConnection>, foreign::Moving) {
    let table = Arc::new(Table::default());
    let protocol = Box::new(JsonRpc::new(Arc::clone(&table)));
    let connection = ForeignConnection::new(protocol, address, max_calls, keeper);
    let moving = Moving::new(transport, table, max_message_size);
    (connection, Box::pin(moving))
}
