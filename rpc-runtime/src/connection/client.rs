//! A connection to a server, shared by its callers.

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use rpc_wire::session::{
    ClientConfig, ClientSession, ClientSink, EncodedRef, Outcome, OutgoingRequest, StartError,
};
use rpc_wire::{Metadata, MethodKind, Stage, Status};
use tokio::sync::{oneshot, watch};

use super::client_streams::StreamSlot;
use super::keeper::Keeper;
use super::sync::{Mutex, MutexGuard};
use crate::compression::Compression;

/// What a caller finds in its stream's place.
#[derive(Debug)]
pub(super) enum Slot {
    /// Nothing yet; wake the caller.
    Waiting(Waker),
    /// How the call ended; the caller was woken.
    Done(Outcome),
    /// A call with a stream.
    Stream(Box<StreamSlot>),
}

/// What a connection's callers and its driver share. The lock is held for short steps without
/// user code: no waker is cloned, woken or dropped under it.
pub(super) struct Shared {
    pub(super) session: ClientSession<Slot>,
    /// Places for calls that are kept for callers on their way.
    pub(super) kept: usize,
    /// Calls that were started in such a place.
    pub(super) kept_starts: u64,
    /// Somebody looked for a place and found none.
    pub(super) wanted: bool,
    /// Set while the driver sleeps.
    pub(super) driver: Option<Waker>,
    /// Why there is no connection any more.
    pub(super) closed: Option<Status>,
    /// No channel uses the connection any more.
    pub(super) abandoned: bool,
    /// Why the driver has to end the connection at once, if it has to.
    pub(super) cut: Option<Status>,
    /// Who waits for a sign of life from the server.
    pub(super) checks: Vec<oneshot::Sender<()>>,
}

/// A connection to a server.
pub(crate) struct ClientConnection {
    shared: Mutex<Shared>,
    address: Arc<str>,
    pub(super) keeper: Arc<dyn Keeper>,
    /// True once the server's SETTINGS are here.
    established: watch::Sender<bool>,
    /// What both sides agreed on; set with the server's SETTINGS.
    pub(super) compression: OnceLock<Option<Compression>>,
    pub(super) max_reply_size: u64,
    pub(super) max_compression_ratio: u32,
}

/// What became of an attempt to start a call.
#[derive(Debug)]
pub(crate) enum Started {
    /// The request is on its way on this stream.
    Open(u32),
    /// There is no place for it now.
    Full,
    /// This connection takes no more calls; another one does.
    Elsewhere,
    /// The server would refuse it.
    Failed(Status),
}

impl ClientConnection {
    pub(crate) fn new(
        address: Arc<str>,
        config: ClientConfig,
        max_compression_ratio: u32,
        keeper: Arc<dyn Keeper>,
    ) -> Arc<Self> {
        Arc::new(ClientConnection {
            max_reply_size: config.max_message_size,
            max_compression_ratio,
            compression: OnceLock::new(),
            shared: Mutex::new(Shared {
                session: ClientSession::new(config),
                kept: 0,
                kept_starts: 0,
                wanted: false,
                driver: None,
                closed: None,
                abandoned: false,
                cut: None,
                checks: Vec::new(),
            }),
            address,
            keeper,
            established: watch::Sender::new(false),
        })
    }

    /// Whether new calls may be started here.
    pub(crate) fn accepts(&self) -> bool {
        self.lock().takes_calls()
    }

    /// Waits for the server's SETTINGS.
    ///
    /// # Errors
    ///
    /// Why the connection ended instead.
    pub(crate) async fn established(&self) -> Result<(), Status> {
        let mut established = self.established.subscribe();
        // An error would mean that the sender is gone, and it is here.
        let _ = established.wait_for(|done| *done).await;
        match &self.lock().closed {
            Some(reason) => Err(reason
                .clone()
                .with_stage(Stage::Connect)
                .with_may_have_run(false)),
            None => Ok(()),
        }
    }

    pub(super) fn set_established(&self) {
        self.established.send_replace(true);
    }

    /// Starts a call: in the place that was kept for it, or in a free one.
    pub(crate) fn start(
        &self,
        now: Instant,
        request: &OutgoingRequest<'_>,
        in_kept_place: bool,
        cx: &Context<'_>,
    ) -> Started {
        let waker = cx.waker().clone();
        let mut shared = self.lock();
        let (started, unused) = shared.start(now, request, in_kept_place, waker);
        let opened = matches!(started, Started::Open(_));
        let driver = if opened { shared.driver.take() } else { None };
        // Another caller may have the place that was kept for this one.
        let freed = in_kept_place && !opened && shared.take_wanted();
        drop(shared);
        drop(unused);
        wake_all(driver);
        self.tell_freed(freed);
        started
    }

