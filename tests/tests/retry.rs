//! When calls are sent again, and when not.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use rpc_runtime::{Call, Channel, ChannelBuilder, Code, Retry, Status};
use rpc_tests::flaky::{FlakyClientProxy, Word};
use rpc_tests::{Answer, LIMIT, TestFlaky, TestServer, within};

const HOUR: Duration = Duration::from_secs(3_600);

fn word() -> Word {
    Word {
        text: "word".to_owned(),
    }
}

fn down() -> Answer {
    Answer::Fail(Status::unavailable("down"))
}

/// A policy whose pauses nobody notices.
fn quick(attempts: u32) -> Retry {
    Retry::exponential(attempts).max_backoff(Duration::from_millis(1))
}

#[tokio::test]
async fn a_call_that_may_run_twice_is_sent_until_it_succeeds_and_says_which_attempt_it_is() {
    let (_server, flaky, client) = TestFlaky::serve([down(), down()]).await;
    let call = client.again(word()).retry(quick(3));
    assert_eq!(within(LIMIT, call).await.unwrap(), word());
    assert_eq!(flaky.seen().attempts, [0, 1, 2]);
}

#[tokio::test]
async fn without_a_policy_nothing_that_may_have_run_is_sent_again() {
    let (_server, flaky, client) = TestFlaky::serve([down()]).await;
    let status = within(LIMIT, client.again(word())).await.unwrap_err();
    assert_eq!((status.message(), status.attempts()), ("down", 1));
    assert_eq!(flaky.seen().attempts, [0]);
}

#[tokio::test]
async fn a_call_that_may_not_run_twice_does_not_and_says_what_to_do() {
    let (_server, flaky, client) = TestFlaky::serve([down(), down()]).await;
    let call = client.once(word()).retry(quick(3));
    let status = within(LIMIT, call).await.unwrap_err();
    assert!(status.message().contains("idempotent(true)"), "{status}");
    assert_eq!(flaky.seen().attempts, [0]);

    let call = client.once(word()).retry(quick(3)).idempotent(true);
    within(LIMIT, call).await.unwrap();
    let call = client.again(word()).retry(quick(3)).idempotent(false);
    within(LIMIT, call).await.unwrap();
}

#[tokio::test]
async fn a_call_may_say_that_it_must_not_run_twice_though_its_method_may() {
    let (_server, flaky, client) = TestFlaky::serve([down()]).await;
    let call = client.again(word()).retry(quick(3)).idempotent(false);
    within(LIMIT, call).await.unwrap_err();
    assert_eq!(flaky.seen().attempts, [0]);
}

#[tokio::test]
async fn after_the_last_attempt_comes_its_status_with_the_number_of_attempts() {
    let (server, flaky, client) = TestFlaky::serve([down(), down(), down()]).await;
    let call = client.again(word()).retry(quick(3));
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!((status.code(), status.attempts()), (Code::Unavailable, 3));
    assert!(status.message().starts_with("down; "), "{status}");
    assert!(status.message().contains("all 3 attempts"), "{status}");
    assert_eq!(status.address(), Some(&*server.address()));
    assert_eq!(status.method(), Some("flaky.Flaky/Again"));
    assert_eq!(flaky.seen().attempts, [0, 1, 2]);
}

#[tokio::test]
async fn a_call_of_which_an_attempt_may_have_run_says_so_however_the_last_one_ended() {
    let soon = Status::unavailable("down").with_retry_pushback(Duration::from_millis(50));
    for started in [true, false] {
        let script = [Answer::Fail(soon.clone()), Answer::Hang];
        let (server, flaky, client) =
            TestFlaky::serve_to(script, |channel| channel.own_pool()).await;
        let call = client.again(word()).retry(quick(2));
        let call = match started {
            true => tokio::spawn(call.start()),
            false => tokio::spawn(call),
        };
        within(LIMIT, flaky.until(|seen| seen.attempts.len() == 1)).await;
        // The reply of the first attempt is on its way; the second one finds nobody to connect to.
        drop(server);
        let status = within(LIMIT, call).await.unwrap().unwrap_err();
        assert!(status.may_have_run(), "{status}");
    }
}

#[tokio::test]
async fn only_the_codes_of_the_policy_are_tried_again() {
    let aborted = || Answer::Fail(Status::aborted("conflict"));
    let (_server, flaky, client) = TestFlaky::serve([aborted(), aborted()]).await;
    let call = client.again(word()).retry(quick(3));
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.message(), "conflict");
    let call = client.again(word()).retry(quick(3).codes([Code::Aborted]));
    within(LIMIT, call).await.unwrap();
    assert_eq!(flaky.seen().attempts, [0, 0, 1]);
}

#[tokio::test]
async fn the_servers_wish_counts_in_place_of_the_pause() {
    let soon = Status::unavailable("down").with_retry_pushback(Duration::from_millis(1));
    let (_server, _flaky, client) = TestFlaky::serve([Answer::Fail(soon)]).await;
    // Pauses of half an hour on average.
    let patient = Retry::exponential(2)
        .initial_backoff(HOUR)
        .max_backoff(HOUR);
    let call = client.again(word()).timeout(10 * HOUR).retry(patient);
    within(LIMIT, call).await.unwrap();
}

