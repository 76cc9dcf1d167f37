//! `#[rpc(..)]` on methods with streams: the options are those of the whole call.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{Code, Context, Server, Status, Streaming, rpc_service};
use rpc_tests::streams::{Chunk, CountRequest, Number, Streams, StreamsAsyncClientProxy};
use rpc_tests::{LIMIT, channel, within};

/// Streams that never end by themselves.
struct Endless;

#[rpc_service]
impl Streams for Endless {
    #[rpc(timeout = Duration::from_millis(50))]
    async fn count(
        &self,
        _cx: Context,
        _request: CountRequest,
    ) -> Result<impl futures_core::Stream<Item = Result<Number, Status>> + Send + 'static, Status>
    {
        Ok(tokio_stream::pending())
    }

    #[rpc(timeout = Duration::from_millis(50))]
    async fn sum(&self, _cx: Context, mut requests: Streaming<Number>) -> Result<Number, Status> {
        while requests.message().await?.is_some() {}
        Ok(Number::default())
    }

    #[rpc(limit = 1)]
    async fn chat(
        &self,
        _cx: Context,
        requests: Streaming<Chunk>,
    ) -> Result<impl futures_core::Stream<Item = Result<Chunk, Status>> + Send + 'static, Status>
    {
        Ok(requests)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_ends_a_stream_that_is_open() {
    within(LIMIT, async {
        let streams = StreamsAsyncClientProxy::local(Endless);
        let mut numbers = streams.count(CountRequest::default()).await.unwrap();
        let status = numbers.message().await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");

        let (_sender, requests) = channel(1);
        let status = streams.sum(requests).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_counts_a_stream_until_it_ends() {
    within(LIMIT, async {
        let streams = StreamsAsyncClientProxy::local(Endless);
        let (sender, requests) = channel(1);
        let mut first = streams.chat(requests).await.unwrap();
        sender.send(Chunk::default()).await.unwrap();
        assert!(first.message().await.unwrap().is_some());

        let (_other, requests) = channel(1);
        let mut second = streams.chat(requests).await.unwrap();
        let status = second.message().await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(!status.may_have_run(), "{status}");

        drop(sender);
        assert_eq!(first.message().await.unwrap(), None);
        let (_sender, requests) = channel(1);
        streams
            .chat(requests)
            .await
            .unwrap()
            .headers()
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_limit_counts_a_stream_until_it_ends() {
    within(LIMIT, async {
        let server = Server::new().service(Endless).max_concurrent_calls(1);
        let bound = server.bind("127.0.0.1:0").await.unwrap();
        let address = bound.local_addr().to_string();
        tokio::spawn(bound.serve());
        let streams = StreamsAsyncClientProxy::connect(address).await.unwrap();

        let (sender, requests) = channel(1);
        let mut first = streams.chat(requests).await.unwrap();
        sender.send(Chunk::default()).await.unwrap();
        assert!(first.message().await.unwrap().is_some());

        let (_other, requests) = channel(1);
        let status = streams.sum(requests).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(!status.may_have_run(), "{status}");

        drop(sender);
        assert_eq!(first.message().await.unwrap(), None);
        let (_sender, requests) = channel(1);
        let status = streams.sum(requests).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "it ran: {status}");
    })
    .await;
}
