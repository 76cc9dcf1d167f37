//! Calls that wait to be sent again.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::{Duration, Instant};

use rpc_runtime::retry::{WaitingRetry, tasks};
use rpc_runtime::{Call, ChannelBuilder, Code, Retry, RetryBudget, RpcFuture, Status, TaskStatus};
use rpc_tests::flaky::Word;
use rpc_tests::{Answer, LIMIT, TestFlaky, within};
use tokio::runtime::Builder;

const HOUR: Duration = Duration::from_secs(3_600);

fn word() -> Word {
    Word {
        text: "word".to_owned(),
    }
}

/// A failure after which a call waits for an hour.
fn in_an_hour(text: &str) -> Answer {
    Answer::Fail(Status::unavailable(text).with_retry_pushback(HOUR))
}

/// A call that waits as long as it takes.
fn patient(call: Call<Word>) -> Call<Word> {
    call.retry(Retry::exponential(3)).timeout(100 * HOUR)
}

/// The calls that wait after a failure with this text: other tests run in this process.
fn waiting(text: &str) -> Vec<WaitingRetry> {
    let mut tasks = tasks();
    tasks.retain(|task| task.status().message() == text);
    tasks
}

async fn until(condition: impl Fn() -> bool) {
    let condition = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    within(LIMIT, condition).await;
}

async fn until_pending(call: &RpcFuture<Word>) {
    until(|| call.task().status() == TaskStatus::Pending).await;
}

#[tokio::test]
async fn a_call_that_waits_is_listed_with_all_that_is_known() {
    let (_server, _flaky, client) = TestFlaky::serve([in_an_hour("listed")]).await;
    let before = Instant::now();
    let call = patient(client.again(word())).start();
    until_pending(&call).await;
    let [task] = &waiting("listed")[..] else {
        panic!("it is listed once");
    };
    assert_eq!(task.method().path(), "flaky.Flaky/Again");
    assert_eq!(task.status().code(), Code::Unavailable);
    assert_eq!(task.attempts(), 1);
    let latest = Instant::now() + HOUR + Duration::from_millis(1);
    assert!(before + HOUR <= task.next() && task.next() <= latest);
}

#[tokio::test]
async fn a_future_tells_what_its_call_does() {
    let script = [Answer::Hang, in_an_hour("told")];
    let (_server, flaky, client) = TestFlaky::serve(script).await;
    let running = client.again(word()).start();
    within(LIMIT, flaky.until(|seen| seen.attempts.len() == 1)).await;
    let task = running.task();
    assert_eq!(task.status(), TaskStatus::Running);
    assert_eq!((task.attempts(), task.attempts_allowed()), (1, 1));

    let pending = patient(client.again(word())).start();
    until_pending(&pending).await;
    let task = pending.task();
    assert_eq!((task.attempts(), task.attempts_allowed()), (1, 3));

    let mut completed = client.again(word()).start();
    within(LIMIT, &mut completed).await.unwrap();
    assert_eq!(completed.task().status(), TaskStatus::Completed);
    assert!(format!("{completed:?}").contains("Completed"));
}

#[tokio::test]
async fn a_started_call_that_waits_is_no_task_of_the_runtime() {
    let script = (0..100).map(|_| in_an_hour("no task"));
    let unlimited = RetryBudget::unlimited();
    let (_server, _flaky, client) =
        TestFlaky::serve_to(script, |channel| channel.retry_budget(unlimited)).await;
    // The first one to wait has a task watch the runtime for all of them.
    let first = patient(client.again(word())).start();
    until_pending(&first).await;
    drop(first);
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let calls: Vec<_> = (0..99)
        .map(|_| patient(client.again(word())).start())
        .collect();
    until(|| waiting("no task").len() == 99).await;
    assert_eq!(tasks(), before);
    drop(calls);
    assert_eq!(waiting("no task").len(), 0);
}