#[tokio::test]
async fn a_call_does_not_wait_for_an_attempt_that_would_begin_after_its_deadline() {
    let late = Status::unavailable("down").with_retry_pushback(HOUR);
    let never = Status::unavailable("down").with_retry_pushback(Duration::MAX);
    let script = [late, never].map(Answer::Fail);
    let (_server, flaky, client) = TestFlaky::serve(script).await;
    for says in [
        "the deadline passes within the pause of 3600s",
        "the server asks not to",
    ] {
        let call = client.again(word()).retry(quick(3));
        let status = within(LIMIT, call).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(status.message().contains(says), "{status}");
    }
    assert_eq!(flaky.seen().attempts, [0, 0]);
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_cancelled_and_made_again() {
    let (_server, flaky, client) = TestFlaky::serve([Answer::Hang]).await;
    let policy = quick(2).attempt_timeout(Duration::from_millis(50));
    within(LIMIT, client.again(word()).retry(policy))
        .await
        .unwrap();
    let seen = within(LIMIT, flaky.until(|seen| seen.dropped == 1)).await;
    assert_eq!(seen.attempts, [0, 1]);
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_and_may_not_run_twice_ends_the_call_with_the_settings_name()
{
    let (_server, flaky, client) = TestFlaky::serve([Answer::Hang]).await;
    let policy = quick(2).attempt_timeout(Duration::from_millis(50));
    let call = client.once(word()).retry(policy);
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    for says in ["no answer within 50ms (attempt_timeout", "idempotent(true)"] {
        assert!(status.message().contains(says), "{status}");
    }
    assert_eq!(flaky.seen().attempts, [0]);
}

#[tokio::test]
async fn a_server_that_says_deadline_exceeded_by_itself_is_not_taken_for_the_attempt_timeout() {
    let slow = Status::deadline_exceeded("the database was too slow");
    let (_server, flaky, client) = TestFlaky::serve([Answer::Fail(slow)]).await;
    let call = client
        .again(word())
        .timeout(2 * HOUR)
        .retry(quick(2).attempt_timeout(HOUR));
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.message(), "the database was too slow");
    assert_eq!(flaky.seen().attempts, [0]);
}

#[tokio::test]
async fn the_deadline_of_the_call_ends_it_whatever_its_attempts_may_take() {
    let (_server, _flaky, client) = TestFlaky::serve([Answer::Hang]).await;
    let policy = quick(9).attempt_timeout(HOUR);
    let call = client.again(word()).timeout(Duration::from_millis(50));
    let status = within(LIMIT, call.retry(policy)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(status.attempts(), 1);
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_again_though_it_may_not_run_twice() {
    within(LIMIT, async {
        let (server, _, client) = TestFlaky::serve([]).await;
        let address = server.socket_addr();
        server.kill().await;
        let policy = quick(1_000);
        let call = client.once(word()).retry(policy).start();
        while call.task().attempts() < 3 {
            tokio::task::yield_now().await;
        }
        let flaky = TestFlaky::default();
        let service = flaky.clone();
        let _server = TestServer::start_at(address, |server| server.service(service)).await;
        call.await.unwrap();
        assert_eq!(flaky.seen().attempts.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_sync_call_is_sent_again_too() {
    let (server, flaky, _) = TestFlaky::serve([down(), down()]).await;
    let client = FlakyClientProxy::connect_lazy(server.address()).unwrap();
    let call =
        tokio::task::spawn_blocking(move || client.calls().again(word()).retry(quick(3)).wait());
    within(LIMIT, call).await.unwrap().unwrap();
    assert_eq!(flaky.seen().attempts, [0, 1, 2]);
}

#[tokio::test]
async fn nobody_waits_for_a_one_way_call_which_is_sent_again_as_others_are() {
    let (_server, flaky, client) = TestFlaky::serve([down()]).await;
    client.again(word()).retry(quick(2)).one_way();
    within(LIMIT, flaky.until(|seen| seen.attempts == [0, 1])).await;
}

#[tokio::test]
async fn the_option_of_a_method_goes_before_the_channel_and_behind_the_call() {
    let script = || (0..9).map(|_| down());
    let configure = |channel: ChannelBuilder| channel.retry(quick(2));
    let (_server, flaky, client) = TestFlaky::serve_to(script(), configure).await;
    let attempts = async |call: Call<Word>| {
        let status = within(LIMIT, call).await.unwrap_err();
        status.attempts()
    };
    assert_eq!(attempts(client.again(word())).await, 2);
    assert_eq!(attempts(client.persist(word())).await, 4);
    assert_eq!(attempts(client.persist(word()).retry(quick(3))).await, 3);
    assert_eq!(flaky.seen().attempts.len(), 9);
}

#[tokio::test]
async fn the_service_config_goes_before_the_options_of_methods() {
    let config = r#"{ "methodConfig": [
        { "name": [{ "service": "flaky.Flaky", "method": "Persist" }], "retryPolicy": {
            "maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.001s",
            "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"] } },
        { "name": [{ "service": "flaky.Flaky", "method": "Again" }], "timeout": "0.05s" }
    ] }"#;
    let mut script = vec![down(); 3];
    script.push(Answer::Hang);
    let configure = |channel: ChannelBuilder| channel.retry(quick(2)).service_config(config);
    let (_server, _flaky, client) = TestFlaky::serve_to(script, configure).await;
    let status = within(LIMIT, client.persist(word())).await.unwrap_err();
    assert_eq!(status.attempts(), 3);
    let status = within(LIMIT, client.again(word())).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_service_config_that_is_wrong_is_found_when_connecting() {
    let channel = Channel::builder("127.0.0.1:1").service_config(r#"{ "retries": 3 }"#);
    let status = channel.connect_lazy().unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status.message().starts_with("retries is not known"),
        "{status}"
    );
}
