//! Several calls that are sent together.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context as Poller, Poll};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use rpc_wire::Status;
use tokio::runtime::Handle;

use super::blocking;
use super::call::Call;
use crate::connection::any::together;

/// Several calls that are sent together, with a result for each.
///
/// The calls are of one method or of several, through one proxy or several; those of one connection
/// leave in as few writes as they fit into, and with JSON-RPC as one message. Nothing is sent before the batch is awaited or waited
/// for. Each call keeps its own options and its own deadline, and one that fails harms no other.
///
/// [`all`](Self::all) gives all results at the end, in the order of the calls; [`each`](Self::each)
/// gives each as soon as its call ends. [`wait`](Self::wait) and [`wait_each`](Self::wait_each) are
/// the same for code that is not async.
///
/// # Cancel safety
///
/// Dropping a batch that was polled, or its results, cancels the calls that have not ended.
///
/// ```
/// use rpc_runtime::{Batch, Call, Status};
///
/// async fn sum(calls: impl Iterator<Item = Call<u64>>) -> Result<u64, Status> {
///     calls.collect::<Batch<u64>>().all().await.into_iter().sum()
/// }
/// ```
#[must_use = "a batch is sent when it is awaited or waited for"]
pub struct Batch<T> {
    calls: FuturesUnordered<Numbered<T>>,
    /// The runtimes that have to move the calls' bytes.
    runtimes: Vec<Handle>,
}

/// A call and its place in the batch.
struct Numbered<T> {
    place: usize,
    call: Member<T>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "most are the large one, and each is in a place of its own"
)]
enum Member<T> {
    Call(Call<T>),
    Mapped(Pin<Box<dyn Future<Output = Result<T, Status>> + Send>>),
}

impl<T> Batch<T> {
    /// A batch without calls.
    pub fn new() -> Self {
        Batch {
            calls: FuturesUnordered::new(),
            runtimes: Vec::new(),
        }
    }

    /// Adds a call.
    pub fn push(&mut self, call: Call<T>) {
        self.note_runtime(call.runtime());
        self.add(Member::Call(call));
    }

    /// Adds a call of a method with another reply, which `reply` turns into what the batch gives.
    ///
    /// ```
    /// use rpc_runtime::{Batch, Call};
    ///
    /// enum Reply {
    ///     Name(String),
    ///     Age(u32),
    /// }
    ///
    /// fn person(name: Call<String>, age: Call<u32>) -> Batch<Reply> {
    ///     let mut batch = Batch::new();
    ///     batch.push_map(name, Reply::Name);
    ///     batch.push_map(age, Reply::Age);
    ///     batch
    /// }
    /// ```
    pub fn push_map<U, F>(&mut self, call: Call<U>, reply: F)
    where
        F: FnOnce(U) -> T + Send + 'static,
        U: Send + 'static,
    {
        self.note_runtime(call.runtime());
        self.add(Member::Mapped(Box::pin(
            async move { call.await.map(reply) },
        )));
    }

    fn add(&mut self, call: Member<T>) {
        let place = self.calls.len();
        self.calls.push(Numbered { place, call });
    }

    fn note_runtime(&mut self, runtime: &Handle) {
        if self.runtimes.iter().all(|known| known.id() != runtime.id()) {
            self.runtimes.push(runtime.clone());
        }
    }

    /// How many calls there are.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there are no calls.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Sends the calls and gives all results, in the order in which the calls were added.
    pub async fn all(self) -> Vec<Result<T, Status>> {
        let mut results = Vec::new();
        results.resize_with(self.len(), || None);
        let mut each = self.each();
        while let Some((place, result)) = each.next().await {
            results[place] = Some(result);
        }
        // Every place has been filled: each call ends once.
        results.into_iter().flatten().collect()
    }

    /// The results as the calls end, each with the place of its call in the batch. The calls are
    /// sent when the first is asked for.
    pub fn each(self) -> BatchResults<T> {
        BatchResults {
            calls: self.calls,
            sent: false,
            early: VecDeque::new(),
        }
    }

    /// Sends the calls and waits for all results on this thread; see [`Call::wait`].
    ///
    /// # Errors
    ///
    /// FAILED_PRECONDITION in place of all results, if some call could never end. Nothing was sent then.
    pub fn wait(self) -> Result<Vec<Result<T, Status>>, Status> {
        self.can_wait()?;
        Ok(blocking::wait(self.all()))
    }

    /// The results as the calls end, for which this thread waits; see [`Call::wait`]. The calls are
    /// sent when the first is asked for.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_each(self) -> Result<blocking::BatchResults<T>, Status> {
        self.can_wait()?;
        Ok(blocking::BatchResults::from(self.each()))
    }

    fn can_wait(&self) -> Result<(), Status> {
        let mut never = self.runtimes.iter().filter_map(blocking::would_deadlock);
        never.next().map_or(Ok(()), Err)
    }
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Extend<Call<T>> for Batch<T> {
    fn extend<I: IntoIterator<Item = Call<T>>>(&mut self, calls: I) {
        for call in calls {
            self.push(call);
        }
    }
}

impl<T> FromIterator<Call<T>> for Batch<T> {
    fn from_iter<I: IntoIterator<Item = Call<T>>>(calls: I) -> Self {
        let mut batch = Batch::new();
        batch.extend(calls);
        batch
    }
}

impl<T> fmt::Debug for Batch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("calls", &self.calls.len())
            .finish_non_exhaustive()
    }
}

impl<T> Future for Numbered<T> {
    type Output = (usize, Result<T, Status>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Self::Output> {
        let place = self.place;
        let result = match &mut self.call {
            Member::Call(call) => Pin::new(call).poll(cx),
            Member::Mapped(call) => call.as_mut().poll(cx),
        };
        result.map(|result| (place, result))
    }
}

/// The results of a [`Batch`], as its calls end: a stream of the calls' places and their results.
#[must_use = "a batch is sent when the first result is asked for"]
pub struct BatchResults<T> {
    calls: FuturesUnordered<Numbered<T>>,
    /// All calls have been polled once.
    sent: bool,
    /// Those that ended while others were still being sent.
    early: VecDeque<(usize, Result<T, Status>)>,
}

// Results are moved out, never pinned.
impl<T> Unpin for BatchResults<T> {}

impl<T> BatchResults<T> {
    /// The next call that ended and its result; `None` after all of them. Cancel safe.
    pub async fn next(&mut self) -> Option<(usize, Result<T, Status>)> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T> Stream for BatchResults<T> {
    type Item = (usize, Result<T, Status>);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if !this.sent {
            this.sent = true;
            together(|| {
                while let Poll::Ready(Some(ended)) = Pin::new(&mut this.calls).poll_next(cx) {
                    this.early.push_back(ended);
                }
            });
        }
        match this.early.pop_front() {
            Some(ended) => Poll::Ready(Some(ended)),
            None => Pin::new(&mut this.calls).poll_next(cx),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.calls.len() + self.early.len();
        (left, Some(left))
    }
}

impl<T> fmt::Debug for BatchResults<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchResults")
            .field("left", &self.size_hint().0)
            .finish_non_exhaustive()
    }
}
