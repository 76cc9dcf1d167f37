//! What a handler knows about its call.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rpc_wire::{Code, Metadata, MetadataValue, MethodDescriptor};

use super::amended::{Amended, Checks};
use super::end::{CallEnd, Ended};
use super::scope::{self, Scoped};
use super::start::Start;
use crate::transport::PeerIdentity;

/// What a handler knows about its call: deadline, metadata, method and peer.
///
/// Cloning is cheap; a clone may outlive the call.
///
/// Calls that a handler makes inherit its deadline and its end: the context is current while the handler is
/// polled. A task made by `tokio::spawn` loses it; [`scope`](Self::scope) takes it along.
///
/// ```
/// use rpc_runtime::Context;
///
/// // In a test, a handler can be called with a context of its own.
/// let cx = Context::new();
/// assert!(cx.deadline().is_none());
/// ```
#[derive(Clone, Default)]
pub struct Context {
    state: Arc<CallState>,
}

#[derive(Default)]
pub(crate) struct CallState {
    pub(crate) method: Option<&'static MethodDescriptor>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) metadata: Metadata,
    pub(crate) attempt: u32,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) identity: Option<Arc<PeerIdentity>>,
    pub(crate) reply_metadata: Mutex<ReplyMetadata>,
    pub(crate) end: CallEnd,
    /// The request arrived compressed.
    pub(crate) compressed: bool,
    /// Replies are not to be compressed.
    pub(crate) plain_replies: AtomicBool,
    pub(crate) start: Start,
    /// What interceptors made of the call, if there are any.
    pub(crate) amended: OnceLock<Box<Amended>>,
}

/// What a handler sends along with its reply.
#[derive(Debug, Default)]
pub(crate) struct ReplyMetadata {
    /// Ahead of it.
    leading: Metadata,
    /// Behind it, if there is any.
    trailing: Option<Box<Metadata>>,
}

