//! The server: the first that is registered is the outermost.

use std::time::Duration;

use rpc_runtime::Server;
use rpc_runtime::middleware::{Authenticate, Logging};
use tower::ServiceBuilder;
use tower::timeout::TimeoutLayer;
use tower::util::MapErrLayer;

use crate::proto::CounterServer;
use crate::{Authorize, Tally, deadline};

/// A server whose calls may take as long as `limit`. It knows two callers by their tokens; those of a
/// real one come from where secrets are kept, and travel over TLS.
pub fn server(limit: Duration) -> Server {
    let tokens = [("admin", "a-t0ken"), ("guest", "g-t0ken")];
    Server::new()
        .service(CounterServer::new(Tally::default()))
        .intercept(Logging::new())
        .intercept(Authenticate::bearer(tokens))
        .intercept(Authorize)
        .layer(
            ServiceBuilder::new()
                .layer(MapErrLayer::new(deadline::status))
                .layer(TimeoutLayer::new(limit)),
        )
}
