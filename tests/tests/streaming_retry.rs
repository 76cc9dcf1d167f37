//! Policies hold for streams of replies as long as nobody has seen anything of them.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rpc_runtime::{Code, Context, Retry, Status, Streaming, rpc_service};
use rpc_tests::streams::{CountRequest, Number, Streams, StreamsAsyncClientProxy};
use rpc_tests::{LIMIT, TestServer, within};
use tokio_stream::Stream;

/// Counts to one, and fails before that or after it the first times.
#[derive(Clone, Default)]
struct Unsteady {
    fail_before: usize,
    fail_after: usize,
    asked: Arc<AtomicUsize>,
}

#[rpc_service(unimplemented)]
impl Streams for Unsteady {
    async fn count(
        &self,
        _cx: Context,
        _request: CountRequest,
    ) -> Result<impl Stream<Item = Result<Number, Status>> + Send + 'static, Status> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let down = Status::unavailable("down");
        if asked < self.fail_before {
            return Err(down);
        }
        let number = Ok(Number { value: 1 });
        let last = (asked < self.fail_after).then_some(Err(down));
        Ok(tokio_stream::iter([number].into_iter().chain(last)))
    }
}

/// Replies of a service to a call with three attempts that may run twice or not.
async fn replies(
    service: &Unsteady,
    idempotent: bool,
) -> (TestServer, Result<Streaming<Number>, Status>) {
    let service = service.clone();
    let server = TestServer::start_with(|server| server.service(service)).await;
    let client = StreamsAsyncClientProxy::connect(server.address()).await;
    let policy = Retry::exponential(3).max_backoff(Duration::from_millis(1));
    let call = client.unwrap().count(CountRequest::default());
    let replies = within(LIMIT, call.retry(policy).idempotent(idempotent)).await;
    (server, replies)
}

#[tokio::test]
async fn a_stream_that_fails_before_its_first_message_is_sent_again() {
    let service = Unsteady {
        fail_before: 2,
        ..Unsteady::default()
    };
    let (_server, replies) = replies(&service, true).await;
    let first = within(LIMIT, replies.unwrap().message()).await.unwrap();
    assert_eq!(first, Some(Number { value: 1 }));
    assert_eq!(service.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn after_the_last_attempt_a_stream_ends_with_its_status_and_their_number() {
    let service = Unsteady {
        fail_before: 9,
        ..Unsteady::default()
    };
    let (_server, replies) = replies(&service, true).await;
    let status = within(LIMIT, replies.unwrap().message()).await.unwrap_err();
    assert_eq!((status.code(), status.attempts()), (Code::Unavailable, 3));
    assert!(status.message().contains("all 3 attempts"), "{status}");
    assert_eq!(service.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_stream_that_may_not_run_twice_is_not_sent_again() {
    let service = Unsteady {
        fail_before: 1,
        ..Unsteady::default()
    };
    let (_server, replies) = replies(&service, false).await;
    let status = within(LIMIT, replies.unwrap().message()).await.unwrap_err();
    assert!(status.message().contains("idempotent(true)"), "{status}");
    assert_eq!(service.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stream_that_fails_after_its_first_message_is_not_sent_again() {
    let service = Unsteady {
        fail_after: 1,
        ..Unsteady::default()
    };
    let (_server, replies) = replies(&service, true).await;
    let mut replies = replies.unwrap();
    within(LIMIT, replies.message()).await.unwrap();
    let status = within(LIMIT, replies.message()).await.unwrap_err();
    assert_eq!(status.message(), "down");
    assert_eq!(service.asked.load(Ordering::SeqCst), 1);
}