#[tokio::test]
async fn a_call_that_waits_goes_on_when_it_is_due_started_or_polled() {
    let soon = || {
        let status = Status::unavailable("soon");
        Answer::Fail(status.with_retry_pushback(Duration::from_millis(20)))
    };
    let (_server, flaky, client) = TestFlaky::serve([soon(), Answer::Echo, soon()]).await;
    within(LIMIT, patient(client.again(word())).start())
        .await
        .unwrap();
    within(LIMIT, patient(client.again(word()))).await.unwrap();
    assert_eq!(flaky.seen().attempts, [0, 1, 0, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_that_wait_all_go_on() {
    const CALLS: usize = 10_000;
    let configure = |channel: ChannelBuilder| {
        let budget = RetryBudget::unlimited();
        channel.retry(Retry::exponential(2)).retry_budget(budget)
    };
    let (_server, flaky, client) = TestFlaky::serve_to([], configure).await;
    flaky.fail_first(Status::unavailable("first"));
    let calls: Vec<_> = (0..CALLS).map(|_| client.again(word()).start()).collect();
    for call in calls {
        within(LIMIT, call).await.unwrap();
    }
    assert_eq!(flaky.seen().attempts.len(), 2 * CALLS);
}

#[tokio::test]
async fn cancelling_a_call_that_waits_ends_it_and_forgets_it() {
    let (_server, _flaky, client) = TestFlaky::serve([in_an_hour("cancelled")]).await;
    let call = patient(client.again(word())).start();
    until_pending(&call).await;
    call.cancel();
    assert_eq!(waiting("cancelled").len(), 0);
    let status = within(LIMIT, call).await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(status.attempts(), 1);
}

#[tokio::test]
async fn a_call_that_is_polled_and_dropped_while_it_waits_is_forgotten() {
    let (_server, _flaky, client) = TestFlaky::serve([in_an_hour("dropped")]).await;
    let call = tokio::spawn(patient(client.again(word())));
    until(|| waiting("dropped").len() == 1).await;
    call.abort();
    within(LIMIT, call).await.unwrap_err();
    assert_eq!(waiting("dropped").len(), 0);
}

#[tokio::test]
async fn a_call_that_waits_ends_with_the_one_it_is_made_for() {
    let script = [Answer::Hang, in_an_hour("parent"), in_an_hour("parent")];
    let (_server, flaky, client) = TestFlaky::serve(script).await;
    let parent = client.again(word()).timeout(100 * HOUR).start();
    let seen = within(LIMIT, flaky.until(|seen| seen.contexts.len() == 1)).await;
    let context = &seen.contexts[0];
    let started = patient(client.again(word()).context(context)).start();
    let polled = tokio::spawn(patient(client.again(word()).context(context)));
    until(|| waiting("parent").len() == 2).await;
    drop(parent);
    for ended in [
        within(LIMIT, started).await,
        within(LIMIT, polled).await.unwrap(),
    ] {
        let status = ended.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
    }
    assert_eq!(waiting("parent").len(), 0);
    assert_eq!(flaky.seen().attempts.len(), 3, "nothing more was sent");
}

#[tokio::test]
async fn calls_that_wait_end_at_once_when_their_channel_is_closed() {
    let script = [in_an_hour("closed"), in_an_hour("closed")];
    let (_server, flaky, client) = TestFlaky::serve(script).await;
    let started = patient(client.again(word())).start();
    let polled = tokio::spawn(patient(client.again(word())));
    until(|| waiting("closed").len() == 2).await;
    client.channel().close();
    for ended in [
        within(LIMIT, started).await,
        within(LIMIT, polled).await.unwrap(),
    ] {
        let status = ended.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
        assert!(
            status.message().contains("the channel was closed"),
            "{status}"
        );
        assert!(status.may_have_run(), "the first attempt did: {status}");
    }
    assert_eq!(waiting("closed").len(), 0);
    assert_eq!(flaky.seen().attempts.len(), 2, "nothing more was sent");
}

#[test]
fn calls_that_wait_end_at_once_when_their_runtime_goes() {
    let new_runtime = || {
        let mut runtime = Builder::new_multi_thread();
        runtime.worker_threads(1).enable_all().build().unwrap()
    };
    let runtime = new_runtime();
    let (started, mut polled) = runtime.block_on(async {
        let script = [in_an_hour("orphan"), in_an_hour("orphan")];
        let (_server, _flaky, client) = TestFlaky::serve(script).await;
        let started = patient(client.again(word())).start();
        let mut polled = Box::pin(patient(client.again(word())));
        tokio::select! {
            ended = &mut polled => panic!("{ended:?}"),
            () = until(|| waiting("orphan").len() == 2) => {}
        }
        (started, polled)
    });
    drop(runtime);
    let started = started.wait_timeout(LIMIT).expect("it ends");
    let polled = new_runtime().block_on(within(LIMIT, &mut polled));
    for status in [started.unwrap_err(), polled.unwrap_err()] {
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(status.message().contains("was shut down"), "{status}");
        assert!(status.may_have_run(), "the first attempt did: {status}");
    }
    assert_eq!(waiting("orphan").len(), 0);
}
