//! Handlers that block run on a bounded pool of threads.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc as blocking};
use std::time::Duration;

use rpc_runtime::{Code, Context, Server, Status, WorkerPool, WorkerPoolStats, rpc_service};
use rpc_tests::library::{Entry, Key, Library, LibraryAsyncClientProxy};
use rpc_tests::{LIMIT, RawFrame, RawPeer, within};
use rpc_wire::frame::{Flags, FrameType, RequestMetadata};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// More than any test waits.
const LONG: Duration = Duration::from_secs(60);

/// A library whose readers block their thread until they are told to go on.
struct Readers {
    /// The names of those that have begun.
    begun: mpsc::UnboundedSender<String>,
    /// One message for each that may end.
    end: Mutex<blocking::Receiver<()>>,
    runs: AtomicUsize,
}

#[rpc_service(unimplemented)]
impl Library for Readers {
    async fn read(&self, _: Context, key: Key) -> Result<Entry, Status> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let _ = self.begun.send(key.name.clone());
        assert_ne!(key.name, "panic");
        self.end.lock().unwrap().recv().unwrap();
        Ok(Entry { text: key.name })
    }

    #[rpc(blocking, timeout = Duration::from_millis(20))]
    async fn lend(&self, _: Context, _: Key) -> Result<Entry, Status> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        pending().await
    }
}

