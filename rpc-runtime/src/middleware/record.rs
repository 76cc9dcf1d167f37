//! What is noted of a call while it runs, for those who are told of its end.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context as Poller, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rpc_wire::{Code, Metadata, MethodDescriptor, Status};

use super::{Body, Completion, Next, Request, Response, Traffic};
use crate::call::{Context, MessageSource};
use crate::unwind::contained;

type Observer = Box<dyn FnOnce(&Completion) + Send>;

/// Counts the messages of one direction.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    pub(super) fn count(&self, size: usize) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(size as u64, Ordering::Relaxed);
    }

    fn read(&self) -> Traffic {
        Traffic {
            messages: self.messages.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

/// What is noted of a call.
pub(crate) struct Record {
    method: &'static MethodDescriptor,
    begun: Instant,
    until_response: OnceLock<Duration>,
    requests: Arc<Meter>,
    replies: Arc<Meter>,
    attempts: AtomicU32,
    /// Knows, at a server, why nobody waits for the call any more.
    context: Option<Context>,
    /// Who is told of the end; `None` once it has come.
    observers: Mutex<Option<Vec<Observer>>>,
}

impl Record {
    /// The record of a call that begins now.
    pub(crate) fn new(method: &'static MethodDescriptor, context: Option<Context>) -> Arc<Self> {
        Arc::new(Record {
            method,
            begun: Instant::now(),
            until_response: OnceLock::new(),
            requests: Arc::default(),
            replies: Arc::default(),
            attempts: AtomicU32::new(0),
            context,
            observers: Mutex::new(Some(Vec::new())),
        })
    }

    pub(super) fn requests(&self) -> Arc<Meter> {
        Arc::clone(&self.requests)
    }

    /// Notes how often the call was sent, more than was known.
    pub(crate) fn add_attempts(&self, attempts: u32) {
        self.attempts.fetch_add(attempts, Ordering::Relaxed);
    }

    /// How often the call was sent, as far as is known.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Has `observer` told of the end, unless that has come.
    pub(super) fn on_end(&self, observer: Observer) {
        if let Some(observers) = &mut *self.lock() {
            observers.push(observer);
        }
    }

    /// The call has ended; the first time counts.
    pub(crate) fn end(&self, result: Result<(), Status>) {
        let Some(observers) = self.lock().take() else {
            return;
        };
        if observers.is_empty() {
            return;
        }
        let completion = Completion {
            method: self.method,
            result,
            elapsed: self.begun.elapsed(),
            until_response: self.until_response.get().copied(),
            requests: self.requests.read(),
            replies: self.replies.read(),
            attempts: self.attempts(),
        };
        for observer in observers {
            if !contained(|| observer(&completion)) {
                let method = self.method.path();
                tracing::error!(method, "an observer of the end of a call panicked");
            }
        }
    }

    /// Why the call ended that nobody waited for any more.
    fn abandoned(&self) -> Status {
        if thread::panicking() {
            return Status::internal("the handler or an interceptor panicked");
        }
        let code = self.context.as_ref().and_then(Context::ended);
        let code = code.filter(|code| *code != Code::Ok);
        let code = code.unwrap_or(Code::Cancelled);
        Status::new(code, "nobody waited for the call any more")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<Observer>>> {
        self.observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("method", &self.method.path())
            .finish_non_exhaustive()
    }
}

/// Runs a chain, and sees to it that the end of the call is noted however it comes.
pub(crate) async fn run(chain: Next, request: Request) -> Result<Response, Status> {
    let ending = Ending(Arc::clone(request.record()));
    match chain.run(request).await {
        Ok(response) => {
            let record = &ending.0;
            // Only one chain runs for a record, so nobody was first.
            let _ = record.until_response.set(record.begun.elapsed());
            Ok(response.map_body(|body| ending.watch(body)))
        }
        Err(status) => {
            ending.0.end(Err(status.clone()));
            Err(status)
        }
    }
}

/// Notes that a call was abandoned, if it is dropped before anything else was noted.
struct Ending(Arc<Record>);

impl Ending {
    fn watch(self, body: Body) -> Body {
        let body = body.metered(Arc::clone(&self.0.replies));
        Body::from_source(Watched { body, ending: self })
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end(Err(self.0.abandoned()));
    }
}

/// Notes that a call has ended where whoever makes its replies panics.
struct EndOnPanic<'a>(&'a Record);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end(Err(self.0.abandoned()));
        }
    }
}

/// The replies of a call, whose end is that of the call.
struct Watched {
    body: Body,
    ending: Ending,
}

impl MessageSource for Watched {
    fn poll_message(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let _panics = EndOnPanic(&self.ending.0);
        let only = !self.body.is_stream();
        let message = self.body.poll_message(cx);
        match &message {
            Poll::Ready(Err(status)) => self.ending.0.end(Err(status.clone())),
            Poll::Ready(Ok(None)) => self.ending.0.end(Ok(())),
            Poll::Ready(Ok(Some(_))) if only => self.ending.0.end(Ok(())),
            _ => {}
        }
        message
    }

    fn poll_headers(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Metadata, Status>> {
        self.body.poll_headers(cx)
    }

    fn trailers(&self) -> Option<Metadata> {
        self.body.trailers()
    }

    fn was_compressed(&self) -> bool {
        self.body.was_compressed()
    }

    fn give_up(&mut self, status: Status) -> Status {
        let status = self.body.give_up(status);
        self.ending.0.end(Err(status.clone()));
        status
    }
}
