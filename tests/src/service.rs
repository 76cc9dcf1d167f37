//! A service that does what a test asks of it.

use std::collections::{HashMap, HashSet};
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use futures_core::Stream;
use rpc_runtime::{Code, Context, Metadata, MetadataValue, MethodDescriptor, Status, rpc_service};
use tokio::sync::watch;

use crate::probe::panics::When;
use crate::probe::{Failure, Panics, Payload, Probe, Seen, Size};

/// The text of every panic of a handler, which no client may ever see.
pub const SECRET: &str = "the password is swordfish";

/// The implementation of `Probe`, and the test's handle to it: clones share everything.
#[derive(Clone, Default)]
pub struct TestProbe {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    counts: watch::Sender<Counts>,
    gate: watch::Sender<Gate>,
}

/// What became of the handlers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Handlers that were polled at least once.
    pub started: usize,
    /// Those of them that came to their end.
    pub finished: usize,
    /// Those of them that were dropped before their end, or panicked.
    pub dropped: usize,
}

impl Counts {
    /// Handlers that have neither ended nor been dropped.
    pub fn running(&self) -> usize {
        self.started - self.finished - self.dropped
    }
}

/// Which calls of `Hold` may go on.
#[derive(Default)]
struct Gate {
    all: bool,
    released: HashSet<Bytes>,
}

impl TestProbe {
    /// A service that no call has reached.
    pub fn new() -> Self {
        Self::default()
    }

    /// What became of the handlers so far.
    pub fn counts(&self) -> Counts {
        *self.state.counts.borrow()
    }

    /// Waits until the counts are as `wanted`.
    pub async fn until(&self, wanted: impl FnMut(&Counts) -> bool) -> Counts {
        let mut wanted = wanted;
        let mut counts = self.state.counts.subscribe();
        let reached = counts.wait_for(|counts| wanted(counts)).await;
        *reached.expect("the probe holds the sender")
    }

    /// Waits until exactly `running` handlers run.
    pub async fn until_running(&self, running: usize) -> Counts {
        self.until(|counts| counts.running() == running).await
    }

    /// Lets the calls of `Hold` with this data go on, those to come as well.
    pub fn release(&self, data: impl Into<Bytes>) {
        self.state.gate.send_modify(|gate| {
            gate.released.insert(data.into());
        });
    }

    /// Lets every call of `Hold` go on, those to come as well.
    pub fn release_all(&self) {
        self.state.gate.send_modify(|gate| gate.all = true);
    }

    async fn released(&self, data: &Bytes) {
        let mut gate = self.state.gate.subscribe();
        let opened = gate
            .wait_for(|gate| gate.all || gate.released.contains(data))
            .await;
        opened.expect("the probe holds the sender");
    }

    /// Notes that a handler runs, until the guard says how it ended.
    fn enter(&self) -> Running {
        self.state.counts.send_modify(|counts| counts.started += 1);
        Running {
            state: self.state.clone(),
            finished: false,
        }
    }
}

/// A handler that runs.
struct Running {
    state: Arc<State>,
    finished: bool,
}

impl Running {
    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.state.counts.send_modify(|counts| {
            if self.finished {
                counts.finished += 1
            } else {
                counts.dropped += 1
            }
        });
    }
}

#[rpc_service]
impl Probe for TestProbe {
    async fn echo(&self, cx: Context, request: Payload) -> Result<Payload, Status> {
        let running = self.enter();
        cx.set_reply_metadata(cx.metadata().clone());
        running.finish();
        Ok(request)
    }

    async fn hold(&self, cx: Context, request: Payload) -> Result<Payload, Status> {
        let running = self.enter();
        self.released(&request.data).await;
        cx.set_reply_metadata(cx.metadata().clone());
        running.finish();
        Ok(request)
    }

    async fn fail(&self, cx: Context, request: Failure) -> Result<(), Status> {
        self.enter().finish();
        let status = Status::new(Code::from_value(request.code), request.message);
        Err(status
            .with_details(request.details)
            .with_metadata(cx.metadata().clone()))
    }

    async fn inspect(&self, cx: Context, (): ()) -> Result<Seen, Status> {
        self.enter().finish();
        Ok(seen(&cx))
    }

    async fn produce(&self, _: Context, request: Size) -> Result<Payload, Status> {
        self.enter().finish();
        Ok(Payload {
            data: vec![b'p'; request.bytes as usize].into(),
        })
    }

    fn panic(
        &self,
        _: Context,
        request: Panics,
    ) -> impl Future<Output = Result<(), Status>> + Send {
        let running = self.enter();
        let when = request.when();
        let bomb = matches!(when, When::Dropped | When::DroppedLater | When::Cancelled);
        let bomb = bomb.then_some(Bomb);
        let mut polled = false;
        // Not an async block, which would drop what it holds when it ends, not when it is dropped.
        poll_fn(move |cx| {
            let (_running, _bomb) = (&running, &bomb);
            let first = !std::mem::replace(&mut polled, true);
            match when {
                When::Cancelled => Poll::Pending,
                When::Later | When::DroppedLater if first => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                When::AtOnce | When::Later => panic!("{SECRET}"),
                When::Dropped | When::DroppedLater => Poll::Ready(Ok(())),
            }
        })
    }

    async fn subscribe(
        &self,
        _: Context,
        request: Size,
    ) -> Result<impl Stream<Item = Result<Payload, Status>> + Send + 'static, Status> {
        self.enter().finish();
        let numbers = (0..request.bytes).map(|number| {
            let data = Bytes::copy_from_slice(&number.to_be_bytes());
            Ok(Payload { data })
        });
        Ok(tokio_stream::iter(numbers))
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{SECRET}");
        }
    }
}

fn seen(cx: &Context) -> Seen {
    let remaining = cx.remaining().map_or(0, |remaining| remaining.as_micros());
    Seen {
        remaining_us: u64::try_from(remaining).unwrap_or(u64::MAX),
        metadata: texts(cx.metadata()),
        peer: cx.peer().map(|peer| peer.to_string()).unwrap_or_default(),
        method: cx
            .method()
            .map(MethodDescriptor::path)
            .unwrap_or_default()
            .to_owned(),
    }
}

fn texts(metadata: &Metadata) -> HashMap<String, String> {
    let text = |(key, value): (&str, MetadataValue<'_>)| match value {
        MetadataValue::Ascii(text) => (key.to_owned(), text.to_owned()),
        MetadataValue::Binary(bytes) => (key.to_owned(), bytes.escape_ascii().to_string()),
    };
    metadata.iter().map(text).collect()
}