impl Context {
    /// A context without deadline, metadata, method and peer, for tests of handlers.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn from_state(state: Arc<CallState>) -> Self {
        Context { state }
    }

    pub(crate) fn into_state(self) -> Arc<CallState> {
        self.state
    }

    /// The context of the handler that is running, if one is.
    pub fn current() -> Option<Context> {
        scope::current()
    }

    /// When the caller stops waiting; `None` if it waits for ever.
    pub fn deadline(&self) -> Option<Instant> {
        self.state.deadline
    }

    /// The time until the deadline, zero once it has passed; `None` if there is none.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline()
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// What the caller sent along, as interceptors left it.
    pub fn metadata(&self) -> &Metadata {
        match self.state.amended.get() {
            Some(amended) => &amended.metadata,
            None => &self.state.metadata,
        }
    }

    /// What an interceptor has learned about the call, by its type: the caller that it authenticated,
    /// for instance.
    ///
    /// ```
    /// use rpc_runtime::Context;
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct User(&'static str);
    ///
    /// // In a test, a handler can be given one.
    /// let cx = Context::new().with_extension(User("ann"));
    /// assert_eq!(cx.extension::<User>(), Some(&User("ann")));
    /// ```
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.state.amended.get()?.extensions.get()
    }

    /// The same context with an extension more, for tests of handlers.
    ///
    /// # Panics
    ///
    /// If there is a clone of the context.
    #[must_use]
    pub fn with_extension<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        let state = Arc::get_mut(&mut self.state).expect("the context has no clone");
        let mut amended = state.amended.take().unwrap_or_else(|| {
            Box::new(Amended {
                metadata: std::mem::take(&mut state.metadata),
                ..Amended::default()
            })
        });
        amended.extensions.insert(value);
        state.amended = OnceLock::from(amended);
        self
    }

    /// Notes what interceptors made of the call. Where they start its handler twice, the first time
    /// counts.
    pub(crate) fn amend(&self, amended: Amended) {
        self.state.amended.get_or_init(|| Box::new(amended));
    }

    /// What is to be asked about each request.
    pub(crate) fn checks(&self) -> Option<&Checks> {
        let amended = self.state.amended.get()?;
        (!amended.checks.is_empty()).then_some(&amended.checks)
    }

    /// The method that was called.
    pub fn method(&self) -> Option<&'static MethodDescriptor> {
        self.state.method
    }

    /// Whether the request arrived compressed. Where there is a stream of them, each may or may not:
    /// [`Streaming::was_compressed`](crate::Streaming::was_compressed).
    pub fn request_was_compressed(&self) -> bool {
        self.state.compressed
    }

    /// How often the caller sent the call before: 0 unless it is a retry.
    pub fn attempt(&self) -> u32 {
        self.state.attempt
    }

    /// The caller's address, if the transport has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.state.peer
    }

    /// Who the caller has proved to be by its TLS certificate, or by its process at the other end
    /// of a Unix socket; `None` if the transport knows no more than an address.
    pub fn peer_identity(&self) -> Option<&PeerIdentity> {
        self.state.identity.as_deref()
    }

    /// Sends `metadata` along with the reply, in place of what was set before. An error carries
    /// its own, see `Status::with_metadata`.
    pub fn set_reply_metadata(&self, metadata: Metadata) {
        self.reply_metadata().leading = metadata;
    }

    /// Sends `metadata` behind the reply, in place of what was set before, for clients that tell it from
    /// what comes ahead: those of gRPC. Others get both together. An error carries its own, see
    /// `Status::with_metadata`.
    pub fn set_reply_trailers(&self, metadata: Metadata) {
        let trailing = (!metadata.is_empty()).then(|| Box::new(metadata));
        self.reply_metadata().trailing = trailing;
    }

    /// What goes ahead of the replies.
    pub(crate) fn take_reply_headers(&self) -> Metadata {
        std::mem::take(&mut self.reply_metadata().leading)
    }

    /// What was not taken yet.
    pub(crate) fn take_reply_metadata(&self) -> Metadata {
        let ReplyMetadata { leading, trailing } = std::mem::take(&mut *self.reply_metadata());
        match trailing {
            Some(trailing) => joined(leading, &trailing),
            None => leading,
        }
    }

    fn reply_metadata(&self) -> MutexGuard<'_, ReplyMetadata> {
        let metadata = self.state.reply_metadata.lock();
        metadata.unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets whether what is answered from now on may be compressed; it may unless set. A reply that
    /// shows a secret beside text of an attacker's should not: its length would tell.
    #[cfg(feature = "compression")]
    pub fn set_reply_compression(&self, allowed: bool) {
        self.state.plain_replies.store(!allowed, Ordering::Relaxed);
    }

    pub(crate) fn may_compress(&self) -> bool {
        !self.state.plain_replies.load(Ordering::Relaxed)
    }

    /// Whether a handler is started, for those who decide it.
    pub(crate) fn handler_start(&self) -> &Start {
        &self.state.start
    }

    /// Waits until the call has ended, and tells how: `Ok` when the handler gave its answer,
    /// otherwise why nobody waits for one any more, such as `Cancelled` or `DeadlineExceeded`.
    ///
    /// A handler itself need not ask, because it is dropped when its call is cancelled. This is for
    /// what goes on beside it. Cancel safe.
    ///
    /// ```
    /// # use rpc_runtime::{Code, Context};
    /// # async fn work() {}
    /// # fn example(cx: Context) {
    /// tokio::spawn(async move {
    ///     tokio::select! {
    ///         code = cx.cancelled() => println!("not needed any more: {code}"),
    ///         () = work() => {}
    ///     }
    /// });
    /// # }
    /// ```
    pub async fn cancelled(&self) -> Code {
        Ended::new(self.clone()).await
    }

    /// The call has ended; the first reason counts.
    pub(crate) fn end(&self, code: Code) {
        self.state.end.end(code);
    }

    /// The call has ended, which only those learn who hold a clone of the context.
    pub(crate) fn end_for_others(&self, code: Code) {
        if Arc::strong_count(&self.state) > 1 {
            self.end(code);
        }
    }

    /// How the call has ended, if it has.
    pub(crate) fn ended(&self) -> Option<Code> {
        self.state.end.code()
    }

    pub(super) fn call_end(&self) -> &CallEnd {
        &self.state.end
    }

    /// Runs `future` with this context current, so that the calls it makes inherit the deadline,
    /// and end when the call ends otherwise than well.
    ///
    /// ```
    /// # use rpc_runtime::Context;
    /// # async fn example(cx: Context) {
    /// tokio::spawn(cx.clone().scope(async move {
    ///     assert!(Context::current().is_some());
    /// }));
    /// # }
    /// ```
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        Scoped::new(self, future)
    }
}

/// Both metadata, one behind the other.
pub(crate) fn joined(mut metadata: Metadata, more: &Metadata) -> Metadata {
    for (key, value) in more.iter() {
        let appended = match value {
            MetadataValue::Ascii(text) => metadata.append(key, text),
            MetadataValue::Binary(bytes) => metadata.append_bin(key, bytes.to_vec()),
        };
        debug_assert!(appended.is_ok(), "it was accepted before");
    }
    metadata
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("method", &self.method().map(MethodDescriptor::path))
            .field("remaining", &self.remaining())
            .field("metadata", self.metadata())
            .field("peer", &self.peer())
            .finish_non_exhaustive()
    }
}
