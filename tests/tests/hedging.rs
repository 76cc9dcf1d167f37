//! Calls that are sent again without waiting for their failure.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{
    Channel, ChannelBuilder, Code, Hedge, Metadata, RpcFuture, Status, TaskStatus, retry,
};
use rpc_tests::flaky::{FlakyAsyncClientProxy, Word};
use rpc_tests::probe::Payload;
use rpc_tests::{Answer, LIMIT, RawPeer, TestFlaky, TestServer, frame, within};
use rpc_wire::frame::{Flags, FrameType, RequestMetadata, ResponseMetadata};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

const HOUR: Duration = Duration::from_secs(3_600);

/// A delay that is soon over.
const SOON: Duration = Duration::from_millis(1);

fn word() -> Word {
    Word {
        text: "word".to_owned(),
    }
}

fn down() -> Answer {
    Answer::Fail(Status::unavailable("down"))
}

#[tokio::test]
async fn a_slow_call_is_sent_again_and_the_slow_attempt_is_cancelled() {
    let (_server, flaky, client) = TestFlaky::serve([Answer::Hang]).await;
    let call = client.again(word()).hedge(Hedge::after(SOON));
    let mut call = call.timeout(HOUR);
    assert_eq!(within(LIMIT, &mut call).await.unwrap(), word());
    // The call is still here and has time, so it is neither's end that cancels the attempt.
    let seen = within(LIMIT, flaky.until(|seen| seen.dropped == 1)).await;
    assert_eq!(seen.attempts, [0, 1]);
    drop(call);
}

#[tokio::test]
async fn a_call_is_sent_as_often_as_its_policy_says() {
    let (_server, flaky, client) = TestFlaky::serve(vec![Answer::Hang; 9]).await;
    let call = client
        .again(word())
        .hedge(Hedge::after(SOON).attempts(4))
        .start();
    within(LIMIT, flaky.until(|seen| seen.attempts.len() == 4)).await;
    assert_eq!(call.task().attempts(), 4);
    assert_eq!(call.task().attempts_allowed(), 4);
    drop(call);
    let seen = within(LIMIT, flaky.until(|seen| seen.dropped == 4)).await;
    assert_eq!(
        seen.attempts,
        [0, 1, 2, 3],
        "all are cancelled with the call"
    );
}

#[tokio::test]
async fn a_call_that_is_quick_is_sent_once() {
    let (_server, flaky, client) = TestFlaky::serve([]).await;
    within(LIMIT, client.again(word()).hedge(Hedge::after(HOUR)))
        .await
        .unwrap();
    assert_eq!(flaky.seen().attempts, [0]);
}

#[tokio::test]
async fn a_call_that_may_not_run_twice_is_not_hedged() {
    let (_server, flaky, client) = TestFlaky::serve([Answer::Hang]).await;
    let call = client.once(word()).hedge(Hedge::after(Duration::ZERO));
    let call = call.timeout(Duration::from_millis(50)).start();
    assert_eq!(call.task().attempts_allowed(), 1);
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(flaky.seen().attempts, [0]);
}

#[tokio::test]
async fn a_failure_that_is_not_fatal_brings_the_next_attempt_at_once() {
    let (_server, flaky, client) = TestFlaky::serve([down(), down()]).await;
    let hedge = Hedge::after(HOUR).attempts(3);
    within(LIMIT, client.again(word()).hedge(hedge))
        .await
        .unwrap();
    assert_eq!(flaky.seen().attempts, [0, 1, 2]);
}

#[tokio::test]
async fn any_other_failure_ends_the_call_and_cancels_the_rest() {
    let fatal = Answer::Fail(Status::not_found("nothing"));
    let (_server, flaky, client) = TestFlaky::serve([Answer::Hang, fatal]).await;
    let call = client.again(word()).hedge(Hedge::after(SOON).attempts(3));
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.attempts(), 2);
    let seen = within(LIMIT, flaky.until(|seen| seen.dropped == 1)).await;
    assert_eq!(seen.attempts, [0, 1]);
}

#[tokio::test]
async fn a_further_attempt_that_the_server_refuses_leaves_the_first_one_running() {
    let server = TestServer::start_with(|server| server.max_concurrent_calls(1)).await;
    let client = server.client().await;
    let call = client.hold(Payload::default()).idempotent(true);
    let call = call.hedge(Hedge::after(SOON).attempts(3));
    let call = call.timeout(Duration::from_millis(200));
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert!(status.may_have_run(), "{status}");
}

#[tokio::test]
async fn a_call_of_which_an_attempt_may_have_run_says_so_however_the_last_one_ended() {
    let (server, flaky, client) =
        TestFlaky::serve_to([Answer::Hang], |channel| channel.own_pool()).await;
    let call = client.again(word()).hedge(Hedge::after(HOUR)).start();
    within(LIMIT, flaky.until(|seen| seen.attempts.len() == 1)).await;
    // The first attempt ends with its connection, the second one finds nobody to connect to.
    drop(server);
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!((status.code(), status.attempts()), (Code::Unavailable, 2));
    assert!(status.may_have_run(), "{status}");
}