    /// Looks for the end of a call that was started here.
    pub(crate) fn poll_reply(&self, id: u32, cx: &Context<'_>) -> Poll<Outcome> {
        let mut fresh = None;
        loop {
            let mut shared = self.lock();
            match shared.session.slot_mut(id) {
                Some(Slot::Waiting(waker)) if waker.will_wake(cx.waker()) => return Poll::Pending,
                Some(Slot::Waiting(waker)) => match fresh.take() {
                    Some(fresh) => {
                        let stale = std::mem::replace(waker, fresh);
                        drop(shared);
                        drop(stale);
                        return Poll::Pending;
                    }
                    None => {
                        drop(shared);
                        fresh = Some(cx.waker().clone());
                    }
                },
                Some(Slot::Done(_) | Slot::Stream(_)) | None => {
                    let slot = shared.session.release(id);
                    drop(shared);
                    return Poll::Ready(match slot {
                        Some(Slot::Done(outcome)) => outcome,
                        _ => Outcome::Failed(Status::internal("the call was polled after its end")),
                    });
                }
            }
        }
    }

    /// A caller lost interest in a call that was started here.
    pub(crate) fn cancel(&self, id: u32) {
        let mut shared = self.lock();
        let slot = shared.session.release(id);
        let driver = if shared.session.has_output() {
            shared.driver.take()
        } else {
            None
        };
        let freed = shared.take_wanted();
        drop(shared);
        drop(slot);
        wake_all(driver);
        self.tell_freed(freed);
    }

    /// Closes the connection once its last call has ended: no channel uses it any more.
    pub(crate) fn abandon(&self) {
        let mut shared = self.lock();
        shared.abandoned = true;
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
    }

    /// Ends every call: there is no connection any more. `written` bytes had left.
    pub(super) fn lost(&self, written: u64, reason: Status) {
        let mut ended = EndedCalls::default();
        let mut shared = self.lock();
        if shared.closed.is_none() {
            shared.session.lost(written, &reason, &mut ended);
            shared.closed = Some(reason);
        }
        let checks = std::mem::take(&mut shared.checks);
        drop(shared);
        drop(checks);
        ended.wake();
        self.set_established();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ClientConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConnection")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Starts a call; gives back the waker if it is not needed.
    fn start(
        &mut self,
        now: Instant,
        request: &OutgoingRequest<'_>,
        in_kept_place: bool,
        waker: Waker,
    ) -> (Started, Option<Waker>) {
        if in_kept_place {
            self.kept -= 1;
        } else if self.session.capacity() <= self.kept && self.takes_calls() {
            return (Started::Full, Some(waker));
        }
        if self.closed.is_some() {
            return (Started::Elsewhere, Some(waker));
        }
        let slot = Slot::new(request.kind, waker);
        match self.session.start(now, request, slot) {
            Ok(id) => {
                self.kept_starts += u64::from(in_kept_place);
                (Started::Open(id), None)
            }
            Err((error, slot)) => {
                let started = match error {
                    StartError::Draining => Started::Elsewhere,
                    StartError::AtCapacity => Started::Full,
                    StartError::OverLimit(status) => Started::Failed(status),
                };
                (started, slot.into_waker())
            }
        }
    }

    /// Whether new calls may be started here.
    pub(super) fn takes_calls(&self) -> bool {
        self.closed.is_none() && !self.session.is_draining()
    }

    /// Whether calls run, or places are kept for some.
    pub(super) fn has_calls(&self) -> bool {
        self.session.open_streams() + self.kept > 0
    }
}

impl Slot {
    fn into_waker(self) -> Option<Waker> {
        match self {
            Slot::Waiting(waker) => Some(waker),
            Slot::Stream(slot) => slot.reader,
            Slot::Done(_) => None,
        }
    }

    /// Whoever waits to send on the stream.
    pub(super) fn take_writer(&mut self) -> Option<Waker> {
        match self {
            Slot::Stream(slot) => slot.writer.take(),
            _ => None,
        }
    }

    fn new(kind: MethodKind, waker: Waker) -> Self {
        match kind {
            MethodKind::Unary => Slot::Waiting(waker),
            _ => Slot::Stream(Box::new(StreamSlot {
                reader: Some(waker),
                ..StreamSlot::default()
            })),
        }
    }
}

/// The callers whose calls ended in one step, to be woken after the lock is released.
#[derive(Default)]
pub(super) struct EndedCalls {
    pub(super) wakers: Vec<Waker>,
}

impl EndedCalls {
    pub(super) fn wake(&mut self) {
        wake_all(self.wakers.drain(..));
    }
}

impl ClientSink<Slot> for EndedCalls {
    fn headers(&mut self, slot: &mut Slot, metadata: Metadata) {
        if let Slot::Stream(slot) = slot {
            slot.headers = Some(metadata);
            self.wakers.extend(slot.reader.take());
        }
    }

    fn message(&mut self, slot: &mut Slot, message: EncodedRef<'_>) {
        if let Slot::Stream(slot) = slot {
            slot.messages.push(message);
            self.wakers.extend(slot.reader.take());
        }
    }

    fn ended(&mut self, slot: &mut Slot, outcome: Outcome) {
        if let Slot::Stream(slot) = slot {
            slot.outcome = Some(outcome);
            self.wakers.extend(slot.reader.take());
            self.wakers.extend(slot.writer.take());
            return;
        }
        if let Slot::Waiting(waker) = std::mem::replace(slot, Slot::Done(outcome)) {
            self.wakers.push(waker);
        }
    }
}

pub(super) fn wake_all(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        waker.wake();
    }
}
