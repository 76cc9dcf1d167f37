//! The end of a process whose calls wait to be sent again. Alone in its process, which it ends.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{Code, Retry, Status, TaskStatus, retry};
use rpc_tests::flaky::Word;
use rpc_tests::{Answer, LIMIT, TestFlaky, within};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn calls_that_wait_end_with_their_last_status_and_none_waits_any_more() {
    within(LIMIT, async {
        let later = Status::unavailable("later").with_retry_pushback(HOUR);
        let (_server, flaky, client) = TestFlaky::serve(vec![Answer::Fail(later); 3]).await;
        let call = || {
            let call = client.again(Word::default());
            call.retry(Retry::exponential(3)).timeout(10 * HOUR)
        };
        let started = call().start();
        while started.task().status() != TaskStatus::Pending {
            tokio::task::yield_now().await;
        }
        let polled = tokio::spawn(call());
        while retry::tasks().len() < 2 {
            tokio::task::yield_now().await;
        }
        retry::shutdown();
        for ended in [started.await, polled.await.unwrap(), call().await] {
            let status = ended.unwrap_err();
            assert_eq!((status.code(), status.attempts()), (Code::Unavailable, 1));
            let says = "later; not sent again: retry::shutdown was called";
            assert_eq!(status.message(), says);
        }
        assert_eq!(retry::tasks().len(), 0);
        assert_eq!(flaky.seen().attempts.len(), 3);
    })
    .await;
}
