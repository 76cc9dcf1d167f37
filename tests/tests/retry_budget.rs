//! An outage does not multiply the load.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{Code, Hedge, Metadata, Retry, RetryBudget, Status};
use rpc_tests::flaky::{FlakyAsyncClientProxy, Word};
use rpc_tests::probe::{ProbeAsyncClientProxy, Size};
use rpc_tests::{Answer, LIMIT, RawPeer, TestFlaky, frame, within};
use rpc_wire::frame::{Flags, FrameType, ResponseMetadata};
use tokio::net::TcpListener;

const CALLS: usize = 2_000;

/// What the default budget may spend at once.
const CONSTANT: usize = 50;

fn word() -> Word {
    Word {
        text: "word".to_owned(),
    }
}

fn eager() -> Retry {
    Retry::exponential(5).max_backoff(Duration::ZERO)
}

#[tokio::test]
async fn a_dead_server_is_sent_no_more_than_a_tenth_on_top() {
    within(LIMIT, async {
        let (_server, flaky, client) =
            TestFlaky::serve_to([], |channel| channel.retry(eager())).await;
        flaky.fail_always(Status::unavailable("down"));
        for _ in 0..CALLS {
            client.again(word()).await.unwrap_err();
        }
        let attempts = flaky.seen().attempts.len();
        println!("{attempts} attempts for {CALLS} calls");
        assert!(attempts <= CALLS + CALLS / 10 + CONSTANT, "{attempts}");
        let status = client.again(word()).await.unwrap_err();
        assert!(status.message().contains("retry_budget"), "{status}");
    })
    .await;
}

#[tokio::test]
async fn the_budget_comes_back_with_calls_that_succeed() {
    within(LIMIT, async {
        let budget = RetryBudget::new(3, 1.0);
        let (_server, flaky, client) =
            TestFlaky::serve_to([], |channel| channel.retry(eager()).retry_budget(budget)).await;
        let attempts = async || client.again(word()).await.unwrap_err().attempts();
        flaky.fail_always(Status::unavailable("down"));
        assert_eq!((attempts().await, attempts().await), (2, 1));
        flaky.recover();
        for _ in 0..3 {
            client.again(word()).await.unwrap();
        }
        flaky.fail_always(Status::unavailable("down"));
        assert_eq!((attempts().await, attempts().await), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn the_budget_comes_back_with_streams_of_replies_too() {
    within(LIMIT, async {
        let budget = RetryBudget::new(3, 1.0);
        let (_server, flaky, client) =
            TestFlaky::serve_to([], |channel| channel.retry(eager()).retry_budget(budget)).await;
        let attempts = async || client.again(word()).await.unwrap_err().attempts();
        flaky.fail_always(Status::unavailable("down"));
        assert_eq!((attempts().await, attempts().await), (2, 1));
        let probe = ProbeAsyncClientProxy::with(client.channel().clone());
        for _ in 0..3 {
            let mut replies = probe.subscribe(Size { bytes: 1 }).await.unwrap();
            replies.message().await.unwrap();
        }
        assert_eq!((attempts().await, attempts().await), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn without_a_limit_every_call_is_sent_as_often_as_it_may_be() {
    within(LIMIT, async {
        let unlimited = RetryBudget::unlimited();
        let (_server, flaky, client) =
            TestFlaky::serve_to([], |channel| channel.retry(eager()).retry_budget(unlimited)).await;
        flaky.fail_always(Status::unavailable("down"));
        for _ in 0..100 {
            client.again(word()).await.unwrap_err();
        }
        assert_eq!(flaky.seen().attempts.len(), 500);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_fails_hedged_calls_is_sent_no_more_than_a_tenth_on_top() {
    within(LIMIT, async {
        let hedge = Hedge::after(Duration::ZERO).attempts(5);
        let (_server, flaky, client) =
            TestFlaky::serve_to([], |channel| channel.hedge(hedge)).await;
        flaky.fail_always(Status::unavailable("down"));
        for _ in 0..CALLS {
            client.again(word()).await.unwrap_err();
        }
        let attempts = flaky.seen().attempts.len();
        println!("{attempts} attempts for {CALLS} calls");
        assert!(attempts <= CALLS + CALLS / 10 + CONSTANT, "{attempts}");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_answers_nothing_gets_no_more_hedges_than_the_budget_has() {
    within(LIMIT, async {
        const CALLS: usize = 200;
        let hedge = Hedge::after(Duration::ZERO).attempts(5);
        let script = vec![Answer::Hang; 5 * CALLS];
        let (_server, flaky, client) =
            TestFlaky::serve_to(script, |channel| channel.hedge(hedge)).await;
        let calls: Vec<_> = (0..CALLS).map(|_| client.again(word()).start()).collect();
        let sent = || {
            calls
                .iter()
                .map(|call| call.task().attempts() as usize)
                .sum::<usize>()
        };
        let seen = flaky
            .until(|seen| seen.attempts.len() == CALLS + CONSTANT)
            .await;
        assert_eq!(seen.attempts.len(), sent(), "no more are on their way");
    })
    .await;
}

/// Refuses every request on a connection that goes on, and counts them.
async fn refuse(mut server: RawPeer, refused: tokio::sync::watch::Sender<usize>) {
    let metadata = ResponseMetadata::new(Code::Unavailable, &Metadata::new());
    let metadata = prost::Message::encode_to_vec(&metadata);
    let flags = Flags::END_MESSAGE | Flags::END_STREAM | Flags::STATUS | Flags::NOT_EXECUTED;
    while let Some(request) = server.next_frame_or_cut().await {
        if request.header.frame_type == FrameType::Request {
            refused.send_modify(|refused| *refused += 1);
            let id = request.header.stream_id;
            let answer = frame(FrameType::Response, flags, id, &metadata, b"");
            server.send(&answer).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_calls_and_stays_is_sent_no_more_than_a_tenth_on_top() {
    within(LIMIT, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, refused) = tokio::sync::watch::channel(0);
        let serving = tokio::spawn(async move {
            refuse(RawPeer::server(&listener).await, sender).await;
        });
        let client = FlakyAsyncClientProxy::connect(&address).await.unwrap();
        for _ in 0..CALLS {
            let status = client.once(word()).await.unwrap_err();
            assert!(!status.may_have_run(), "{status}");
        }
        let attempts = *refused.borrow();
        println!("{attempts} attempts for {CALLS} calls");
        assert!(attempts > CALLS, "nothing was sent again");
        assert!(attempts <= CALLS + CALLS / 10 + CONSTANT, "{attempts}");
        serving.abort();
    })
    .await;
}
