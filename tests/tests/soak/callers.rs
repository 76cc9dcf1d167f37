//! Clients that make calls of all kinds, and note what comes of each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use rpc_runtime::{Call, Channel, Status};
use rpc_tests::ledger::{Entry, LedgerAsyncClientProxy};
use tokio::task::JoinSet;

use crate::book::{Book, End};

const CALLERS: u64 = 24;

/// How much later than its deadline a call may end: far more than a timer's grain, so that a busy
/// machine does not fail the test, far less than a call that was forgotten takes.
const SLACK: Duration = Duration::from_secs(5);

pub(crate) struct Callers {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl Callers {
    pub(crate) fn start(seed: u64, servers: [SocketAddr; 2], book: &Arc<Book>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let clients = servers.map(|address| {
            let channel = Channel::builder(address.to_string());
            let channel = channel.connect_timeout(Duration::from_millis(500));
            LedgerAsyncClientProxy::with(channel.connect_lazy().unwrap())
        });
        for number in 0..CALLERS {
            let mut caller = Caller {
                random: Rng::with_seed(seed.wrapping_mul(31).wrapping_add(number)),
                clients: clients.clone(),
                book: Arc::clone(book),
            };
            let stop = Arc::clone(&stop);
            tasks.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    caller.one_call().await;
                }
            });
        }
        Callers { stop, tasks }
    }

    /// Waits for the calls that are under way.
    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.join_all().await;
    }
}

struct Caller {
    random: Rng,
    clients: [LedgerAsyncClientProxy; 2],
    book: Arc<Book>,
}

impl Caller {
    async fn one_call(&mut self) {
        let kind = self.random.u8(..10);
        let entry = self.entry(kind == 0);
        let timeout = Duration::from_millis(self.random.u64(1..1_000));
        let started = Instant::now();
        let (call, book) = (entry.call, Arc::clone(&self.book));
        match self.end_of(kind, entry, timeout).await {
            // The callback notes the end.
            None => {}
            Some(end) => book.end(call, end),
        }
        let late = started.elapsed().saturating_sub(timeout);
        assert!(
            late < SLACK,
            "call {call} ended {late:?} after its deadline"
        );
    }

    /// A request that no other call sends: mostly small, now and then several frames.
    fn entry(&mut self, may_run_again: bool) -> Entry {
        let size = match self.random.u8(..16) {
            0 => self.random.usize(10_000..100_000),
            _ => self.random.usize(..100),
        };
        let pause_ms = match self.random.u8(..4) {
            0 => self.random.u32(1..20),
            _ => 0,
        };
        Entry {
            call: self.book.open(may_run_again),
            count: self.random.u32(..20),
            pause_ms,
            data: vec![self.random.u8(..); size].into(),
        }
    }

    /// Makes a call and sees to its end.
    async fn end_of(&mut self, kind: u8, entry: Entry, timeout: Duration) -> Option<End> {
        let client = &self.clients[self.random.usize(..2)];
        Some(match kind {
            0 => unary(client.again(entry.clone()), entry, timeout).await,
            1..4 => unary(client.once(entry.clone()), entry, timeout).await,
            4 => {
                let patience = Duration::from_micros(self.random.u64(..20_000));
                let call = unary(client.once(entry.clone()), entry, timeout);
                let end = tokio::time::timeout(patience, call).await;
                end.unwrap_or(End::Dropped)
            }
            5 => {
                let cancelled = self.random.bool();
                self.started(
                    client.once(entry.clone()).timeout(timeout),
                    entry.call,
                    cancelled,
                )
                .await;
                return None;
            }
            6 | 7 => {
                let patience = self.random.u32(..40);
                end(list(client, entry, timeout, patience).await)
            }
            8 => end(add(client, entry, timeout).await.map(|()| End::Well)),
            _ => end(talk(client, entry, timeout).await.map(|()| End::Well)),
        })
    }

    /// A call with a callback, which notes its end.
    async fn started(&self, call: Call<Entry>, number: u64, cancelled: bool) {
        let future = call.start();
        let book = Arc::clone(&self.book);
        let (noted, done) = tokio::sync::oneshot::channel();
        future.on_complete(move |outcome| {
            let end = outcome.as_ref().map_or_else(End::from, |_| End::Well);
            book.end(number, end);
            noted.send(()).expect("the caller waits");
        });
        if cancelled {
            tokio::task::yield_now().await;
            future.cancel();
        }
        done.await.expect("the callback runs");
    }
}

fn end(outcome: Result<End, Status>) -> End {
    outcome.unwrap_or_else(|status| End::from(&status))
}

async fn unary(call: Call<Entry>, sent: Entry, timeout: Duration) -> End {
    end(call.timeout(timeout).await.map(|reply| {
        assert!(reply == sent, "the reply of another call");
        End::Well
    }))
}

/// Reads a stream to its end, or as far as the reader's `patience` goes.
async fn list(
    client: &LedgerAsyncClientProxy,
    entry: Entry,
    timeout: Duration,
    patience: u32,
) -> Result<End, Status> {
    let mut replies = client.list(entry.clone()).timeout(timeout).await?;
    for count in 0..entry.count {
        if count == patience {
            return Ok(End::Dropped);
        }
        let reply = replies.message().await?.expect("there are more");
        assert!(reply.call == entry.call && reply.count == count);
    }
    assert_eq!(replies.message().await?, None);
    Ok(End::Well)
}

/// An entry, then others of the same call without data, whose counts are 1.
fn upload(entry: &Entry) -> impl Iterator<Item = Entry> + Send + 'static {
    let further = Entry {
        call: entry.call,
        count: 1,
        ..Entry::default()
    };
    let count = entry.count as usize;
    std::iter::once(entry.clone()).chain(std::iter::repeat_n(further, count))
}

async fn add(
    client: &LedgerAsyncClientProxy,
    entry: Entry,
    timeout: Duration,
) -> Result<(), Status> {
    let requests = tokio_stream::iter(upload(&entry));
    let sum = client.add(requests).timeout(timeout).await?;
    assert!(sum.call == entry.call && sum.count == 2 * entry.count);
    Ok(())
}

async fn talk(
    client: &LedgerAsyncClientProxy,
    entry: Entry,
    timeout: Duration,
) -> Result<(), Status> {
    let requests = tokio_stream::iter(upload(&entry));
    let mut replies = client.talk(requests).timeout(timeout).await?;
    for expected in upload(&entry) {
        let reply = replies.message().await?.expect("there are more");
        assert!(reply == expected, "the reply of another call");
    }
    assert_eq!(replies.message().await?, None);
    Ok(())
}
