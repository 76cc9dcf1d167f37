//! What the tests have in common.

use bytes::Bytes;
use rpc_runtime::middleware::{Completion, Timing};
use rpc_runtime::{Channel, ChannelBuilder, Server};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::streams::StreamsAsyncClientProxy;
use rpc_tests::{TestServer, TestStreams};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A server of the probe and the streams, configured by the test.
pub(crate) async fn serve(configure: impl FnOnce(Server) -> Server) -> TestServer {
    TestServer::start_with(|server| configure(server.service(TestStreams::default()))).await
}

/// Proxies on one channel, configured by the test.
pub(crate) async fn clients(
    server: &TestServer,
    configure: impl FnOnce(ChannelBuilder) -> ChannelBuilder,
) -> (ProbeAsyncClientProxy, StreamsAsyncClientProxy) {
    let channel = configure(Channel::builder(server.address()));
    let channel = channel.connect().await.unwrap();
    let streams = StreamsAsyncClientProxy::with(channel.clone());
    (ProbeAsyncClientProxy::with(channel), streams)
}

/// Proxies without interceptors.
pub(crate) async fn plain(server: &TestServer) -> (ProbeAsyncClientProxy, StreamsAsyncClientProxy) {
    clients(server, |builder| builder).await
}

/// An interceptor, and the ends of the calls that it saw.
pub(crate) fn watch() -> (Timing, UnboundedReceiver<Completion>) {
    let (sender, receiver) = unbounded_channel();
    let timing = Timing::new(move |end| {
        // The test may have seen enough.
        let _ = sender.send(end.clone());
    });
    (timing, receiver)
}

pub(crate) fn payload(data: impl Into<Bytes>) -> Payload {
    Payload { data: data.into() }
}