/// A test's end of a server with [`Readers`].
struct Reading {
    pool: WorkerPool,
    readers: Arc<Readers>,
    library: LibraryAsyncClientProxy,
    address: SocketAddr,
    begun: mpsc::UnboundedReceiver<String>,
    end: blocking::Sender<()>,
    shutdown: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Reading {
    async fn start(pool: WorkerPool) -> Self {
        Self::start_with_grace(pool, LONG).await
    }

    async fn start_with_grace(pool: WorkerPool, grace: Duration) -> Self {
        let (begun_sender, begun) = mpsc::unbounded_channel();
        let (end, end_receiver) = blocking::channel();
        let readers = Arc::new(Readers {
            begun: begun_sender,
            end: Mutex::new(end_receiver),
            runs: AtomicUsize::new(0),
        });
        let server = Server::new()
            .service(readers.clone())
            .worker_pool(pool.clone())
            .shutdown_grace(grace);
        let bound = server.bind("127.0.0.1:0").await.unwrap();
        let address = bound.local_addr();
        let (shutdown, signal) = oneshot::channel();
        let server = tokio::spawn(async move {
            let signal = async { signal.await.unwrap_or(()) };
            bound.serve_with_shutdown(signal).await.unwrap();
        });
        let library = LibraryAsyncClientProxy::connect(address.to_string())
            .await
            .unwrap();
        Reading {
            pool,
            readers,
            library,
            address,
            begun,
            end,
            shutdown,
            server,
        }
    }

    /// A call that is on its way.
    fn read(&self, name: &str) -> JoinHandle<Result<Entry, Status>> {
        let name = name.to_owned();
        tokio::spawn(self.library.read(Key { name }).timeout(LONG))
    }

    /// Waits until so many handlers run and so many calls are queued.
    async fn until(&self, active: usize, queued: usize) {
        until(&self.pool, active, queued).await;
    }

    async fn next_begun(&mut self) -> String {
        within(LIMIT, self.begun.recv()).await.unwrap()
    }

    fn let_one_end(&self) {
        self.end.send(()).unwrap();
    }
}

async fn until(pool: &WorkerPool, active: usize, queued: usize) {
    let reached = |stats: WorkerPoolStats| (stats.active, stats.queued) == (active, queued);
    within(LIMIT, async {
        while !reached(pool.stats()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn ended(call: impl Future<Output = Result<Result<Entry, Status>, tokio::task::JoinError>>) {
    within(LIMIT, call).await.unwrap().unwrap();
}

#[tokio::test]
async fn calls_wait_in_turn_while_all_threads_are_busy() {
    let mut reading = Reading::start(WorkerPool::new(1)).await;
    let first = reading.read("first");
    assert_eq!(reading.next_begun().await, "first");
    let second = reading.read("second");
    reading.until(1, 1).await;
    let third = reading.read("third");
    reading.until(1, 2).await;
    assert_eq!(reading.readers.runs.load(Ordering::Relaxed), 1);
    for (call, next) in [
        (first, Some("second")),
        (second, Some("third")),
        (third, None),
    ] {
        reading.let_one_end();
        ended(call).await;
        if let Some(next) = next {
            assert_eq!(reading.next_begun().await, next);
        }
    }
    reading.until(0, 0).await;
}

#[tokio::test]
async fn a_full_queue_refuses_calls_which_provably_did_not_run() {
    let mut reading = Reading::start(WorkerPool::new(1).max_queued(1)).await;
    let running = reading.read("running");
    reading.next_begun().await;
    let queued = reading.read("queued");
    reading.until(1, 1).await;
    let refused = within(LIMIT, reading.read("refused")).await.unwrap();
    let status = refused.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(!status.may_have_run(), "{status}");
    let message = "the server's worker pool is full: its threads are all busy (1), \
        and as many calls wait as max_queued allows (1)";
    assert_eq!(status.message(), message);
    let stats = reading.pool.stats();
    assert_eq!((stats.size, stats.rejected), (1, 1));

    reading.let_one_end();
    reading.let_one_end();
    ended(running).await;
    ended(queued).await;
    assert_eq!(reading.readers.runs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_pool_that_waits_when_it_is_full_refuses_nobody() {
    let pool = WorkerPool::new(1).max_queued(0).wait_when_full();
    let reading = Reading::start(pool).await;
    let calls: Vec<_> = (0..20)
        .map(|call| reading.read(&call.to_string()))
        .collect();
    reading.until(1, 19).await;
    for call in calls {
        reading.let_one_end();
        ended(call).await;
    }
    assert_eq!(reading.pool.stats().rejected, 0);
}

#[tokio::test]
async fn a_call_that_ends_in_the_queue_leaves_it_and_never_runs() {
    let mut reading = Reading::start(WorkerPool::new(1)).await;
    let running = reading.read("running");
    reading.next_begun().await;

    let cancelled = reading.read("cancelled");
    reading.until(1, 1).await;
    cancelled.abort();
    reading.until(1, 0).await;

    let key = Key::default();
    let too_late = reading.library.read(key.clone());
    let too_late = too_late.timeout(Duration::from_millis(20));
    let status = within(LIMIT, too_late).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    reading.until(1, 0).await;

    let status = within(LIMIT, reading.library.lend(key)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let message = "the handler did not run: its timeout, 20ms, \
        passed before a thread of the server's worker pool was free";
    assert_eq!(status.message(), message);
    assert!(!status.may_have_run(), "{status}");
    reading.until(1, 0).await;

    reading.let_one_end();
    ended(running).await;
    reading.until(0, 0).await;
    assert_eq!(reading.readers.runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_handler_keeps_its_thread_when_its_call_is_cancelled() {
    let mut reading = Reading::start(WorkerPool::new(1)).await;
    let cancelled = reading.read("cancelled");
    reading.next_begun().await;
    cancelled.abort();
    within(LIMIT, cancelled).await.unwrap_err();
    let next = reading.read("next");
    reading.until(1, 1).await;
    reading.let_one_end();
    assert_eq!(reading.next_begun().await, "next");
    reading.let_one_end();
    ended(next).await;
}

#[tokio::test]
async fn queued_calls_finish_at_shutdown() {
    let mut reading = Reading::start(WorkerPool::new(1)).await;
    let running = reading.read("running");
    reading.next_begun().await;
    let queued = reading.read("queued");
    reading.until(1, 1).await;
    reading.shutdown.send(()).unwrap();
    reading.end.send(()).unwrap();
    reading.end.send(()).unwrap();
    ended(running).await;
    ended(queued).await;
    within(LIMIT, reading.server).await.unwrap();
}

/// Whether a RESPONSE says that its call was not executed.
fn not_executed(response: &RawFrame) -> bool {
    response.header.flags.contains(Flags::NOT_EXECUTED)
}

#[tokio::test]
async fn a_call_whose_deadline_passes_in_the_queue_was_not_executed() {
    let mut reading = Reading::start(WorkerPool::new(1)).await;
    let running = reading.read("running");
    reading.next_begun().await;
    let mut peer = RawPeer::client(reading.address).await;
    let metadata = RequestMetadata {
        path: "library.Library/Read".to_owned(),
        timeout_us: 20_000,
        ..RequestMetadata::default()
    };
    peer.send_message(FrameType::Request, 1, &metadata, b"")
        .await;
    let response = within(LIMIT, peer.expect(FrameType::Response)).await;
    assert_eq!(response.status().0, Code::DeadlineExceeded);
    assert!(not_executed(&response));
    reading.let_one_end();
    ended(running).await;
    assert_eq!(reading.readers.runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn calls_that_are_cut_in_the_queue_were_not_executed() {
    let grace = Duration::from_millis(20);
    let mut reading = Reading::start_with_grace(WorkerPool::new(1), grace).await;
    let mut peer = RawPeer::client(reading.address).await;
    peer.send_request(1, "library.Library/Read", b"").await;
    reading.next_begun().await;
    peer.send_request(2, "library.Library/Read", b"").await;
    reading.until(1, 1).await;
    reading.shutdown.send(()).unwrap();
    let mut cut = Vec::new();
    while let Some(frame) = within(LIMIT, peer.next_frame()).await {
        if frame.header.frame_type == FrameType::Response {
            assert_eq!(frame.status().0, Code::Unavailable);
            cut.push((frame.header.stream_id, not_executed(&frame)));
        }
    }
    cut.sort_unstable();
    assert_eq!(cut, [(1, false), (2, true)]);
    // The handler that runs keeps its thread until it ends.
    reading.end.send(()).unwrap();
    within(LIMIT, reading.server).await.unwrap();
    assert_eq!(reading.readers.runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_thread_outlives_the_panic_of_its_handler() {
    let reading = Reading::start(WorkerPool::new(1)).await;
    let status = within(LIMIT, reading.read("panic")).await.unwrap();
    assert_eq!(status.unwrap_err().code(), Code::Internal);
    reading.until(0, 0).await;
    reading.let_one_end();
    ended(reading.read("next")).await;
}

#[tokio::test]
async fn servers_share_a_pool_and_each_has_its_own_limit_of_the_queue() {
    let pool = WorkerPool::new(1);
    let mut one = Reading::start(pool.clone()).await;
    let other = Reading::start(pool.clone().max_queued(0)).await;
    let running = one.read("running");
    one.next_begun().await;
    let queued = one.read("queued");
    until(&pool, 1, 1).await;
    let refused = within(LIMIT, other.read("refused")).await.unwrap();
    assert_eq!(refused.unwrap_err().code(), Code::ResourceExhausted);
    one.let_one_end();
    one.let_one_end();
    ended(running).await;
    ended(queued).await;
    until(&pool, 0, 0).await;
    other.let_one_end();
    ended(other.read("other")).await;
}

/// The calls that do not block go on, on the same connection.
#[tokio::test]
async fn a_busy_pool_holds_up_no_other_calls() {
    let mut reading = Reading::start(WorkerPool::new(1)).await;
    let running = reading.read("running");
    reading.next_begun().await;
    let queued = reading.read("queued");
    reading.until(1, 1).await;
    let status = within(LIMIT, reading.library.find(Key::default())).await;
    assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
    reading.let_one_end();
    reading.let_one_end();
    ended(running).await;
    ended(queued).await;
}
