//! What all protocols have in common, tried with one that does as it is told.

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rpc_wire::{Code, MethodKind};

use super::*;
use crate::connection::client::Started;
use crate::connection::client_driver::DriverConfig;
use crate::connection::keeper::{Load, Reserved};
use crate::connection::messages::Messages;
use crate::connection::observer::{Observed, Observer};

/// What the tests say and see of the protocol.
#[derive(Default)]
struct Fake {
    max_calls: AtomicUsize,
    /// Calls that were begun and not dropped.
    alive: AtomicUsize,
    refuses: bool,
    /// The reply to all calls that are asked, if there is one.
    reply: Mutex<Option<&'static [u8]>>,
}

struct FakeCall(Arc<Fake>);

impl Drop for FakeCall {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Protocol for Arc<Fake> {
    fn max_calls(&self) -> usize {
        self.max_calls.load(Ordering::Relaxed)
    }

    fn begin(&self, _: Instant, _: &OutgoingRequest<'_>) -> Result<Box<dyn ForeignCall>, NotBegun> {
        if self.refuses {
            return Err(NotBegun::Elsewhere);
        }
        self.alive.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(FakeCall(Arc::clone(self))))
    }

    fn ping(&self) -> oneshot::Receiver<()> {
        oneshot::channel().1
    }

    fn close(&self) {}
}

impl ForeignCall for FakeCall {
    fn poll_reply(&mut self, _: &mut Context<'_>) -> Poll<Outcome> {
        match *self.0.reply.lock().unwrap() {
            Some(reply) => Poll::Ready(Outcome::Reply {
                body: Bytes::from_static(reply).into(),
                metadata: Metadata::new(),
            }),
            None => Poll::Pending,
        }
    }

    fn poll_headers(&mut self, _: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Pending
    }

    fn poll_message(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Encoded>, Status>> {
        match self.0.reply.lock().unwrap().take() {
            Some(reply) => Poll::Ready(Ok(Some(Bytes::from_static(reply).into()))),
            None => Poll::Pending,
        }
    }

    fn trailers(&self) -> Option<Metadata> {
        None
    }

    fn poll_send(&mut self, _: &Encoded, _: &mut Context<'_>) -> Poll<bool> {
        Poll::Pending
    }

    fn finish_sending(&mut self) {}
}

/// Counts what it is told.
#[derive(Default)]
struct Told {
    freed: AtomicUsize,
    leaving: AtomicUsize,
    closed: Mutex<Option<Status>>,
}

impl Keeper for Told {
    fn freed(&self) {
        self.freed.fetch_add(1, Ordering::Relaxed);
    }

    fn leaving(&self) {
        self.leaving.fetch_add(1, Ordering::Relaxed);
    }

