//! A server of all test services.

use rpc_runtime::Server;
use rpc_tests::{TestServer, TestStreams};

pub(crate) use rpc_tests::{Http1Client as Client, envelope, envelopes, request_head as head};

/// Serves the test services, configured by the test.
pub(crate) async fn start_with(configure: impl FnOnce(Server) -> Server) -> TestServer {
    TestServer::start_with(|server| configure(server).service(TestStreams::default())).await
}

pub(crate) async fn start() -> TestServer {
    start_with(|server| server).await
}

/// The envelopes of a body that are text.
pub(crate) fn texts(body: &[u8]) -> Vec<(u8, String)> {
    let envelopes = envelopes(body).into_iter();
    envelopes
        .map(|(flags, message)| (flags, String::from_utf8(message).unwrap()))
        .collect()
}