#[tokio::test]
async fn attempts_have_numbers_of_their_own_though_one_is_refused_and_sent_again() {
    within(LIMIT, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let client = FlakyAsyncClientProxy::connect_lazy(address).unwrap();
        let hedge = Hedge::after(SOON).attempts(3);
        let call = client.again(word()).hedge(hedge).start();
        let mut server = RawPeer::server(&listener).await;
        let mut attempts = Vec::new();
        while attempts.len() < 4 {
            let request = server.expect(FrameType::Request).await;
            let metadata = RequestMetadata::decode_checked(&request.metadata).unwrap();
            attempts.push(metadata.attempt);
            if attempts.len() == 2 {
                let metadata = ResponseMetadata::new(Code::Unavailable, &Metadata::new());
                let metadata = prost::Message::encode_to_vec(&metadata);
                let end = Flags::END_MESSAGE | Flags::END_STREAM;
                let flags = end | Flags::STATUS | Flags::NOT_EXECUTED;
                let id = request.header.stream_id;
                let refusal = frame(FrameType::Response, flags, id, &metadata, b"");
                server.send(&refusal).await;
            }
        }
        attempts.sort_unstable();
        assert_eq!(attempts, [0, 1, 2, 3]);
        drop(call);
    })
    .await;
}

#[tokio::test]
async fn the_servers_wish_keeps_the_next_attempt_back() {
    let never = Status::unavailable("down").with_retry_pushback(Duration::MAX);
    let (_server, flaky, client) = TestFlaky::serve([Answer::Fail(never)]).await;
    let call = client.again(word()).hedge(Hedge::after(HOUR));
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.message(), "down");
    assert_eq!(flaky.seen().attempts, [0]);
}

#[tokio::test]
async fn the_deadline_of_the_call_is_that_of_all_its_attempts() {
    let (_server, flaky, client) = TestFlaky::serve(vec![Answer::Hang; 2]).await;
    let call = client.again(word()).hedge(Hedge::after(SOON));
    let status = within(LIMIT, call.timeout(Duration::from_millis(100))).await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
    within(LIMIT, flaky.until(|seen| seen.dropped == 2)).await;
}

/// A call none of whose attempts is left, waiting for the time that its server named.
async fn waiting(client: &FlakyAsyncClientProxy, flaky: &TestFlaky) -> RpcFuture<Word> {
    let call = client.again(word()).hedge(Hedge::after(HOUR).attempts(3));
    let call = call.timeout(2 * HOUR).start();
    flaky.until(|seen| seen.attempts.len() == 1).await;
    while call.task().status() != TaskStatus::Pending {
        tokio::task::yield_now().await;
    }
    call
}

fn in_an_hour() -> Answer {
    Answer::Fail(Status::unavailable("down").with_retry_pushback(HOUR))
}

#[tokio::test]
async fn a_call_without_attempts_waits_as_others_do_and_ends_with_its_channel() {
    within(LIMIT, async {
        let configure = |channel: ChannelBuilder| channel.own_pool();
        let (_server, flaky, client) = TestFlaky::serve_to([in_an_hour()], configure).await;
        let call = waiting(&client, &flaky).await;
        assert_eq!(call.task().attempts(), 1);
        let is_listed = retry::tasks()
            .iter()
            .any(|task| task.status().message() == "down" && task.attempts() == 1);
        assert!(is_listed);
        client.channel().close();
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
        assert!(status.may_have_run(), "the first attempt did: {status}");
    })
    .await;
}

#[tokio::test]
async fn a_call_without_attempts_does_not_wait_for_one_that_would_begin_after_its_deadline() {
    let (_server, flaky, client) = TestFlaky::serve([in_an_hour()]).await;
    let call = client.again(word()).hedge(Hedge::after(HOUR));
    let status = within(LIMIT, call.timeout(HOUR)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().contains("the deadline passes within"));
    assert_eq!(flaky.seen().attempts, [0]);
}

#[tokio::test]
async fn a_call_without_attempts_goes_on_when_its_server_said_and_is_sent_no_more_than_allowed() {
    within(LIMIT, async {
        let soon = Answer::Fail(Status::unavailable("down").with_retry_pushback(SOON));
        let (_server, flaky, client) = TestFlaky::serve(vec![soon; 9]).await;
        for started in [true, false] {
            let call = client.again(word()).hedge(Hedge::after(HOUR).attempts(3));
            let status = match started {
                true => call.start().await,
                false => call.await,
            };
            assert_eq!(status.unwrap_err().attempts(), 3);
        }
        assert_eq!(flaky.seen().attempts, [0, 1, 2, 0, 1, 2]);
    })
    .await;
}

#[test]
fn a_call_ends_with_the_runtime_of_its_channel_wherever_it_is_awaited() {
    let runtime = || {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    };
    let (serving, own) = (runtime(), runtime());
    let (server, flaky, _) = serving.block_on(TestFlaky::serve([Answer::Hang]));
    let channel = Channel::builder(server.address());
    let channel = own.block_on(async { channel.connect_lazy().unwrap() });
    let client = FlakyAsyncClientProxy::with(channel);
    let call = serving.spawn(client.again(word()).hedge(Hedge::after(HOUR)));
    serving.block_on(within(LIMIT, flaky.until(|seen| seen.attempts.len() == 1)));
    drop(own);
    let outcome = serving.block_on(within(LIMIT, call));
    let status = outcome.expect("nothing panics").unwrap_err();
    assert!(status.message().contains("runtime"), "{status}");
}
