//! Deadlines of calls with streams: none unless somebody sets one, and then for both ends.

use std::time::Duration;

use rpc_runtime::{Code, Context, Status, Streaming, rpc_service};
use rpc_tests::flows::{FlowsAsyncClientProxy, Order};
use rpc_tests::probe::Payload;
use rpc_tests::relay::{Mirror, MirrorAsyncClientProxy};
use rpc_tests::{LIMIT, TestFlows, channel, piece, within};

/// Long enough for a call to reach its handler on a slow machine.
const TIMEOUT: Duration = Duration::from_millis(500);

/// More than any test waits, and less than the default of unary calls.
const LONG: Duration = Duration::from_secs(29);

fn endless() -> Order {
    Order {
        pieces: u64::MAX,
        size: 1000,
        ..Order::default()
    }
}

/// Reads a stream to its end, which must be an error.
async fn read_to_error<T>(mut replies: Streaming<T>) -> Status {
    loop {
        match replies.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended well"),
            Err(status) => return status,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_ends_streams_of_all_kinds_at_both_ends() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let replies = client.produce(endless()).timeout(TIMEOUT).await.unwrap();
        let status = read_to_error(replies).await;
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        assert_eq!(status.method(), Some("flows.Flows/Produce"));

        let (sender, requests) = channel(1);
        sender.send(piece("one")).await.unwrap();
        let status = client.consume(requests).timeout(TIMEOUT).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        sender.closed().await;

        let (sender, requests) = channel(1);
        let mut replies = client.converse(requests).timeout(TIMEOUT).await.unwrap();
        sender.send(piece("one")).await.unwrap();
        assert_eq!(replies.message().await.unwrap(), Some(piece("one")));
        let status = read_to_error(replies).await;
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        sender.closed().await;

        assert_eq!(flows.until_idle().await.started, 3);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_reads_on_behind_its_handler_hears_of_the_deadline() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let (_sender, requests) = channel(1);
        let call = client.delegate(requests).timeout(TIMEOUT);
        assert_eq!(call.await.unwrap_err().code(), Code::DeadlineExceeded);
        let ends = flows.until_idle().await.ends;
        assert!(
            ends == [Code::DeadlineExceeded] || ends == [Code::Cancelled],
            "whoever notices first: {ends:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_deadline_passes_also_while_nobody_reads_the_stream() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let unread = client.produce(endless()).timeout(TIMEOUT).await.unwrap();
        flows.until(|flow| flow.alive == 1).await;
        flows.until_idle().await;
        assert_eq!(read_to_error(unread).await.code(), Code::DeadlineExceeded);
    })
    .await;
}

/// Calls a method of each kind of stream.
async fn call_all(client: &FlowsAsyncClientProxy, cx: &Context) -> Result<(), Status> {
    let mut replies = client.produce(Order::default()).context(cx).await?;
    while replies.message().await?.is_some() {}
    client.consume(tokio_stream::empty()).context(cx).await?;
    let requests = tokio_stream::empty();
    let mut replies = client.converse(requests).context(cx).await?;
    while replies.message().await?.is_some() {}
    Ok(())
}

#[tokio::test]
async fn streams_have_no_deadline_by_default() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        call_all(&client, &Context::new()).await.unwrap();
        assert_eq!(flows.flow().remaining, [None; 3]);
    })
    .await;
}

/// A service that calls another one with streams.
struct Caller(FlowsAsyncClientProxy);

#[rpc_service]
impl Mirror for Caller {
    async fn reflect(&self, cx: Context, _: Payload) -> Result<Payload, Status> {
        call_all(&self.0, &cx).await?;
        Ok(Payload::default())
    }

    async fn collect(&self, _: Context, _: Streaming<Payload>) -> Result<Payload, Status> {
        // Nothing but the scope of the handler tells the call its deadline.
        let replies = self.0.produce(endless()).await?;
        Err(read_to_error(replies).await)
    }
}

#[tokio::test]
async fn streams_inherit_the_deadline_of_the_handler_that_opens_them() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let caller = MirrorAsyncClientProxy::local(Caller(client));
        let call = caller.reflect(Payload::default()).timeout(LONG);
        call.await.unwrap();
        let remaining = flows.flow().remaining;
        assert_eq!(remaining.len(), 3);
        for remaining in remaining {
            assert!(remaining.is_some_and(|left| left <= LONG), "{remaining:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_handler_that_opened_it() {
    within(LIMIT, async {
        let (_server, flows, client) = TestFlows::serve().await;
        let caller = MirrorAsyncClientProxy::local(Caller(client));
        let call = caller.collect(tokio_stream::empty()).timeout(TIMEOUT);
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        assert_eq!(flows.until_idle().await.started, 1);
    })
    .await;
}