    fn closed(&self, reason: &Status, _: bool) {
        *self.closed.lock().unwrap() = Some(reason.clone());
    }
}

fn connection(fake: Fake) -> (Arc<ForeignConnection>, Arc<Fake>, Arc<Told>) {
    let (fake, told) = (Arc::new(fake), Arc::<Told>::default());
    let protocol = Box::new(Arc::clone(&fake));
    let connection = ForeignConnection::new(protocol, "fake".into(), usize::MAX, told.clone());
    (connection, fake, told)
}

fn allowing(calls: usize) -> Fake {
    Fake {
        max_calls: calls.into(),
        ..Fake::default()
    }
}

fn drive(connection: &Arc<ForeignConnection>, moving: Moving) -> tokio::task::JoinHandle<()> {
    let config = DriverConfig {
        handshake_timeout: Duration::MAX,
        idle_timeout: Duration::MAX,
        max_age: None,
    };
    let observed = Observed::open("fake".into(), Observer::default());
    tokio::spawn(ForeignDriver::new(Arc::clone(connection), moving, config, observed).run())
}

async fn start(connection: &ForeignConnection, kind: MethodKind, limit: Duration) -> Started {
    start_in(connection, kind, limit, false).await
}

async fn start_in(
    connection: &ForeignConnection,
    kind: MethodKind,
    limit: Duration,
    kept: bool,
) -> Started {
    let now = Instant::now();
    let request = OutgoingRequest {
        method_number: None,
        descriptor: None,
        path: "fake.Fake/Call",
        deadline: now.checked_add(limit),
        metadata: &Metadata::new(),
        attempt: 0,
        kind,
        body: &Encoded::default(),
        may_compress: false,
    };
    poll_fn(|cx| Poll::Ready(connection.start(now, &request, kept, cx))).await
}

async fn open(connection: &ForeignConnection, kind: MethodKind, limit: Duration) -> u32 {
    match start(connection, kind, limit).await {
        Started::Open(id) => id,
        other => panic!("it was not started: {other:?}"),
    }
}

async fn failed(connection: &ForeignConnection, id: u32) -> Status {
    match poll_fn(|cx| connection.poll_reply(id, cx)).await {
        Outcome::Failed(status) => status,
        reply => panic!("it did not fail: {reply:?}"),
    }
}

/// Waits for what comes about by itself.
async fn until(reached: impl Fn() -> bool) {
    let waiting = async {
        while !reached() {
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(30);
    let waited = tokio::time::timeout(limit, waiting).await;
    waited.expect("nothing came of it");
}

/// Whether there is another reply.
async fn next(connection: &ForeignConnection, id: u32) -> Result<bool, Status> {
    let (mut read, mut replies) = (0, Messages::default());
    poll_fn(|cx| connection.poll_messages(id, &mut read, &mut replies, cx)).await
}

#[tokio::test]
async fn places_are_as_many_as_the_server_allows() {
    let (connection, fake, told) = connection(allowing(2));
    let first = open(&connection, MethodKind::Unary, Duration::MAX).await;
    assert_eq!(connection.reserve(), Reserved::Kept);
    assert_eq!(connection.reserve(), Reserved::Full);
    let full = start(&connection, MethodKind::Unary, Duration::MAX).await;
    assert!(matches!(full, Started::Full));
    let load = connection.load();
    let expected = Load {
        calls: 1,
        kept: 1,
        direct: 1,
        limit: 2,
    };
    assert_eq!(load, expected);
    connection.cancel(first);
    assert_eq!(fake.alive.load(Ordering::Relaxed), 0);
    assert_eq!(told.freed.load(Ordering::Relaxed), 1);

    assert_eq!(connection.reserve(), Reserved::Kept);
    assert_eq!(connection.reserve(), Reserved::Full);
    fake.max_calls.store(3, Ordering::Relaxed);
    connection.note_limit();
    assert_eq!(told.freed.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_reply_that_is_there_at_once_is_found() {
    let (connection, fake, _) = connection(allowing(1));
    *fake.reply.lock().unwrap() = Some(b"reply");
    let id = open(&connection, MethodKind::Unary, Duration::MAX).await;
    let outcome = poll_fn(|cx| connection.poll_reply(id, cx)).await;
    assert!(matches!(outcome, Outcome::Reply { body, .. } if body.bytes == "reply"));
    assert_eq!(connection.load().calls, 0);
    assert_eq!(fake.alive.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn calls_end_at_their_deadlines_though_nobody_polls_them() {
    let (connection, fake, told) = connection(allowing(2));
    let driver = drive(&connection, Box::pin(pending()));
    let late = Duration::from_millis(1);
    let unread = open(&connection, MethodKind::ServerStreaming, late).await;
    let unary = open(&connection, MethodKind::Unary, late).await;
    assert_eq!(connection.reserve(), Reserved::Full);
    until(|| told.freed.load(Ordering::Relaxed) > 0).await;
    let status = failed(&connection, unary).await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let unread = next(&connection, unread).await.unwrap_err();
    assert_eq!(unread.code(), Code::DeadlineExceeded);
    assert_eq!(fake.alive.load(Ordering::Relaxed), 0);
    driver.abort();
}

#[tokio::test]
async fn a_connection_that_is_cut_ends_its_calls_with_the_reason() {
    let (connection, fake, told) = connection(allowing(1));
    let driver = drive(&connection, Box::pin(pending()));
    let id = open(&connection, MethodKind::Unary, Duration::MAX).await;
    connection.cut(Status::cancelled("enough"));
    let status = failed(&connection, id).await;
    assert_eq!(
        (status.code(), status.message()),
        (Code::Cancelled, "enough")
    );
    assert_eq!(fake.alive.load(Ordering::Relaxed), 0);
    driver.abort();
    let _ = driver.await;
    assert_eq!(
        told.closed.lock().unwrap().as_ref().unwrap().message(),
        "enough"
    );
}

#[tokio::test]
async fn what_arrived_before_a_connection_was_lost_can_still_be_read() {
    let (connection, fake, told) = connection(allowing(1));
    *fake.reply.lock().unwrap() = Some(b"reply");
    let id = open(&connection, MethodKind::ServerStreaming, Duration::MAX).await;
    let lost = Box::pin(async { Status::unavailable("it is gone") });
    drive(&connection, lost).await.unwrap();
    assert!(next(&connection, id).await.unwrap());
    let status = next(&connection, id).await.unwrap_err();
    assert_eq!(status.message(), "it is gone");
    assert_eq!(told.leaving.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_that_takes_no_more_calls_is_left() {
    let refusing = Fake {
        refuses: true,
        ..allowing(1)
    };
    let (connection, _, told) = connection(refusing);
    let started = start(&connection, MethodKind::Unary, Duration::MAX).await;
    assert!(matches!(started, Started::Elsewhere));
    assert_eq!(connection.reserve(), Reserved::Gone);
    let driver = drive(&connection, Box::pin(pending()));
    until(|| told.leaving.load(Ordering::Relaxed) > 0).await;
    driver.abort();
}

#[tokio::test]
async fn a_connection_that_is_left_waits_for_places_that_are_kept() {
    let (connection, _, told) = connection(allowing(1));
    let driver = drive(&connection, Box::pin(pending()));
    assert_eq!(connection.reserve(), Reserved::Kept);
    connection.leave("it is old");
    until(|| told.leaving.load(Ordering::Relaxed) > 0).await;
    assert!(connection.lock().closed.is_none());
    let started = start_in(&connection, MethodKind::Unary, Duration::MAX, true).await;
    assert!(matches!(started, Started::Elsewhere));
    until(|| connection.lock().closed.is_some()).await;
    driver.abort();
}

#[tokio::test]
async fn calls_end_with_the_task_of_their_connection() {
    let (connection, _, told) = connection(allowing(1));
    let driver = drive(&connection, Box::pin(pending()));
    let id = open(&connection, MethodKind::Unary, Duration::MAX).await;
    driver.abort();
    let status = failed(&connection, id).await;
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("runtime"), "{status}");
    let _ = driver.await;
    assert!(told.closed.lock().unwrap().is_some());
}
